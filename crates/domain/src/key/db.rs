//! The user of a database, or of any URL with a user in it, and the connection strings that name one.

mod connection;

pub use connection::{Connection, parse};

use super::{Case, Class, Confidence, KeyError, Resolved, SubjectKey, UNKNOWN_SCOPE};

/// The ports that a scheme has of its own; they are no part of the host.
const OWN_PORTS: &[(&str, &[&str])] = &[
    ("amqp", &["5672"]),
    ("amqps", &["5671"]),
    ("cassandra", &["9042"]),
    ("clickhouse", &["8123", "9000"]),
    ("ftp", &["21"]),
    ("ftps", &["990"]),
    ("git", &["9418"]),
    ("http", &["80"]),
    ("https", &["443"]),
    ("imap", &["143"]),
    ("imaps", &["993"]),
    ("kafka", &["9092"]),
    ("ldap", &["389"]),
    ("ldaps", &["636"]),
    ("mariadb", &["3306"]),
    ("mongodb", &["27017"]),
    ("mqtt", &["1883"]),
    ("mqtts", &["8883"]),
    ("mssql", &["1433"]),
    ("mysql", &["3306"]),
    ("nats", &["4222"]),
    ("neo4j", &["7687"]),
    ("oracle", &["1521"]),
    ("postgres", &["5432"]),
    ("postgresql", &["5432"]),
    ("redis", &["6379"]),
    ("rediss", &["6379"]),
    ("sftp", &["22"]),
    ("smtp", &["25"]),
    ("smtps", &["465"]),
    ("snowflake", &["443"]),
    ("sqlserver", &["1433"]),
    ("ssh", &["22"]),
];

/// The user of a host. `host` is as [`host_of`] gives it; an unknown one is `-`. User names are case-sensitive.
///
/// # Errors
/// `Empty` without a user.
pub fn user(host: &str, user: &str) -> Result<Resolved, KeyError> {
    let host = host.trim().to_lowercase();
    let (host, confidence) = match host.as_str() {
        "" | UNKNOWN_SCOPE => (UNKNOWN_SCOPE, Confidence::Low),
        known => (known, Confidence::High),
    };
    let key = SubjectKey::of(
        Class::Identity,
        "db",
        "user",
        &[host, user.trim()],
        Case::Sensitive,
    )?;
    Ok(Resolved::new(key, &format!("{user}@{host}"), confidence).with_attribute("host", host))
}

/// Host and port as they stand in a key: lower case, the port only where it is not the scheme's own.
pub fn host_of(scheme: &str, host: &str, port: Option<&str>) -> String {
    let host = host
        .trim()
        .trim_start_matches('[')
        .trim_end_matches([']', '.'])
        .to_lowercase();
    match port
        .map(str::trim)
        .filter(|port| !port.is_empty() && !is_own_port(scheme, port))
    {
        Some(port) => format!("{host}:{port}"),
        None => host,
    }
}

/// `postgresql+psycopg2` has the ports of `postgresql`; a scheme that is not known has those of the databases
/// whose connection strings carry no scheme.
fn is_own_port(scheme: &str, port: &str) -> bool {
    let family = scheme.split('+').next().unwrap_or_default();
    match OWN_PORTS
        .iter()
        .find(|(known, _)| family.eq_ignore_ascii_case(known))
    {
        Some((_, ports)) => ports.contains(&port),
        None => family.is_empty() && ["1433", "3306", "5432"].contains(&port),
    }
}
