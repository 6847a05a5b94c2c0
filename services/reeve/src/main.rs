//! The reeve binary: every role and command in one executable.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]
#![allow(
    unreachable_pub,
    reason = "a binary has no users but itself; `pub` says what a module offers"
)]

mod cases;
mod check;
mod cli;
mod clock;
mod config;
mod dead_letters;
mod demo;
mod event;
mod exit;
mod explain;
mod health;
mod hooks;
mod inputs;
mod kafka;
mod keys;
mod line;
mod normalize;
mod publish;
mod reach;
mod reload;
mod report;
mod rules;
mod run;
mod schema;
mod standing;
mod table;
mod tasks;
mod topics;
mod triage;
mod what_if;
mod why;

use std::io;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use cli::{Cli, Command};
use config::Config;
use exit::{Failure, Outcome};
use normalize::{broken, note};

/// A case is made of many small texts; this one takes a quarter less of the time than the C library's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    match command(cli) {
        Ok(()) | Err(Failure::NobodyReads) => ExitCode::SUCCESS,
        Err(failure) => {
            note(&format!("reeve: {failure}"));
            failure.into()
        }
    }
}

/// Help and version are no mistakes; anything else that clap refuses is usage.
fn usage(error: &clap::Error) -> ExitCode {
    // Where even this cannot be printed there is nobody to tell.
    drop(error.print());
    if error.use_stderr() {
        ExitCode::from(64)
    } else {
        ExitCode::SUCCESS
    }
}

fn command(cli: Cli) -> Outcome {
    let folder = cli.config.as_deref();
    match cli.command {
        Command::Schema(args) => return schema::run(args.kind.as_deref()),
        Command::Completions { shell } => return completions(shell),
        Command::Man => return man(),
        Command::Check(args) => return check::check(config::load(folder), &args),
        _ => {}
    }
    let config = config::load(folder).map_err(Failure::Config)?;
    logs(&config, &cli.command)?;
    match cli.command {
        Command::Run(args) => run::run(&config, folder, &args),
        Command::Demo(args) => demo::run(config, &args),
        Command::Normalize(args) => normalize::run(&config, &args),
        Command::Triage(args) => triage::run(&config, &args),
        Command::Why(args) => why::run(&config, &args.task),
        Command::Test => check::test(&config),
        Command::Publish(args) => publish::run(&config, &args),
        Command::Event(args) => event::run(&config, &args),
        Command::Tasks(args) => tasks::run(&config, &args),
        Command::Topics(args) => topics::run(&config, args.what),
        Command::DeadLetters(args) => dead_letters::run(&config, &args),
        Command::Report(args) => standing::run(&config, &args),
        Command::WhatIf(args) => what_if::run(&config, &args),
        Command::Health => health::run(&config),
        Command::Schema(_) | Command::Completions { .. } | Command::Man | Command::Check(_) => Ok(()),
    }
}

/// The services log; for the other commands stderr is for what they say, unless a filter was asked for.
fn logs(config: &Config, command: &Command) -> Outcome {
    let service = matches!(command, Command::Run(_));
    let asked = std::env::var_os("REEVE_LOG").is_some_and(|filter| !filter.is_empty());
    let configured = (service || asked).then(|| Ok(config.filter.clone()));
    configured
        .unwrap_or_else(|| "warn".parse())
        .and_then(|filter| reeve_telemetry::logs::init(&filter, config.json_logs))
        .map_err(|error| Failure::Internal(error.to_string()))
}

fn completions(shell: clap_complete::Shell) -> Outcome {
    clap_complete::generate(shell, &mut Cli::command(), "reeve", &mut io::stdout());
    Ok(())
}

fn man() -> Outcome {
    clap_mangen::Man::new(Cli::command())
        .render(&mut io::stdout())
        .map_err(broken)
}
