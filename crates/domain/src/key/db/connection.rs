//! Connection strings: URLs with a user in them, key=value strings (libpq, ADO, ODBC, JDBC), Go's MySQL form.

use percent_encoding::percent_decode_str;

use super::host_of;
use crate::secret::Secret;

const HOST_NAMES: &[&str] = &[
    "host",
    "server",
    "datasource",
    "hostname",
    "addr",
    "address",
    "networkaddress",
    "servername",
    "hostaddr",
];
const USER_NAMES: &[&str] = &["user", "userid", "uid", "username"];
const PASSWORD_NAMES: &[&str] = &["password", "pwd", "pass", "userpassword"];
const PORT_NAMES: &[&str] = &["port", "portnumber"];

/// What a connection string says of who connects to what.
pub struct Connection {
    /// `postgres`, `https`, …, lower case; empty where the string has none.
    pub scheme: String,
    /// Host as in a key; several hosts in order, joined by `,`; empty where the string has none.
    pub host: String,
    /// The user, unescaped; may be empty.
    pub user: String,
    /// The password, unescaped; none if it is absent or empty.
    pub password: Option<Secret<String>>,
}

/// Reads a connection string; none if the text names neither a user nor a password.
pub fn parse(text: &str) -> Option<Connection> {
    if !text.bytes().any(|byte| matches!(byte, b':' | b'=' | b'@')) {
        return None;
    }
    let text = text.trim();
    let text = text.strip_prefix("jdbc:").unwrap_or(text);
    from_url(text)
        .or_else(|| from_go_dsn(text))
        .or_else(|| from_pairs(text))
}

fn from_url(text: &str) -> Option<Connection> {
    let (scheme, rest) = text.split_once("://").filter(|(scheme, _)| is_scheme(scheme))?;
    let scheme = scheme.to_ascii_lowercase();
    let Some((userinfo, after)) = split_userinfo(rest) else {
        return from_url_options(scheme, rest);
    };
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    // A URL ends where a blank stands, whatever follows.
    let ends = |character: char| "/?#;".contains(character) || character.is_whitespace();
    let hosts = after.split(ends).next().unwrap_or_default();
    Some(Connection {
        host: canonical_hosts(&scheme, hosts),
        user: unescape(user),
        password: secret(unescape(password)),
        scheme,
    })
}

/// `sqlserver://host:1433;user=…;password=…` and `postgresql://host/db?user=…&password=…`.
fn from_url_options(scheme: String, rest: &str) -> Option<Connection> {
    let authority_end = rest.find(['/', '?', '#', ';']).unwrap_or(rest.len());
    let (authority, options) = rest.split_at(authority_end);
    let pairs = pairs_of(options, &['?', '&', ';', '/']);
    let (user, password) = (named(&pairs, USER_NAMES), named(&pairs, PASSWORD_NAMES));
    if user.is_none() && password.is_none() {
        return None;
    }
    Some(Connection {
        host: canonical_hosts(&scheme, authority),
        user: user.map(unescape).unwrap_or_default(),
        password: password.map(unescape).and_then(secret),
        scheme,
    })
}

/// `user:password@tcp(host:3306)/db`.
fn from_go_dsn(text: &str) -> Option<Connection> {
    let (userinfo, after) = text.rsplit_once("@tcp(")?;
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    let (host, _) = after.split_once(')')?;
    Some(Connection {
        scheme: "mysql".to_owned(),
        host: canonical_hosts("mysql", host),
        user: user.to_owned(),
        password: secret(password.to_owned()),
    })
}

fn from_pairs(text: &str) -> Option<Connection> {
    let separators: &[char] = if text.contains(';') {
        &[';']
    } else {
        &[' ', '\t', '\n']
    };
    let pairs = pairs_of(text, separators);
    let host = named(&pairs, HOST_NAMES)?;
    let (user, password) = (named(&pairs, USER_NAMES), named(&pairs, PASSWORD_NAMES));
    if user.is_none() && password.is_none() {
        return None;
    }
    let host = host.strip_prefix("tcp:").unwrap_or(host);
    let (host, port) = host
        .split_once([',', ':'])
        .map_or((host, None), |(host, port)| (host, Some(port)));
    Some(Connection {
        scheme: String::new(),
        host: host_of("", host, port.or(named(&pairs, PORT_NAMES))),
        user: user.unwrap_or_default().to_owned(),
        password: password.map(str::to_owned).and_then(secret),
    })
}

fn pairs_of<'a>(text: &'a str, separators: &[char]) -> Vec<(String, &'a str)> {
    let pairs = text.split(separators).filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(name, value)| (option_name(name), unquote(value.trim())))
        .collect()
}

/// `User ID` and `user_id` are `userid`.
fn option_name(name: &str) -> String {
    let kept = name.chars().filter(|c| c.is_alphanumeric());
    kept.collect::<String>().to_lowercase()
}

fn unquote(value: &str) -> &str {
    for quote in ['\'', '"'] {
        if let Some(bare) = value
            .strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote))
        {
            return bare;
        }
    }
    value
}

fn named<'a>(pairs: &[(String, &'a str)], names: &[&str]) -> Option<&'a str> {
    let value = pairs
        .iter()
        .find(|(name, _)| names.contains(&name.as_str()))
        .map(|(_, value)| *value);
    value.filter(|value| !value.is_empty())
}

fn is_scheme(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'.' | b'-');
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.bytes().all(allowed)
}

/// The user part ends at the last `@` before the path; a password may itself hold a `/` that nobody escaped.
fn split_userinfo(rest: &str) -> Option<(&str, &str)> {
    let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, _) = rest.split_at(authority_end);
    if let Some(at) = authority.rfind('@') {
        return Some((&rest[..at], &rest[at + 1..]));
    }
    let (_, password_start) = authority.split_once(':')?;
    let is_port = password_start.bytes().all(|byte| byte.is_ascii_digit());
    if is_port { None } else { rest.split_once('@') }
}

fn canonical_hosts(scheme: &str, hosts: &str) -> String {
    let mut canonical: Vec<String> = hosts
        .split(',')
        .map(|host| canonical_host(scheme, host))
        .collect();
    canonical.retain(|host| !host.is_empty());
    canonical.sort_unstable();
    canonical.dedup();
    canonical.join(",")
}

fn canonical_host(scheme: &str, host: &str) -> String {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') && !is_bare_ipv6(host) => host_of(scheme, name, Some(port)),
        _ => host_of(scheme, host, None),
    }
}

fn is_bare_ipv6(host: &str) -> bool {
    !host.starts_with('[') && host.matches(':').count() > 1
}

fn unescape(text: impl AsRef<str>) -> String {
    let text = text.as_ref();
    percent_decode_str(text)
        .decode_utf8()
        .map_or_else(|_| text.to_owned(), |decoded| decoded.into_owned())
}

fn secret(text: String) -> Option<Secret<String>> {
    (!text.is_empty()).then(|| Secret::new(text))
}
