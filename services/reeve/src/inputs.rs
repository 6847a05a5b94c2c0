//! Inputs of the file commands: paths, directories, globs, standard input, gzip left to the envelopes.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::exit::{Failure, unusable, why};

/// One input: its name as given (or found) and its bytes.
pub struct Input {
    /// `-` for standard input.
    pub name: String,
    /// The whole content.
    pub bytes: Vec<u8>,
}

/// Where an input is read from.
pub enum Place {
    /// Standard input.
    Stdin,
    /// A regular file.
    File(PathBuf),
}

/// What is to be read, in order, and what could not be found.
pub struct Places {
    /// Files in the order given; those of a directory or glob by name.
    pub found: Vec<Place>,
    /// One text per path that cannot be opened.
    pub missing: Vec<String>,
}

/// Resolves `paths`; nothing given means standard input.
pub fn resolve(paths: &[String]) -> Places {
    let mut places = Places {
        found: Vec::new(),
        missing: Vec::new(),
    };
    if paths.is_empty() {
        places.found.push(Place::Stdin);
    }
    for path in paths {
        resolve_one(path, &mut places);
    }
    places
}

fn resolve_one(path: &str, places: &mut Places) {
    let as_path = Path::new(path);
    if path == "-" {
        places.found.push(Place::Stdin);
    } else if as_path.is_dir() {
        walk(as_path, places);
    } else if as_path.exists() {
        places.found.push(Place::File(as_path.to_owned()));
    } else {
        expand(path, places);
    }
}

fn walk(directory: &Path, places: &mut Places) {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) => {
            return places
                .missing
                .push(unusable(directory, error.kind(), "a directory to read"));
        }
    };
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .collect();
    paths.sort();
    for path in paths {
        match fs::symlink_metadata(&path) {
            Ok(meta) if meta.is_dir() => walk(&path, places),
            Ok(meta) if meta.is_file() => places.found.push(Place::File(path)),
            _ => {}
        }
    }
}

fn expand(pattern: &str, places: &mut Places) {
    let mut found: Vec<PathBuf> = glob::glob(pattern)
        .map(|paths| paths.flatten().filter(|path| path.is_file()).collect())
        .unwrap_or_default();
    if found.is_empty() {
        places.missing.push(format!(
            "{pattern}: no such file; expected a file, a directory or a glob"
        ));
    }
    found.sort();
    places.found.extend(found.into_iter().map(Place::File));
}

/// Reads one input whole.
///
/// # Errors
/// A text that names the path and the kind of failure.
pub fn read(place: &Place) -> Result<Input, String> {
    match place {
        Place::Stdin => {
            let mut bytes = Vec::new();
            std::io::stdin()
                .lock()
                .read_to_end(&mut bytes)
                .map_err(|error| format!("-: {}", why(error.kind())))?;
            Ok(Input {
                name: "-".to_owned(),
                bytes,
            })
        }
        Place::File(path) => {
            let name = path.display().to_string();
            let bytes = fs::read(path).map_err(|error| unusable(path, error.kind(), "a file to read"))?;
            Ok(Input { name, bytes })
        }
    }
}

/// Exit 66 with every path that could not be opened, if there is one.
pub fn refuse_missing(missing: &[String]) -> Result<(), Failure> {
    if missing.is_empty() {
        Ok(())
    } else {
        Err(Failure::NoInput(missing.join("\n")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_means_every_regular_file_in_it_in_order() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("b")).unwrap();
        for name in ["c.json", "b/x.json", "a.json"] {
            fs::write(dir.path().join(name), "[]").unwrap();
        }
        let places = resolve(&[dir.path().display().to_string()]);
        let names: Vec<String> = places
            .found
            .iter()
            .map(|place| read(place).unwrap().name)
            .collect();
        assert!(
            names[0].ends_with("a.json") && names[1].ends_with("b/x.json") && names[2].ends_with("c.json")
        );
    }

    #[test]
    fn a_path_that_is_not_there_is_told_and_the_others_are_read() {
        let places = resolve(&["/nowhere/a.json".to_owned(), "/nowhere/*.json".to_owned()]);
        assert!(places.found.is_empty());
        assert_eq!(places.missing.len(), 2);
    }
}
