//! What the design says, line by line, and that what is named as its proof is there.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may read files"
)]

mod support;

use std::collections::BTreeSet;
use std::path::Path;

use support::{files, fixtures};

/// Section, statement, proof, and a text that the fixture holds.
fn rows() -> Vec<Vec<&'static str>> {
    let lines = include_str!("statements.tsv").lines().skip(2);
    lines.map(|line| line.split('\t').collect()).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The tests of this crate and of the keys, as `file::name`.
fn tests() -> BTreeSet<String> {
    let folders = ["tests", "src", "../domain/tests", "../domain/src"];
    let sources = folders.iter().flat_map(|folder| files(&root().join(folder)));
    let sources = sources.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let named = |path: std::path::PathBuf| {
        let file = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let names = text.split("#[test]").skip(1).filter_map(|test| {
            let (name, _) = test.split_once("fn ")?.1.split_once('(')?;
            Some(format!("{file}::{name}"))
        });
        names.collect::<Vec<_>>()
    };
    sources.flat_map(named).collect()
}

#[test]
fn every_proof_that_is_named_is_there() {
    let tests = tests();
    for row in rows() {
        let [_, statement, proof, rest @ ..] = row.as_slice() else {
            panic!("a row has three or four columns: {row:?}");
        };
        match (proof.starts_with("fixtures/"), rest) {
            (true, [shown]) => {
                let text = std::fs::read_to_string(root().join(proof)).unwrap();
                assert!(text.contains(shown), "{statement}: {proof} does not hold {shown}");
            }
            (false, []) => assert!(tests.contains(*proof), "{statement}: {proof} is no test"),
            _ => panic!("{statement}: a fixture is named with a text in it, a test without"),
        }
    }
}

#[test]
fn every_format_proves_a_statement() {
    let named: BTreeSet<_> = rows()
        .iter()
        .filter_map(|row| row[2].strip_prefix("fixtures/")?.split('/').next())
        .collect();
    for (path, format) in fixtures() {
        assert!(named.contains(format.as_str()), "{}", path.display());
    }
}
