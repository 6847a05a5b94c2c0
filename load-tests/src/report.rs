//! What was measured: medians over the rounds, and each as a share of the bare client with transactions.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::hop::Hop;
use crate::latency::Latency;

const REFERENCE: &str = "bare, transactions";

/// Everything a run has seen, in the order in which it was first seen.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    hops: Vec<(String, Vec<Hop>)>,
    numbers: BTreeMap<String, Vec<f64>>,
    latency: Option<Latency>,
    notes: Vec<String>,
}

impl Report {
    /// One measured hop.
    pub(crate) fn add(&mut self, name: &str, hop: Hop) {
        match self.hops.iter_mut().find(|(known, _)| known == name) {
            Some((_, hops)) => hops.push(hop),
            None => self.hops.push((name.to_owned(), vec![hop])),
        }
    }

    /// One measured number; the name says its unit.
    pub(crate) fn number(&mut self, name: &str, number: f64) {
        self.numbers.entry(name.to_owned()).or_default().push(number);
    }

    /// The latency at a pace.
    pub(crate) fn latency(&mut self, latency: Latency) {
        self.latency = Some(latency);
    }

    /// Something a reader of the figures must know.
    pub(crate) fn note(&mut self, note: &str) {
        self.notes.push(note.to_owned());
    }

    /// Records a second of a hop, the median of the rounds.
    pub(crate) fn per_second(&self, name: &str) -> f64 {
        self.median(name, |hop| hop.per_second)
    }

    fn median(&self, name: &str, of: impl Fn(&Hop) -> f64) -> f64 {
        let hops = self.hops.iter().find(|(known, _)| known == name);
        median(hops.map_or_else(Vec::new, |(_, hops)| hops.iter().map(of).collect()))
    }

    /// The table of the README.
    pub(crate) fn table(&self) -> String {
        let reference = self.per_second(REFERENCE);
        let mut lines = vec![
            "| what | alerts/s | ÷ bare with transactions | CPU µs/alert | broker CPU µs/alert |".to_owned(),
            "|---|---:|---:|---:|---:|".to_owned(),
        ];
        lines.extend(self.hops.iter().map(|(name, _)| {
            let rate = self.per_second(name);
            let client = self.median(name, |hop| hop.client_us);
            let broker = self.median(name, |hop| hop.broker_us);
            format!(
                "| {name} | {rate:.0} | {:.2} | {client:.1} | {broker:.1} |",
                rate / reference
            )
        }));
        lines.push(String::new());
        let numbers = self.numbers.iter();
        lines.extend(numbers.map(|(name, seen)| format!("{name}: {:.3}", median(seen.clone()))));
        lines.extend(self.latency.iter().map(|late| {
            format!(
                "publish to task at {:.0}/s: p50 {:.0} ms, p99 {:.0} ms, p99.9 {:.0} ms ({} tasks, {} missing)",
                late.per_second, late.p50_ms, late.p99_ms, late.p999_ms, late.tasks, late.missing
            )
        }));
        lines.extend(self.notes.iter().map(|note| format!("note: {note}")));
        lines.join("\n")
    }

    /// The same for machines, with every round.
    pub(crate) fn json(&self, machine: &Value) -> Value {
        json!({ "machine": machine, "measured": self })
    }
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of.get(of.len() / 2).copied().unwrap_or(0.0)
}
