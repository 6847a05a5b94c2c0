//! What an alert costs, in every built-in format, envelope and mapping: `cargo bench -p reeve-formats --bench formats`.
#![allow(missing_docs, reason = "a bench has no users")]

mod cases;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// One result is one element: the figure is results a second.
fn every_case(criterion: &mut Criterion) {
    let settings = cases::settings_with_mappings();
    for case in cases::all() {
        let mut group = criterion.benchmark_group(case.group);
        group.throughput(Throughput::Elements(case.results(&settings)));
        group.bench_function(&case.name, |bencher| {
            bencher.iter(|| {
                for alert in &case.alerts {
                    black_box(cases::parsed(black_box(alert), &settings));
                }
            });
        });
        group.finish();
    }
}

criterion_group!(benches, every_case);
criterion_main!(benches);
