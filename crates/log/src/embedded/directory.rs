//! The data directory: private to its owner, because raw alerts may hold live secrets.

use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io::{Error, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::Access;

use crate::traits::LogError;
use crate::why::why;

const STORE: &str = "log.redb";
const GROUP_AND_OTHERS: u32 = 0o077;

/// What is wrong with a path that leads to no directory.
const NO_DIRECTORY: &str =
    "it is no directory; expected one of its own for the embedded log (REEVE_DATA_DIR)";

/// Makes `directory` with mode 0700, or refuses one that anybody else can enter.
pub(super) fn prepare(directory: &Path) -> Result<(), LogError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
    made.map_err(|error| refused(directory, &error))?;
    let found = std::fs::metadata(directory).map_err(|error| refused(directory, &error))?;
    private(directory, &found)
}

/// Whether `prepare` would succeed; makes nothing. Whether the store is there already.
pub(super) fn examine(directory: &Path) -> Result<bool, LogError> {
    match std::fs::metadata(directory) {
        Ok(found) => private(directory, &found).map(|()| directory.join(STORE).exists()),
        Err(error) if error.kind() == ErrorKind::NotFound => can_be_made(directory).map(|()| false),
        Err(error) => Err(refused(directory, &error)),
    }
}

/// A directory can be made below the nearest one that is there.
fn can_be_made(directory: &Path) -> Result<(), LogError> {
    let absolute = std::path::absolute(directory).map_err(|error| refused(directory, &error))?;
    let Some(there) = absolute.ancestors().skip(1).find(|above| above.exists()) else {
        return Ok(());
    };
    let writable = rustix::fs::access(there, Access::WRITE_OK | Access::EXEC_OK);
    writable.map_err(|error| refused(directory, &error.into()))
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
    options.open(&path).map_err(|error| refused(&path, &error))
}

fn refused(directory: &Path, error: &Error) -> LogError {
    match error.kind() {
        ErrorKind::AlreadyExists | ErrorKind::NotADirectory => unusable(directory, NO_DIRECTORY),
        kind => unusable(directory, &why(kind)),
    }
}

fn private(directory: &Path, found: &Metadata) -> Result<(), LogError> {
    if !found.is_dir() {
        return Err(unusable(directory, NO_DIRECTORY));
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
        for path in [path.clone(), path.join("below")] {
            for refused in [prepare(&path), examine(&path).map(drop)] {
                let told = refused.unwrap_err().to_string();
                assert!(
                    told.contains("it is no directory") && !told.contains("os error"),
                    "{told}"
                );
            }
        }
    }

    #[test]
    fn a_look_makes_nothing_and_says_what_the_start_would() {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("new/data");
        assert!(!examine(&directory).unwrap());
        assert!(!parent.path().join("new").exists());
        prepare(&directory).unwrap();
        assert!(!examine(&directory).unwrap());
        std::fs::set_permissions(&directory, Permissions::from_mode(0o755)).unwrap();
        assert!(matches!(examine(&directory), Err(LogError::Setup(text)) if text.contains("chmod 700")));
    }
}
