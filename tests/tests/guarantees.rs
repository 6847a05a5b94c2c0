//! Every sentence of docs/guarantees.md names a test, and every test that it names exists.

use std::collections::BTreeSet;
use std::path::Path;

const GUARANTEES: &str = include_str!("../../docs/guarantees.md");
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A sentence and the tests under it.
type Promise<'t> = (&'t str, Vec<&'t str>);

/// Every list item of the page: its first line, and what stands in backticks on the lines under it.
fn promises(page: &str) -> Vec<Promise<'_>> {
    let mut promises: Vec<Promise<'_>> = Vec::new();
    for line in page.lines() {
        if let Some(sentence) = line.strip_prefix("- ") {
            promises.push((sentence, Vec::new()));
        } else if let (true, Some((_, tests))) = (line.starts_with("  "), promises.last_mut()) {
            tests.extend(line.split('`').skip(1).step_by(2));
        }
    }
    promises
}

/// The names of all tests under a folder.
fn tests(folder: &Path, found: &mut BTreeSet<String>) {
    let entries = std::fs::read_dir(folder).expect("the folder is part of the checkout");
    for path in entries.map(|entry| entry.expect("it can be read").path()) {
        if path.is_dir() {
            tests(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.extend(named(&std::fs::read_to_string(&path).unwrap_or_default()));
        }
    }
}

/// What is declared right behind `#[test]`, `#[tokio::test]` or inside `proptest!`.
fn named(source: &str) -> Vec<String> {
    let declared = source
        .split("test]")
        .skip(1)
        .filter_map(|behind| behind.split_once("fn ")?.1.split('(').next());
    declared.map(str::to_owned).collect()
}

/// What is wrong with the page, given the tests that there are.
fn faults(page: &str, there: &BTreeSet<String>) -> Vec<String> {
    let mut faults = Vec::new();
    for (sentence, tests) in promises(page) {
        if tests.is_empty() {
            faults.push(format!("no test: {sentence}"));
        }
        let missing = tests.iter().filter(|test| !there.contains(**test));
        faults.extend(missing.map(|test| format!("there is no test {test}: {sentence}")));
    }
    faults
}

#[test]
fn every_guarantee_names_tests_that_exist() {
    let mut there = BTreeSet::new();
    for folder in ["crates", "services", "tests"] {
        tests(&Path::new(ROOT).join(folder), &mut there);
    }
    assert!(promises(GUARANTEES).len() > 35);
    let faults = faults(GUARANTEES, &there);
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn a_sentence_without_a_test_or_with_one_that_is_gone_is_found() {
    let there = BTreeSet::from(["it_holds".to_owned()]);
    assert_eq!(faults("- It holds.\n  `it_holds`\n", &there), [""; 0]);
    assert_eq!(faults("- It holds.\n", &there).len(), 1);
    assert_eq!(faults("- It holds.\n  `it_holds`, `it_held`\n", &there).len(), 1);
}
