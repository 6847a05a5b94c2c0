//! `inventories.yaml` as it is written.

use std::collections::BTreeMap;

use reeve_domain::context::OwnerConfidence;
use reeve_domain::key::Class;
use serde::Deserialize;

/// The whole document. The order is the precedence: for each field the first inventory that knows it wins.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawInventories {
    /// What to ask, best first.
    #[serde(default)]
    pub inventories: Vec<RawInventory>,
}

/// One inventory: exactly one of `request`, `file`, `codeowners`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawInventory {
    /// Unique; a metric label and the `source` of what it says.
    pub name: String,
    /// Which subjects it is asked about; all if left out.
    #[serde(default)]
    pub covers: RawCovers,
    /// Under which keys a subject is asked for, in this order, until one is found; `[subject]` if left out.
    pub keys: Option<Vec<RawKey>>,
    /// How sure its owners are: `high` unless said otherwise, `medium` for CODEOWNERS.
    pub confidence: Option<OwnerConfidence>,
    /// JSON over HTTP.
    pub request: Option<RawRequest>,
    /// A YAML or CSV file of rows.
    pub file: Option<RawFile>,
    /// CODEOWNERS files of repositories.
    pub codeowners: Option<Vec<RawCodeowners>>,
    /// HTTP statuses that say "known not to be there".
    #[serde(default)]
    pub absent: Vec<u16>,
    /// JSON pointer to the subject in the answer, the whole answer if left out; at an array, the first that matches `where`.
    #[serde(default)]
    pub at: String,
    /// JSON pointer below an element → the text it must have; placeholders as in the URL.
    #[serde(default, rename = "where")]
    pub wheres: BTreeMap<String, String>,
    /// Task field → where it stands below `at`; the plain inventory's own names if left out.
    pub fields: Option<BTreeMap<String, RawSource>>,
    /// How long answers are kept.
    #[serde(default)]
    pub cache: RawCache,
    /// How hard it may be asked.
    #[serde(default)]
    pub limits: RawLimits,
}

impl RawInventory {
    /// A file inventory with the plain field names, as `--inventory FILE` means it.
    pub fn from_file(name: &str, path: &str) -> Self {
        Self {
            name: name.to_owned(),
            file: Some(RawFile {
                path: path.to_owned(),
            }),
            ..Self::default()
        }
    }
}

/// Which subjects an inventory is asked about; an empty list means all.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawCovers {
    /// `identity`, `secret`, `entitlement`.
    #[serde(default)]
    pub classes: Vec<Class>,
    /// `aws`, `github`, …
    #[serde(default)]
    pub providers: Vec<String>,
}

/// A key under which a subject can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RawKey {
    /// Its own.
    Subject,
    /// Its strong aliases: the same subject under another name.
    Aliases,
    /// The identity it authenticates: whose key a leaked key is.
    Authenticates,
}

/// A GET. Placeholders are percent-encoded; a request whose placeholders have no value is not made.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawRequest {
    /// Absolute `http` or `https` URL with `{subject.key}` and the like; an unset `${VAR}` in it switches the inventory off.
    pub url: String,
    /// Name → value with `{file:/path}`; a header whose file does not exist is not sent.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
}

/// A YAML or CSV file, by its extension, read again when it changes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawFile {
    /// Relative to the folder of the configuration; an unset `${VAR}` in it switches the inventory off.
    pub path: String,
}

/// The CODEOWNERS of the repositories that a pattern names; the first pattern that matches wins.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawCodeowners {
    /// Glob over `host/owner/name` or `owner/name`, e.g. `acme/*`.
    pub repository: String,
    /// The file, or a checkout in which it lies at one of the usual places.
    pub path: String,
}

/// Where a task field comes from.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum RawSource {
    /// A pointer, a list of them, a pointer with a map, or a constant.
    Pick(RawPick),
    /// The parts of an owner.
    Owner(Box<RawOwner>),
}

/// The parts of an owner, each where it stands.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawOwner {
    /// `team`, `user`, …
    #[serde(rename = "type")]
    pub kind: Option<RawPick>,
    /// Stable reference.
    #[serde(rename = "ref")]
    pub reference: Option<RawPick>,
    /// For people.
    pub name: Option<RawPick>,
    /// Mail address, channel or page.
    pub contact: Option<RawPick>,
}

/// One value of the answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum RawPick {
    /// A JSON pointer.
    Pointer(String),
    /// JSON pointers; the first that is not null wins.
    Pointers(Vec<String>),
    /// A JSON pointer and what its words mean.
    Mapped(RawMapped),
    /// Always this.
    Constant(RawConstant),
}

/// A JSON pointer and what its words mean; a word that the map lacks stands for itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawMapped {
    /// JSON pointer.
    pub pointer: String,
    /// Word of the inventory → word of the task.
    pub map: BTreeMap<String, String>,
}

/// A value that does not depend on the answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawConstant {
    /// The value.
    pub value: String,
}

/// How long answers are kept, each ±10 % so that they do not all end at once.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawCache {
    /// Used without asking, seconds.
    pub fresh_s: u64,
    /// Used while asking again or when there is no answer, seconds.
    pub stale_s: u64,
    /// How long "not there" is believed, seconds.
    pub absent_s: u64,
    /// Answers kept, in units of 1 KiB.
    pub entries_max: u64,
}

impl Default for RawCache {
    fn default() -> Self {
        Self {
            fresh_s: 300,
            stale_s: 86_400,
            absent_s: 60,
            entries_max: 100_000,
        }
    }
}

/// How hard an inventory may be asked.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawLimits {
    /// Requests per second in the long run.
    pub per_second: u32,
    /// Requests at once after a pause.
    pub burst: u32,
    /// Requests that may be open at the same time.
    pub in_flight: u32,
    /// From the first wait for a limit to the last byte, milliseconds.
    pub deadline_ms: u64,
    /// Longest body, as sent and after decompression, bytes.
    pub body_bytes_max: usize,
}

impl Default for RawLimits {
    fn default() -> Self {
        Self {
            per_second: 50,
            burst: 100,
            in_flight: 16,
            deadline_ms: 1_000,
            body_bytes_max: 1_048_576,
        }
    }
}
