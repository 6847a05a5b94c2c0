//! The data directory: private to its owner, because raw alerts may hold live secrets.

use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use crate::traits::LogError;

const STORE: &str = "log.redb";
const GROUP_AND_OTHERS: u32 = 0o077;

/// Makes `directory` with mode 0700, or refuses one that anybody else can enter.
pub(super) fn prepare(directory: &Path) -> Result<(), LogError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
    made.map_err(|error| unusable(directory, &error.to_string()))?;
    let found = std::fs::metadata(directory).map_err(|error| unusable(directory, &error.to_string()))?;
    private(directory, &found)
}

/// Opens the file of the store, readable by its owner alone.
pub(super) fn file(directory: &Path) -> Result<File, LogError> {
    let mut options = OpenOptions::new();
    options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600);
    let path = directory.join(STORE);
    options
        .open(&path)
        .map_err(|error| unusable(&path, &error.to_string()))
}

fn private(directory: &Path, found: &Metadata) -> Result<(), LogError> {
    if !found.is_dir() {
        return Err(unusable(directory, "it is not a directory"));
    }
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(unusable(
            directory,
            "it belongs to somebody else; use a directory of your own",
        ));
    }
    if found.mode() & GROUP_AND_OTHERS != 0 {
        return Err(unusable(
            directory,
            &format!(
                "others can enter it (mode {:04o}); chmod 700 it",
                found.mode() & 0o7777
            ),
        ));
    }
    Ok(())
}

fn unusable(path: &Path, what: &str) -> LogError {
    LogError::Setup(format!("{}: {what}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_new_directory_is_private() {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("new/data");
        prepare(&directory).unwrap();
        assert_eq!(std::fs::metadata(&directory).unwrap().mode() & 0o7777, 0o700);
        prepare(&directory).unwrap();
    }

    #[test]
    fn a_directory_that_others_can_enter_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        for mode in [0o750, 0o701, 0o755, 0o1777] {
            std::fs::set_permissions(directory.path(), Permissions::from_mode(mode)).unwrap();
            let refused = prepare(directory.path());
            assert!(
                matches!(&refused, Err(LogError::Setup(text)) if text.contains("chmod 700")),
                "{mode:o}"
            );
        }
    }

    #[test]
    fn a_file_in_place_of_the_directory_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        std::fs::write(&path, "").unwrap();
        assert!(matches!(prepare(&path), Err(LogError::Setup(_))));
    }
}
