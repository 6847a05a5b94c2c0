//! From files to a policy: read everything, check everything, tell every error at once.

use data_encoding::HEXLOWER;
use reeve_domain::priority::PolicyVersion;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::config::{ConfigError, ConfigTexts, Document, FILES};
use crate::deadlines::RawDeadlines;
use crate::evidence::RawEvidence;
use crate::issues::RawIssues;
use crate::limits::RawLedger;
use crate::owners::RawOwners;
use crate::paths::RawPaths;
use crate::policy::Policy;
use crate::priority::RawPriority;
use crate::routes::RawRoutes;

/// A file with what was read from it.
type Read<T> = (Document, T);

struct Written {
    deadlines: Read<RawDeadlines>,
    evidence: Read<RawEvidence>,
    issues: Read<RawIssues>,
    ledger: Read<RawLedger>,
    owners: Read<RawOwners>,
    paths: Read<RawPaths>,
    priority: Read<RawPriority>,
    routes: Read<RawRoutes>,
}

pub(crate) fn policy(files: &ConfigTexts) -> Result<Policy, Vec<ConfigError>> {
    let mut errors = Vec::new();
    let written = read_all(files, &mut errors);
    let policy = written.map(|written| check_all(written, files, &mut errors));
    errors.sort();
    match policy {
        Some(policy) if errors.is_empty() => Ok(policy),
        _ => Err(errors),
    }
}

/// Every file is read, also when an earlier one could not be.
fn read_all(files: &ConfigTexts, errors: &mut Vec<ConfigError>) -> Option<Written> {
    let deadlines = read(files, "deadlines.yaml", errors);
    let evidence = read(files, "evidence.yaml", errors);
    let issues = read(files, "issues.yaml", errors);
    let ledger = read(files, "ledger.yaml", errors);
    let owners = read(files, "owners.yaml", errors);
    let paths = read(files, "paths.yaml", errors);
    let priority = read(files, "priority.yaml", errors);
    let routes = read(files, "routes.yaml", errors);
    Some(Written {
        deadlines: deadlines?,
        evidence: evidence?,
        issues: issues?,
        ledger: ledger?,
        owners: owners?,
        paths: paths?,
        priority: priority?,
        routes: routes?,
    })
}

fn read<T: DeserializeOwned>(
    files: &ConfigTexts,
    name: &str,
    errors: &mut Vec<ConfigError>,
) -> Option<Read<T>> {
    let read = Document::read(name, files.text(name)).and_then(|document| {
        let raw = document.parse::<T>()?;
        Ok((document, raw))
    });
    read.map_err(|found| errors.extend(found)).ok()
}

fn check_all(written: Written, files: &ConfigTexts, errors: &mut Vec<ConfigError>) -> Policy {
    let (document, raw) = written.priority;
    let model = raw.compile(&document, errors);
    let (document, raw) = written.issues;
    let issues = raw.compile(&document, errors);
    let (document, raw) = written.routes;
    let (routes, trials) = raw.compile(&document, &issues, errors);
    let (document, raw) = written.owners;
    let fallbacks = raw.compile(&document, errors);
    let (document, raw) = written.deadlines;
    let deadlines = raw.compile(&document, errors);
    let (document, raw) = written.paths;
    let paths = raw.compile(&document, errors);
    let (document, raw) = written.evidence;
    let evidence = raw.compile(&document, issues.all_actions(), errors);
    let (document, raw) = written.ledger;
    let clocks = (deadlines.claimed_without_evidence(), deadlines.older_than());
    let (limits, events) = raw.compile(clocks, &document, errors);
    let own = files
        .iter()
        .filter(|(name, _)| FILES.iter().any(|(file, _)| file == name));
    let version = PolicyVersion {
        version: model.version().to_owned(),
        sha256: sha256(own),
    };
    let config_sha256 = sha256(files.iter());
    Policy {
        version,
        config_sha256,
        model,
        routes,
        trials,
        fallbacks,
        deadlines,
        paths,
        issues,
        evidence,
        limits,
        events,
    }
}

/// Names and texts with their lengths, so that no two sets of files have the same bytes.
fn sha256<'a>(files: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut hash = Sha256::new();
    for part in files.flat_map(|(name, text)| [name, text]) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    HEXLOWER.encode(&hash.finalize())
}
