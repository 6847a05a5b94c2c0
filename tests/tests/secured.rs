//! A broker that demands SASL_SSL and grants nothing: with the rights that `reeve topics acls` prints each principal can
//! do its part and the line works; without one of them it says which.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use reeve_tests::host::{free_port, wait_until};
use reeve_tests::replica::{Replica, executable};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/kafka");
const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/python");
const CLIENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/clients/python");
const SHIPPED: &str = include_str!("../../config/reeve.yaml");
const GITLEAKS: &str = include_str!("../../services/reeve/samples/gitleaks.json");
const KEY: &str = "secret:aws:access-key:AKIARZPUZDIKED7T3FJ6";
const PATIENCE: Duration = Duration::from_secs(90);

/// The broker, gone with this value, and a folder for each principal's configuration.
struct Secured {
    directory: PathBuf,
    bootstrap: String,
    folder: tempfile::TempDir,
}

impl Secured {
    fn start() -> Self {
        let owner = std::process::id().to_string();
        let printed = printed(Command::new(SCRIPT).args(["start", "--secured", "--owner", &owner]));
        let field = |name: &str| {
            let found = printed.lines().find_map(|line| line.strip_prefix(name));
            found.expect("the script prints every field").to_owned()
        };
        let secured = Self {
            directory: field("dir=").into(),
            bootstrap: field("bootstrap="),
            folder: tempfile::tempdir().expect("there is room for a folder"),
        };
        std::fs::write(secured.path("key"), "0123456789abcdef0123456789abcdef").expect("it is ours");
        for principal in ["sender", "normalizer", "dispatcher", "resolver", "operator"] {
            secured.configure(principal);
        }
        secured
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn secret(&self, name: &str) -> String {
        self.directory.join("secured").join(name).display().to_string()
    }

    /// The shipped reeve.yaml with how `principal` logs in.
    fn configure(&self, principal: &str) {
        let properties = format!(
            "properties: {{ security.protocol: SASL_SSL, sasl.mechanism: SCRAM-SHA-512, sasl.username: {principal}, ssl.ca.location: {} }},",
            self.secret("ca.pem")
        );
        let files = format!("files: {{ sasl.password: {} }}", self.secret(principal));
        let config = SHIPPED
            .replace("properties: {},", &properties)
            .replace("files: {}", &files);
        assert!(config.contains(&properties) && config.contains(&files));
        std::fs::create_dir(self.path(principal)).expect("it is ours");
        std::fs::write(self.path(principal).join("reeve.yaml"), config).expect("it is ours");
    }

    /// The binary as `principal`.
    fn reeve(&self, principal: &str) -> Command {
        let mut command = Command::new(executable());
        command
            .env_clear()
            .env("REEVE_KAFKA_BROKERS", &self.bootstrap)
            .env("REEVE_TOPIC_PREFIX", "acme.")
            .env("REEVE_TOPIC_PARTITIONS", "2")
            .env("REEVE_HMAC_KEY_FILE", self.path("key"))
            .env("REEVE_INSTANCE", principal)
            .current_dir(self.folder.path())
            .arg("-c")
            .arg(self.path(principal));
        command
    }

    /// A role run by the principal of its name.
    fn run(&self, role: &str) -> Replica {
        let port = free_port();
        let mut command = self.reeve(role);
        command
            .args(["run", "--role", role])
            .env("REEVE_METRICS_ADDR", format!("127.0.0.1:{port}"));
        Replica::start(&command, port, self.path(&format!("{role}.log")))
    }

    /// Kafka's own tool for rights, as the one who may do everything.
    fn acls(&self, arguments: &[String]) {
        let mut command = Command::new(SCRIPT);
        command
            .args([
                "tool",
                "org.apache.kafka.tools.AclCommand",
                "--bootstrap-server",
                &self.bootstrap,
            ])
            .args(["--command-config", &self.secret("admin.properties")])
            .args(arguments);
        printed(&mut command);
    }

    /// Gives every right that reeve prints; the tool takes those on several topics at once.
    fn grant_what_is_printed(&self) {
        let lines = printed(self.reeve("operator").args(["topics", "acls"]));
        assert!(lines.lines().count() > 20, "{lines}");
        let mut grouped: BTreeMap<String, String> = BTreeMap::new();
        for line in lines.lines() {
            match line.split_once(" --topic ") {
                Some((rights, topic)) => {
                    *grouped.entry(rights.to_owned()).or_default() += &format!(" --topic {topic}")
                }
                None => drop(grouped.insert(line.to_owned(), String::new())),
            }
        }
        for (rights, topics) in grouped {
            self.acls(&words(&format!("{rights}{topics}")));
        }
    }

    /// Takes one right away, and gives it back.
    fn without(&self, right: &str, check: impl FnOnce()) {
        self.acls(&words(&format!("--remove --force {right}")));
        check();
        self.acls(&words(&format!("--add {right}")));
    }
}

impl Drop for Secured {
    fn drop(&mut self) {
        let stopped = Command::new(SCRIPT)
            .arg("stop")
            .arg("--dir")
            .arg(&self.directory)
            .status();
        assert!(
            std::thread::panicking() || stopped.is_ok_and(|status| status.success()),
            "the broker was not stopped"
        );
    }
}

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

fn run(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().expect("it can be run")
}

/// What a command that ends well prints.
#[track_caller]
fn printed(command: &mut Command) -> String {
    let output = run(command);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{said}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What a command that must fail complains of.
#[track_caller]
fn complaint(command: &mut Command) -> String {
    let output = run(command);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && !said.contains("panicked"),
        "{command:?}: {said}"
    );
    said
}

fn tasks(broker: &Secured) -> String {
    printed(broker.reeve("operator").args(["tasks", "-o", "json"]))
}

#[test]
fn with_the_printed_rights_the_line_works_and_without_one_of_them_it_says_so() {
    let broker = Secured::start();
    let refused = complaint(broker.reeve("operator").args(["topics", "create"]));
    assert!(
        refused.to_lowercase().contains("authorization"),
        "nothing is granted at first: {refused}"
    );
    broker.grant_what_is_printed();
    printed(broker.reeve("operator").args(["topics", "create"]));
    printed(broker.reeve("operator").args(["topics", "verify"]));

    let mut normalizer = broker.run("normalizer");
    let mut dispatcher = broker.run("dispatcher");
    normalizer.wait_ready();
    dispatcher.wait_ready();
    std::fs::write(broker.path("a.json"), GITLEAKS).expect("it is ours");
    printed(broker.reeve("sender").args(["publish", "a.json"]));
    wait_until(PATIENCE, "three tasks", || tasks(&broker).lines().count() == 3);
    as_a_ticketing_system(&broker);
    wait_until(PATIENCE, "the ticketing system's word is applied", || {
        tasks(&broker).matches(r#""state":"acknowledged""#).count() == 3
    });
    printed(broker.reeve("operator").args(["dead-letters", "ls"]));
    normalizer.stop();
    dispatcher.stop();

    nobody_may_do_more(&broker);
    each_right_is_needed(&broker);
}

/// The Python client as `resolver`, with a group that reeve's rights name.
fn as_a_ticketing_system(broker: &Secured) {
    printed(&mut ticketing_system(broker, FOLLOW));
}

const FOLLOW: &[&str] = &["follow", "--until-idle", "12"];

fn ticketing_system(broker: &Secured, arguments: &[&str]) -> Command {
    let password = std::fs::read_to_string(broker.secret("resolver")).expect("the script wrote it");
    let login = format!(
        "security.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-512\nsasl.username=resolver\nsasl.password={}\nssl.ca.location={}\n",
        password.trim(),
        broker.secret("ca.pem")
    );
    std::fs::write(broker.path("resolver.properties"), login).expect("it is ours");
    let mut client = Command::new(PYTHON);
    client
        .arg(format!("{CLIENT}/requirements.txt"))
        .arg(format!("{CLIENT}/tickets.py"))
        .args(arguments)
        .args(["--brokers", &broker.bootstrap, "--prefix", "acme."])
        .arg("--database")
        .arg(broker.path("tickets.db"))
        .arg("--config")
        .arg(broker.path("resolver.properties"));
    client
}

fn nobody_may_do_more(broker: &Secured) {
    for principal in ["sender", "normalizer"] {
        let refused = complaint(broker.reeve(principal).args(["tasks", "ls", "-o", "json"]));
        assert!(
            refused.to_lowercase().contains("authorization"),
            "{principal}: {refused}"
        );
    }
    for command in [&["publish", "a.json"][..], &["dead-letters", "ls"]] {
        let refused = complaint(broker.reeve("resolver").args(command));
        assert!(refused.to_lowercase().contains("authorization"), "{refused}");
    }
}

/// Takes each right away in turn: a role ends, a command fails, and both say what they may not do.
fn each_right_is_needed(broker: &Secured) {
    let lines = printed(broker.reeve("operator").args(["topics", "acls"]));
    let rights: Vec<&str> = lines
        .lines()
        .filter_map(|line| line.strip_prefix("--add "))
        .collect();
    let of = |principal: &str| {
        let whose = format!("--allow-principal User:{principal} ");
        rights.iter().filter(move |right| right.starts_with(&whose))
    };
    for role in ["normalizer", "dispatcher"] {
        let count = of(role).map(|right| check_needed(broker, role, right)).count();
        assert!(count >= 5, "{role}: {count}");
    }
    let mut faults = Vec::new();
    for (principal, least) in [("sender", 1), ("resolver", 3), ("operator", 8)] {
        let found = of(principal).map(|right| missed(broker, principal, right));
        let found: Vec<Option<String>> = found.collect();
        assert!(found.len() >= least, "{principal}: {}", found.len());
        faults.extend(found.into_iter().flatten());
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What one who runs commands does with a right must fail without it, and name it: what is wrong with that.
fn missed(broker: &Secured, principal: &str, right: &str) -> Option<String> {
    let mut fault = None;
    broker.without(right, || {
        let output = run(&mut use_of(broker, principal, right));
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).to_lowercase();
        let refused = ["authorization", "not readable"]
            .iter()
            .any(|word| said.contains(word));
        let named = refused && said.contains(named(right));
        // settings that may not be read are a warning: the roles need no right to them
        let silent = output.status.success() && !said.contains("not readable");
        if silent || !named {
            fault = Some(format!("{principal} without {right}: {}: {said}", output.status));
        }
    });
    fault
}

fn use_of(broker: &Secured, principal: &str, right: &str) -> Command {
    let writes = right.contains("--operation Write");
    if principal == "resolver" {
        let tasks = tasks(broker);
        let id = tasks.split('"').find(|word| word.starts_with("t-"));
        let done = ["done", id.expect("there are tasks")];
        return ticketing_system(broker, if writes { &done } else { FOLLOW });
    }
    let arguments: &[&str] = match writes {
        true if right.ends_with("alerts.raw") => &["publish", "a.json"],
        true => &["event", "--subject", KEY, "--type", "note", "--actor", "ana"],
        false => &["topics", "verify"],
    };
    let mut command = broker.reeve(principal);
    command.args(arguments);
    command
}

fn check_needed(broker: &Secured, role: &str, right: &str) {
    broker.without(right, || {
        let mut replica = broker.run(role);
        let ended = replica.wait_end(PATIENCE);
        let said = replica.log().to_lowercase();
        assert!(
            matches!(ended.code(), Some(70 | 78)),
            "{role} without {right}: {ended}: {said}"
        );
        assert!(
            said.contains("authorization") && said.contains(named(right)),
            "{role} without {right}: {said}"
        );
    });
}

/// The word of a right that a complaint has to contain.
fn named(right: &str) -> &str {
    match right.split_once(" --topic ") {
        Some((_, topic)) => topic,
        None if right.contains("--group") => "group",
        None => "transactional",
    }
}

#[test]
fn a_wrong_password_is_told_and_not_shown() {
    let broker = Secured::start();
    let wrong = broker.path("wrong");
    std::fs::write(&wrong, "not-the-password-of-anybody").expect("it is ours");
    let config = broker.path("operator").join("reeve.yaml");
    let text = std::fs::read_to_string(&config).expect("it is ours");
    let secret = broker.secret("operator");
    std::fs::write(&config, text.replace(&secret, &wrong.display().to_string())).expect("it is ours");
    let said = complaint(broker.reeve("operator").args(["topics", "verify"]));
    assert!(said.to_lowercase().contains("authenticat"), "{said}");
    assert!(!said.contains("not-the-password-of-anybody"), "{said}");
    assert!(Path::new(&wrong).exists());
}
