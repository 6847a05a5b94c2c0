//! What a process has taken so far, as Linux counts it.

use std::path::PathBuf;

/// Ticks of processor time a second, on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// Processor seconds of a process and its threads; 0 once it is gone.
pub(crate) fn cpu_seconds(pid: u32) -> f64 {
    let stat = read(pid, "stat");
    let fields: Vec<&str> = stat
        .rsplit_once(')')
        .map_or("", |(_, rest)| rest)
        .split_whitespace()
        .collect();
    let ticks = |index: usize| {
        fields
            .get(index)
            .and_then(|field| field.parse::<f64>().ok())
            .unwrap_or(0.0)
    };
    (ticks(11) + ticks(12)) / TICKS_PER_SECOND
}

/// Bytes of memory it holds now.
pub(crate) fn resident_bytes(pid: u32) -> f64 {
    let status = read(pid, "status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<f64>().ok())
        .unwrap_or(0.0)
        * 1024.0
}

fn read(pid: u32, name: &str) -> String {
    let path = PathBuf::from(format!("/proc/{pid}/{name}"));
    std::fs::read_to_string(path).unwrap_or_default()
}
