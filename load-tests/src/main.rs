//! `reeve-load`: measures the line beside the bare client and its peers on one machine, prints alerts, or soaks.
#![allow(clippy::print_stdout, reason = "a program for people")]
#![allow(clippy::panic, reason = "a measurement that cannot be made ends here")]

mod alerts;
mod bare;
mod hop;
mod latency;
mod peers;
mod process;
mod publish;
mod report;
mod rounds;
mod soak;

use std::path::PathBuf;

use clap::{Args, Parser};
use reeve_tests::kafka::Kafka;
use reeve_tests::line::Line;
use serde_json::{Value, json};

use alerts::Mix;
use report::Report;

/// What an idle segment may keep: a full disk stops a broker for good. A million findings of one subject lie in one
/// partition, before any is read.
const BROKER: &[(&str, &str)] = &[
    ("log.retention.bytes", "4294967296"),
    ("log.segment.bytes", "67108864"),
    ("log.retention.check.interval.ms", "3000"),
    ("file.delete.delay.ms", "1000"),
];

#[derive(Parser)]
#[command(about = "How fast, how lean, how late")]
enum Command {
    /// Everything, round by round, on a broker of its own.
    Run(Run),
    /// Alerts of a mix, one a line.
    Generate {
        /// How many.
        #[arg(long, default_value_t = 1_000)]
        alerts: u64,
        #[command(flatten)]
        mix: Mix,
    },
    /// Kills, faults, poison and reloads, then the checker.
    Soak {
        /// For how long.
        #[arg(long, default_value_t = 10)]
        minutes: u64,
        /// The same seed gives the same misfortunes.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}

#[derive(Args)]
struct Run {
    /// Few alerts, one round: shows that it works, measures nothing.
    #[arg(long)]
    quick: bool,
    /// How often everything is done.
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// Alerts in a round.
    #[arg(long, default_value_t = 200_000)]
    alerts: u64,
    /// Findings about one and the same subject.
    #[arg(long, default_value_t = 1_000_000)]
    hot_repeats: u64,
    /// Sizes of the ledgers that are restored.
    #[arg(long, value_delimiter = ',', default_value = "100000,1000000")]
    restore: Vec<u64>,
    /// Where the report for machines goes.
    #[arg(long)]
    json: Option<PathBuf>,
    #[command(flatten)]
    mix: Mix,
}

fn main() {
    match Command::parse() {
        Command::Run(run) => measure(&run.sized()),
        Command::Generate { alerts, mix } => (0..alerts).for_each(|number| println!("{}", mix.alert(number))),
        Command::Soak { minutes, seed } => {
            println!("{}", soak::run(&Kafka::start_with(1, BROKER), minutes, seed));
        }
    }
}

impl Run {
    fn sized(mut self) -> Self {
        if self.quick {
            (self.rounds, self.alerts, self.hot_repeats, self.restore) = (1, 30_000, 30_000, vec![10_000]);
        }
        self
    }
}

fn measure(run: &Run) {
    let kafka = Kafka::start_with(1, BROKER);
    let mut report = Report::default();
    if run.quick {
        report.note("a quick run shows that everything works; its figures mean little");
    }
    for number in 0..run.rounds {
        rounds::round(&kafka, number, &run.mix, run.alerts, &mut report);
    }
    if run.hot_repeats > 0 {
        rounds::hot_subject(&kafka, &run.mix, run.hot_repeats, &mut report);
    }
    latency(&kafka, run, &mut report);
    for cases in &run.restore {
        rounds::restore(&kafka, &run.mix, *cases, &mut report);
    }
    println!("{}", report.table());
    if let Some(path) = &run.json {
        let text = format!("{:#}\n", report.json(&machine(run)));
        std::fs::write(path, text).expect("the report has a place");
    }
}

/// At a third of what the whole line was seen to do, for ten seconds.
fn latency(kafka: &Kafka, run: &Run, report: &mut Report) {
    let per_second = (report.per_second("whole line") / 3.0).clamp(100.0, 50_000.0);
    let count = (per_second * if run.quick { 3.0 } else { 30.0 }) as u64;
    let line = Line::new(kafka, "paced", rounds::PARTITIONS);
    let mut replica = line.replica("load-all").ready();
    let partitions = i32::try_from(rounds::PARTITIONS).expect("a handful");
    let latency = latency::paced(&line, partitions, &run.mix.all_new(), per_second, count);
    report.latency(latency);
    replica.stop();
    rounds::drop_topics(kafka, "paced.*");
}

fn machine(run: &Run) -> Value {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let named = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_once(':'))
            .map(|(_, value)| value.trim().to_owned())
    };
    json!({
        "at": jiff::Timestamp::now().to_string(),
        "processor": named(&read("/proc/cpuinfo"), "model name"),
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "memory": named(&read("/proc/meminfo"), "MemTotal"),
        "load": read("/proc/loadavg").trim(),
        "rounds": run.rounds,
        "alerts": run.alerts,
    })
}
