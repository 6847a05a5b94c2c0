//! Formats as configuration: the mappings that ship, those of a folder in their place and beside them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use reeve_formats::{Mappings, RawMapping};
use reeve_policy::config::{ConfigError, Document};
use serde::Deserialize;

use super::files::REEVE;
use crate::exit::why;

/// The files that ship, by the names under which they can be replaced.
const SHIPPED: [(&str, &str); 24] = [
    (
        "appomni.yaml",
        include_str!("../../../../config/mappings/appomni.yaml"),
    ),
    (
        "checkov.yaml",
        include_str!("../../../../config/mappings/checkov.yaml"),
    ),
    (
        "cloudsplaining.yaml",
        include_str!("../../../../config/mappings/cloudsplaining.yaml"),
    ),
    (
        "cyberark.yaml",
        include_str!("../../../../config/mappings/cyberark.yaml"),
    ),
    (
        "elastic-alert.yaml",
        include_str!("../../../../config/mappings/elastic-alert.yaml"),
    ),
    (
        "falco.yaml",
        include_str!("../../../../config/mappings/falco.yaml"),
    ),
    (
        "ggshield-hmsl.yaml",
        include_str!("../../../../config/mappings/ggshield-hmsl.yaml"),
    ),
    (
        "keycloak.yaml",
        include_str!("../../../../config/mappings/keycloak.yaml"),
    ),
    (
        "legitify.yaml",
        include_str!("../../../../config/mappings/legitify.yaml"),
    ),
    ("n0s1.yaml", include_str!("../../../../config/mappings/n0s1.yaml")),
    ("orca.yaml", include_str!("../../../../config/mappings/orca.yaml")),
    (
        "rusty-hog.yaml",
        include_str!("../../../../config/mappings/rusty-hog.yaml"),
    ),
    (
        "scoutsuite.yaml",
        include_str!("../../../../config/mappings/scoutsuite.yaml"),
    ),
    (
        "secretlint.yaml",
        include_str!("../../../../config/mappings/secretlint.yaml"),
    ),
    (
        "snyk-audit.yaml",
        include_str!("../../../../config/mappings/snyk-audit.yaml"),
    ),
    ("snyk.yaml", include_str!("../../../../config/mappings/snyk.yaml")),
    (
        "splunk-notable.yaml",
        include_str!("../../../../config/mappings/splunk-notable.yaml"),
    ),
    (
        "talisman.yaml",
        include_str!("../../../../config/mappings/talisman.yaml"),
    ),
    (
        "thinkst-canary.yaml",
        include_str!("../../../../config/mappings/thinkst-canary.yaml"),
    ),
    (
        "tracebit.yaml",
        include_str!("../../../../config/mappings/tracebit.yaml"),
    ),
    (
        "upwind.yaml",
        include_str!("../../../../config/mappings/upwind.yaml"),
    ),
    (
        "whispers.yaml",
        include_str!("../../../../config/mappings/whispers.yaml"),
    ),
    (
        "wizcli.yaml",
        include_str!("../../../../config/mappings/wizcli.yaml"),
    ),
    (
        "xygeni.yaml",
        include_str!("../../../../config/mappings/xygeni.yaml"),
    ),
];

/// The section `mappings` of `reeve.yaml`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMappings {
    /// Folder of mappings; relative to the folder of the configuration.
    directory: String,
    /// Names of mappings that are not used.
    #[serde(default)]
    off: Vec<String>,
}

impl Default for RawMappings {
    fn default() -> Self {
        Self {
            directory: "mappings".to_owned(),
            off: Vec::new(),
        }
    }
}

/// Every mapping that is used, compiled, its samples run.
///
/// # Errors
/// Every mistake of every file, a name in `off` that no mapping has, a folder that cannot be read.
pub(super) fn load(folder: Option<&Path>, raw: &RawMappings) -> Result<Mappings, Vec<ConfigError>> {
    let texts = texts(folder, raw)?;
    let (mut errors, mut documents, mut mappings) = (Vec::new(), Vec::new(), Vec::new());
    let mut unknown: Vec<&str> = raw.off.iter().map(String::as_str).collect();
    for (name, text) in &texts {
        match read(name, text) {
            Ok((_, mapping)) if raw.off.iter().any(|off| off == mapping.name()) => {
                unknown.retain(|off| *off != mapping.name());
            }
            Ok((document, mapping)) => {
                documents.push(document);
                mappings.push(mapping);
            }
            Err(more) => errors.extend(more),
        }
    }
    if !unknown.is_empty() {
        errors.push(ConfigError::of_file(
            REEVE,
            "mappings.off names a mapping that there is not",
        ));
    }
    match Mappings::compile(mappings) {
        Ok(mappings) if errors.is_empty() => Ok(mappings),
        Ok(_) => Err(errors),
        Err(faults) => {
            let placed = faults
                .into_iter()
                .map(|(at, fault)| documents[at].error(&fault.path, fault.message));
            errors.extend(placed);
            Err(errors)
        }
    }
}

fn read(name: &str, text: &str) -> Result<(Document, RawMapping), Vec<ConfigError>> {
    let document = Document::read(&format!("mappings/{name}"), text)?;
    let mapping = document.parse()?;
    Ok((document, mapping))
}

/// What ships, replaced and added to by the files of the folder.
fn texts(folder: Option<&Path>, raw: &RawMappings) -> Result<BTreeMap<String, String>, Vec<ConfigError>> {
    let shipped = SHIPPED
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    let mut texts: BTreeMap<String, String> = shipped.collect();
    let Some(directory) = directory(folder, raw) else {
        return Ok(texts);
    };
    let mut errors = Vec::new();
    let unreadable = |path: &Path, error: &std::io::Error| {
        ConfigError::of_file(
            &path.display().to_string(),
            format!("cannot be read: {}", why(error.kind())),
        )
    };
    let entries = fs::read_dir(&directory).map_err(|error| vec![unreadable(&directory, &error)])?;
    for path in entries.flatten().map(|entry| entry.path()) {
        let is_yaml = path.extension().is_some_and(|end| end == "yaml" || end == "yml");
        let Some(name) = path
            .file_name()
            .and_then(|name| name.to_str())
            .filter(|_| is_yaml)
        else {
            continue;
        };
        match fs::read_to_string(&path) {
            Ok(text) => drop(texts.insert(name.to_owned(), text)),
            Err(error) => errors.push(unreadable(&path, &error)),
        }
    }
    if errors.is_empty() { Ok(texts) } else { Err(errors) }
}

/// The folder, if there is to be one: the usual one may be missing, one that was written down may not.
fn directory(folder: Option<&Path>, raw: &RawMappings) -> Option<PathBuf> {
    let usual = RawMappings::default().directory;
    let directory = match folder {
        Some(folder) => folder.join(&raw.directory),
        None => PathBuf::from(&raw.directory),
    };
    let is_usual = raw.directory == usual || raw.directory.is_empty();
    match is_usual && (folder.is_none() || !directory.is_dir() || raw.directory.is_empty()) {
        true => None,
        false => Some(directory),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mapping_that_is_in_the_repository_ships() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/mappings");
        let mut there: Vec<String> = fs::read_dir(root)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        there.sort();
        assert_eq!(there, SHIPPED.map(|(name, _)| name));
    }

    #[test]
    fn a_file_of_the_folder_replaces_adds_and_is_refused_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let mappings = folder.path().join("mappings");
        fs::create_dir(&mappings).unwrap();
        let count = load(Some(folder.path()), &RawMappings::default())
            .unwrap()
            .names()
            .count();
        let (_, whispers) = SHIPPED.iter().find(|(name, _)| *name == "whispers.yaml").unwrap();
        fs::write(
            mappings.join("whispers.yaml"),
            whispers.replace("severity: 30", "severity: 31"),
        )
        .unwrap();
        let errors = load(Some(folder.path()), &RawMappings::default()).err().unwrap();
        let shown = errors[0].to_string();
        assert!(shown.starts_with("mappings/whispers.yaml:"), "{shown}");
        assert!(shown.ends_with("`severity` is `30`"), "{shown}");
        let off = RawMappings {
            off: vec!["whispers".to_owned()],
            ..RawMappings::default()
        };
        let left = load(Some(folder.path()), &off).unwrap();
        assert_eq!(left.names().count(), count - 1);
    }

    #[test]
    fn a_folder_that_is_named_must_be_there() {
        let raw = RawMappings {
            directory: "nowhere".to_owned(),
            off: Vec::new(),
        };
        assert!(load(None, &raw).is_err());
    }
}
