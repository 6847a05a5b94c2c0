//! The rights each role needs, as data and as lines for Kafka's own tool.

use std::fmt;

use reeve_log::{Topic, TopicNames};

/// Whose right it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Principal {
    /// Those who send alerts.
    Sender,
    /// The normalizer role.
    Normalizer,
    /// The dispatcher role.
    Dispatcher,
    /// Ticket systems and people's tools: they read tasks and write events.
    Resolver,
    /// Whoever runs the commands of `reeve`.
    Operator,
}

/// What the right is to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resource {
    /// A topic by its full name.
    Topic(String),
    /// A consumer group.
    Group(String),
    /// All transactional ids with this prefix.
    TransactionalIds(String),
}

/// One right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acl {
    /// Whose.
    pub principal: Principal,
    /// To what.
    pub resource: Resource,
    /// Kafka's names of the operations.
    pub operations: &'static [&'static str],
}

impl Principal {
    /// The name of the role, `User:` with it being the principal of the printed lines.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sender => "sender",
            Self::Normalizer => "normalizer",
            Self::Dispatcher => "dispatcher",
            Self::Resolver => "resolver",
            Self::Operator => "operator",
        }
    }
}

/// The line for `kafka-acls.sh`, after its `--bootstrap-server` and `--command-config`.
impl fmt::Display for Acl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "--add --allow-principal User:{}", self.principal.as_str())?;
        for operation in self.operations {
            write!(f, " --operation {operation}")?;
        }
        match &self.resource {
            Resource::Topic(name) => write!(f, " --topic {name}"),
            Resource::Group(name) => write!(f, " --group {name}"),
            Resource::TransactionalIds(prefix) => {
                write!(f, " --transactional-id {prefix} --resource-pattern-type prefixed")
            }
        }
    }
}

const READ: &[&str] = &["Read", "Describe"];
const WRITE: &[&str] = &["Write", "Describe"];
const BOTH: &[&str] = &["Read", "Write", "Describe"];
const MANAGE: &[&str] = &["Create", "Describe", "DescribeConfigs", "Read"];

/// All rights of an installation. Kafka's records name nobody, so these rights are the trust boundary.
pub fn acls(names: &TopicNames, group_prefix: &str, app: &str) -> Vec<Acl> {
    use Principal::{Dispatcher, Normalizer, Operator, Resolver, Sender};
    let topics: [(Principal, Topic, &'static [&'static str]); 12] = [
        (Sender, Topic::Alerts, WRITE),
        (Normalizer, Topic::Alerts, READ),
        (Normalizer, Topic::Findings, WRITE),
        (Normalizer, Topic::DeadLetters, WRITE),
        (Dispatcher, Topic::Findings, READ),
        (Dispatcher, Topic::TaskEvents, BOTH),
        (Dispatcher, Topic::Ledger, BOTH),
        (Dispatcher, Topic::Tasks, WRITE),
        (Dispatcher, Topic::DeadLetters, WRITE),
        (Resolver, Topic::Tasks, READ),
        (Resolver, Topic::TaskEvents, WRITE),
        (Operator, Topic::Alerts, WRITE),
    ];
    let mut acls: Vec<Acl> = topics
        .into_iter()
        .map(|(principal, topic, operations)| Acl {
            principal,
            resource: Resource::Topic(names.name(topic).to_string()),
            operations,
        })
        .collect();
    for principal in [Normalizer, Dispatcher] {
        let role = format!("{group_prefix}{app}-{}", principal.as_str());
        acls.push(acl(principal, Resource::Group(role.clone()), READ));
        acls.push(acl(
            principal,
            Resource::TransactionalIds(format!("{role}-")),
            WRITE,
        ));
    }
    // the groups under which ticket systems read
    acls.push(acl(
        Resolver,
        Resource::Group(format!("{group_prefix}tickets")),
        READ,
    ));
    acls.extend(
        Topic::ALL.map(|topic| acl(Operator, Resource::Topic(names.name(topic).to_string()), MANAGE)),
    );
    acls.push(acl(
        Operator,
        Resource::Topic(names.name(Topic::TaskEvents).to_string()),
        WRITE,
    ));
    // the commands read without a group, and ask nothing of the cluster itself
    acls
}

fn acl(principal: Principal, resource: Resource, operations: &'static [&'static str]) -> Acl {
    Acl {
        principal,
        resource,
        operations,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines() -> Vec<String> {
        let acls = acls(&TopicNames::prefixed("acme."), "acme.", "reeve");
        acls.iter().map(Acl::to_string).collect()
    }

    #[test]
    fn a_line_is_what_kafkas_tool_takes() {
        let lines = lines();
        for line in [
            "--add --allow-principal User:sender --operation Write --operation Describe --topic acme.alerts.raw",
            "--add --allow-principal User:dispatcher --operation Read --operation Describe --group acme.reeve-dispatcher",
            "--add --allow-principal User:normalizer --operation Write --operation Describe --transactional-id \
             acme.reeve-normalizer- --resource-pattern-type prefixed",
        ] {
            assert!(lines.iter().any(|l| l == line), "{line} not in {lines:#?}");
        }
    }

    #[test]
    fn nobody_but_the_dispatcher_writes_ledger_and_tasks_and_senders_read_nothing() {
        for line in lines() {
            let writes = line.contains("--operation Write");
            let guarded = line.contains("ledger") || line.contains("acme.tasks");
            assert!(!(writes && guarded) || line.contains("User:dispatcher"), "{line}");
            assert!(!(line.contains("User:sender") && line.contains("Read")), "{line}");
        }
    }
}
