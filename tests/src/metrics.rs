//! The metrics and probes of a running reeve, asked for by a bare socket.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(5);

/// Status and body of `GET path`, or none if nobody answers within 5 s.
pub fn get(port: u16, path: &str) -> Option<(u16, String)> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: reeve\r\n\r\n").ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let answer = String::from_utf8(answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, body.to_owned()))
}

/// One scrape: `name{labels}` as printed → value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scrape(BTreeMap<String, f64>);

impl Scrape {
    /// What `port` shows on `/metrics`; empty if nobody answers.
    pub fn of(port: u16) -> Self {
        let body = get(port, "/metrics").map(|(_, body)| body).unwrap_or_default();
        Self::parse(&body)
    }

    fn parse(body: &str) -> Self {
        let samples = body.lines().filter(|line| !line.starts_with('#'));
        let read = |line: &str| {
            let (series, value) = line.rsplit_once(' ')?;
            Some((series.to_owned(), value.parse().ok()?))
        };
        Self(samples.filter_map(read).collect())
    }

    /// Every series of the metric `name`.
    pub fn series(&self, name: &str) -> BTreeMap<String, f64> {
        let of_name = |series: &str| {
            let rest = series.strip_prefix(name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('{'))
        };
        let found = self.0.iter().filter(|(series, _)| of_name(series));
        found.map(|(series, value)| (series.clone(), *value)).collect()
    }

    /// Sum over the series of `name` whose labels contain `labels` as printed.
    pub fn sum(&self, name: &str, labels: &str) -> f64 {
        let series = self.series(name);
        let asked = series.iter().filter(|(series, _)| series.contains(labels));
        asked.map(|(_, value)| value).sum()
    }
}

/// The sum over several replicas, series by series, without those that are 0.
pub fn total(scrapes: &[Scrape], name: &str) -> BTreeMap<String, f64> {
    let mut total = BTreeMap::new();
    for (series, value) in scrapes.iter().flat_map(|scrape| scrape.series(name)) {
        *total.entry(series).or_insert(0.0) += value;
    }
    total.retain(|_, value| *value != 0.0);
    total
}

/// `promtool check metrics` finds nothing to say.
#[track_caller]
pub fn check_promtool(metrics: &str) {
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("scripts/setup --tests brings promtool");
    let mut input = promtool.stdin.take().expect("its input is a pipe");
    input
        .write_all(metrics.as_bytes())
        .expect("promtool reads its input");
    drop(input);
    let output = promtool.wait_with_output().expect("it is our child");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_not_taken_for_one_whose_name_begins_alike() {
        let scrape = Scrape::parse("# TYPE a gauge\na{x=\"1\"} 2\na{x=\"2\"} 3\na_total 7\n");
        assert_eq!(scrape.series("a").len(), 2);
        assert_eq!(scrape.sum("a", "x=\"2\""), 3.0);
        let twice = total(&[scrape.clone(), scrape], "a");
        assert_eq!(twice["a{x=\"1\"}"], 4.0);
    }
}
