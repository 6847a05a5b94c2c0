//! The mappings that ship, read as the service reads them.

use std::path::{Path, PathBuf};

use reeve_formats::{MappingFault, Mappings, RawMapping, Settings};
use reeve_policy::config::{ConfigError, Document};

/// The folder of the mappings that ship.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/mappings")
}

/// Name and text of every file that ships.
pub(crate) fn texts() -> Vec<(String, String)> {
    let mut texts: Vec<_> = crate::support::files(&folder())
        .into_iter()
        .map(|path| {
            let name = path.file_name().expect("a file").to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).expect("a text"))
        })
        .collect();
    texts.sort();
    texts
}

/// Files compiled together, or every mistake with file, line and column.
pub(crate) fn compile(texts: &[(String, String)]) -> Result<Mappings, Vec<ConfigError>> {
    let (mut documents, mut raw, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    for (name, text) in texts {
        let document = match Document::read(name, text) {
            Ok(document) => document,
            Err(more) => {
                errors.extend(more);
                continue;
            }
        };
        match document.parse::<RawMapping>() {
            Ok(mapping) => {
                raw.push(mapping);
                documents.push(document);
            }
            Err(more) => errors.extend(more),
        }
    }
    let placed = |(at, fault): (usize, MappingFault)| documents[at].error(&fault.path, fault.message);
    let compiled = Mappings::compile(raw);
    match compiled {
        Ok(mappings) if errors.is_empty() => Ok(mappings),
        Ok(_) => Err(errors),
        Err(faults) => {
            errors.extend(faults.into_iter().map(placed));
            Err(errors)
        }
    }
}

/// The mappings that ship.
pub(crate) fn shipped() -> Mappings {
    compile(&texts()).unwrap_or_else(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        panic!("{}", lines.join("\n"))
    })
}

/// The settings of the tests with the mappings that ship.
pub(crate) fn settings() -> Settings {
    Settings {
        mappings: shipped(),
        ..crate::support::settings()
    }
}
