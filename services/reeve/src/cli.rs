//! The command line: every command and option in one place.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use reeve_domain::event::EventType;
use reeve_domain::task::TaskState;
use reeve_domain::time::Timestamp;

/// Raw identity alerts in, accountable tasks out, closure proven.
#[derive(Parser)]
#[command(
    name = "reeve",
    version,
    about,
    arg_required_else_help = true,
    propagate_version = true
)]
pub struct Cli {
    /// Directory with configuration files; each replaces the shipped one of its name
    #[arg(short = 'c', long = "config", global = true, value_name = "DIR")]
    pub config: Option<PathBuf>,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Subcommand)]
pub enum Command {
    /// Run the services: all roles in one process, or one
    Run(RunArgs),
    /// Show the whole line on shipped samples: embedded, no network, no set-up
    Demo(DemoArgs),
    /// Raw alerts → observations as NDJSON
    Normalize(NormalizeArgs),
    /// Raw alerts, observations and events → tasks as NDJSON, without Kafka
    Triage(TriageArgs),
    /// Explain the decision behind one task, in words
    Why(WhyArgs),
    /// Check the configuration: all errors at once
    Check(CheckArgs),
    /// Run the tests inside the configuration
    Test,
    /// Write raw alerts to `alerts.raw`
    Publish(PathsArgs),
    /// Write a task event
    Event(EventArgs),
    /// List or follow the tasks of a running reeve
    Tasks(TasksArgs),
    /// Create, verify or describe the topics
    Topics(TopicsArgs),
    /// List, show or replay what was refused
    DeadLetters(DeadLettersArgs),
    /// How remediation stands, from the ledger: open, overdue, times to closure
    Report(ReportArgs),
    /// What another policy would make of the open tasks; changes nothing
    WhatIf(WhatIfArgs),
    /// Print the JSON Schema of one kind of record, or of all
    Schema(SchemaArgs),
    /// Ask a running reeve whether it is ready; exit 0 or 1
    Health,
    /// Print shell completions
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// How results are printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One JSON object a line
    Json,
    /// A table for people
    Table,
}

/// Which services to run.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// alerts.raw → findings
    Normalizer,
    /// findings + task-events → tasks + ledger
    Dispatcher,
    /// Both
    All,
}

/// `reeve run`
#[derive(Args)]
pub struct RunArgs {
    /// Which services to run in this process
    #[arg(long, value_enum, default_value = "all")]
    pub role: Role,
    /// Go on with what is left of a ledger that does not prove itself
    #[arg(long)]
    pub accept_ledger_loss: bool,
}

/// `reeve demo`
#[derive(Args)]
pub struct DemoArgs {
    /// Stay up afterwards, with metrics and the log open for `publish`, `event` and `tasks`
    #[arg(long)]
    pub serve: bool,
}

/// Inputs
#[derive(Args)]
pub struct PathsArgs {
    /// Files, directories (every regular file in them), globs, `.gz`; `-` or nothing: standard input
    pub paths: Vec<String>,
}

/// `reeve normalize`
#[derive(Args)]
pub struct NormalizeArgs {
    /// Inputs.
    #[command(flatten)]
    pub inputs: PathsArgs,
    /// Write dead letters there, as NDJSON
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,
    /// Write the counts there, as one JSON object
    #[arg(long, value_name = "FILE")]
    pub summary: Option<PathBuf>,
    /// The time to use where an alert has none of its own
    #[arg(long, value_name = "TIME")]
    pub now: Option<Timestamp>,
    /// Say which format claimed what, and where nothing did
    #[arg(long)]
    pub explain: bool,
}

/// `reeve triage`
#[derive(Args)]
pub struct TriageArgs {
    /// Inputs.
    #[command(flatten)]
    pub inputs: PathsArgs,
    /// Print every revision instead of the state at the end
    #[arg(long)]
    pub changes: bool,
    /// The time of the tick at the end (default: now)
    #[arg(long, value_name = "TIME")]
    pub now: Option<Timestamp>,
    /// An inventory file (YAML or CSV)
    #[arg(long, value_name = "FILE")]
    pub inventory: Option<PathBuf>,
    /// How to print
    #[arg(short, long, value_enum)]
    pub output: Option<Format>,
}

/// `reeve why`
#[derive(Args)]
pub struct WhyArgs {
    /// A task id, or a file of tasks as NDJSON (`-`: standard input)
    #[arg(value_name = "TASK_ID|FILE")]
    pub task: String,
}

/// `reeve check`
#[derive(Args)]
pub struct CheckArgs {
    /// Also ask what it points to: brokers, topics, the rights of the roles, inventories, clocks
    #[arg(long)]
    pub online: bool,
    /// Whose start, and with `--online` whose rights, to try
    #[arg(long, value_enum, default_value = "all")]
    pub role: Role,
}

/// `reeve event`
#[derive(Args)]
pub struct EventArgs {
    /// The task it is about
    #[arg(long, value_name = "TASK_ID")]
    pub task: Option<String>,
    /// What happened
    #[arg(long = "type", value_name = "TYPE", value_parser = event_type)]
    pub event_type: EventType,
    /// Who says so; `automation:NAME` for a connector
    #[arg(long, value_name = "ID")]
    pub actor: String,
    /// The subject's key; looked up from the task if not given
    #[arg(long, value_name = "KEY")]
    pub subject: Option<String>,
    /// What the type needs, as a JSON object
    #[arg(long, value_name = "JSON")]
    pub body: Option<String>,
    /// The event's id; a repeat of one is applied once (default: a random one)
    #[arg(long, value_name = "ID")]
    pub id: Option<String>,
    /// When it happened (default: now)
    #[arg(long, value_name = "TIME")]
    pub at: Option<Timestamp>,
}

fn event_type(text: &str) -> Result<EventType, String> {
    EventType::named(text).ok_or_else(|| {
        let known: Vec<&str> = EventType::ALL.iter().map(|known| known.as_str()).collect();
        format!("expected one of {}", known.join(", "))
    })
}

fn task_state(text: &str) -> Result<TaskState, String> {
    TaskState::named(text).ok_or_else(|| {
        let known: Vec<&str> = TaskState::ALL.iter().map(|known| known.as_str()).collect();
        format!("expected one of {}", known.join(", "))
    })
}

/// `reeve tasks`
#[derive(Args)]
pub struct TasksArgs {
    /// `ls` (default): as they stand; `follow`: every change from now on
    #[arg(value_enum, default_value = "ls")]
    pub what: TasksWhat,
    /// Only tasks in this state
    #[arg(long, value_parser = task_state)]
    pub state: Vec<TaskState>,
    /// How to print
    #[arg(short, long, value_enum)]
    pub output: Option<Format>,
}

/// What to do with tasks.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TasksWhat {
    /// As they stand
    Ls,
    /// Every change from now on
    Follow,
}

/// `reeve topics`
#[derive(Args)]
pub struct TopicsArgs {
    /// What to do with them
    #[arg(value_enum, default_value = "verify")]
    pub what: TopicsWhat,
}

/// What to do with topics.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TopicsWhat {
    /// Create what is missing
    Create,
    /// Compare what is there with what must be
    Verify,
    /// Print the rights each principal needs
    Acls,
}

/// `reeve dead-letters`
#[derive(Args)]
pub struct DeadLettersArgs {
    /// What to do with them.
    #[command(subcommand)]
    pub what: DeadLettersWhat,
}

/// What to do with dead letters.
#[derive(Subcommand)]
pub enum DeadLettersWhat {
    /// List them
    Ls {
        /// How to print
        #[arg(short, long, value_enum)]
        output: Option<Format>,
    },
    /// Show one
    Show {
        /// topic/partition/offset
        coordinates: String,
    },
    /// Read the record again from its coordinates and publish it once more
    Replay {
        /// topic/partition/offset
        coordinates: String,
    },
}

/// `reeve report`
#[derive(Args)]
pub struct ReportArgs {
    /// The time that ages and deadlines are measured at (default: now)
    #[arg(long, value_name = "TIME")]
    pub now: Option<Timestamp>,
    /// How to print
    #[arg(short, long, value_enum)]
    pub output: Option<Format>,
}

/// `reeve what-if`
#[derive(Args)]
pub struct WhatIfArgs {
    /// Directory with the other configuration
    #[arg(long, value_name = "DIR")]
    pub policy: PathBuf,
    /// The time of the decisions (default: now)
    #[arg(long, value_name = "TIME")]
    pub now: Option<Timestamp>,
    /// How to print
    #[arg(short, long, value_enum)]
    pub output: Option<Format>,
}

/// `reeve schema`
#[derive(Args)]
pub struct SchemaArgs {
    /// finding, evidence, receipt, task, event, dead_letter or asyncapi; all schemas if not given
    pub kind: Option<String>,
}
