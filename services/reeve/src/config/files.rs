//! The texts of all files: what ships, replaced by files of the same names, variables put in.

use std::fs;
use std::path::{Path, PathBuf};

use reeve_policy::config::{ConfigError, ConfigTexts, interpolate};

use crate::exit::why;

pub(super) const REEVE: &str = "reeve.yaml";
pub(super) const INVENTORIES: &str = "inventories.yaml";

/// The files that ship beside those of the policy.
pub(super) const SHIPPED: [(&str, &str); 2] = [
    (REEVE, include_str!("../../../../config/reeve.yaml")),
    (INVENTORIES, include_str!("../../../../config/inventories.yaml")),
];

/// All texts.
pub(super) fn texts(
    folder: Option<&Path>,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<ConfigTexts, Vec<ConfigError>> {
    let mut errors = Vec::new();
    let mut texts = ConfigTexts::shipped();
    for (name, text) in SHIPPED {
        texts = texts.with(name, text);
    }
    if let Some(folder) = folder {
        texts = replaced(texts, folder, &mut errors);
    }
    let mut complete = texts.clone();
    for (name, text) in texts.iter().filter(|(name, _)| *name != INVENTORIES) {
        match interpolate(name, text, env) {
            Ok(text) => complete = complete.with(name, text),
            Err(more) => errors.extend(more),
        }
    }
    if errors.is_empty() {
        Ok(complete)
    } else {
        Err(errors)
    }
}

fn replaced(mut texts: ConfigTexts, folder: &Path, errors: &mut Vec<ConfigError>) -> ConfigTexts {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            let expected = "a directory with configuration files (-c)";
            errors.push(ConfigError::of_file(
                &folder.display().to_string(),
                format!("{}; expected {expected}", why(error.kind())),
            ));
            return texts;
        }
    };
    let known: Vec<String> = texts.iter().map(|(name, _)| name.to_owned()).collect();
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        let yaml = path
            .extension()
            .is_some_and(|extension| extension == "yaml" || extension == "yml");
        if !yaml || !path.is_file() {
            continue;
        }
        match fs::read_to_string(&path) {
            Ok(text) if known.iter().any(|known| known == name) => texts = texts.with(name, text),
            Ok(_) => errors.push(ConfigError::of_file(
                name,
                format!(
                    "no file of this name is read; expected one of {}",
                    known.join(", ")
                ),
            )),
            Err(error) => errors.push(ConfigError::of_file(
                name,
                format!("cannot be read: {}", why(error.kind())),
            )),
        }
    }
    texts
}
