//! A file as an inventory: rows of YAML or CSV, found by key or by patterns.

pub(crate) mod rows;
pub(crate) mod watched;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use globset::{GlobBuilder, GlobMatcher};
use reeve_domain::key::SubjectKey;
use reeve_domain::time::Timestamp;

use crate::ask::Ask;
use crate::mapping::Mapping;
use crate::merge::{Answer, Reply};
use crate::template::Variable;
use rows::{Row, Syntax};
use watched::{Unreadable, Watched};

const BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The rows of one file, read again when it changes.
#[derive(Debug)]
pub(crate) struct FileInventory(Watched<Table>);

impl FileInventory {
    /// `plain`: the rows have the plain names, so that an unknown one is a mistake.
    pub(crate) fn open(path: PathBuf, mapping: Mapping, plain: bool) -> Result<Self, String> {
        let syntax = Syntax::of(&path)?;
        let table = move |bytes: &[u8], _: &_| Table::parse(bytes, syntax, &mapping, plain);
        Watched::open(path, BYTES_MAX, table).map(Self)
    }

    pub(crate) fn reply(&self, ask: &Ask<'_>, key: &SubjectKey, now: Timestamp) -> Reply {
        match self.0.current().find(ask, key) {
            Some(entry) => Reply::found(Arc::clone(&entry.answer), entry.as_of.unwrap_or(now)),
            None => Reply::absent(now),
        }
    }
}

/// Rows by key, then rows by pattern: the exact key wins, then the first pattern row that matches.
#[derive(Debug, Default)]
pub(crate) struct Table {
    exact: BTreeMap<String, Entry>,
    patterns: Vec<(Vec<(Variable, GlobMatcher)>, Entry)>,
}

#[derive(Debug)]
struct Entry {
    answer: Arc<Answer>,
    as_of: Option<Timestamp>,
}

impl Table {
    fn parse(bytes: &[u8], syntax: Syntax, mapping: &Mapping, plain: bool) -> Result<Self, Unreadable> {
        let mut table = Self::default();
        for (index, row) in rows::read(bytes, syntax)?.into_iter().enumerate() {
            let added = row.checked(plain).and_then(|row| table.add(row, mapping));
            added.map_err(|message| Unreadable::new(format!("row {}: {message}", index + 1)))?;
        }
        Ok(table)
    }

    fn add(&mut self, row: Row, mapping: &Mapping) -> Result<(), String> {
        let entry = |rule: &str| Entry {
            answer: Arc::new(mapping.answer(&row.fields, Some(rule))),
            as_of: row.as_of,
        };
        if let Some(key) = &row.key {
            key.parse::<SubjectKey>()
                .map_err(|_| "`key` is not a subject key".to_owned())?;
            if self.exact.insert(key.clone(), entry("key")).is_some() {
                return Err("its key stands in an earlier row".to_owned());
            }
        }
        if !row.patterns.is_empty() {
            let matchers = row
                .patterns
                .iter()
                .map(|(name, glob)| matcher(name, glob))
                .collect::<Result<_, _>>()?;
            let rule: Vec<String> = row
                .patterns
                .iter()
                .map(|(name, glob)| format!("{name}={glob}"))
                .collect();
            self.patterns.push((matchers, entry(&rule.join(" "))));
        }
        Ok(())
    }

    fn find(&self, ask: &Ask<'_>, key: &SubjectKey) -> Option<&Entry> {
        self.exact.get(key.as_str()).or_else(|| {
            let fits = |(variable, glob): &(Variable, GlobMatcher)| {
                variable.value(ask, key).is_some_and(|value| glob.is_match(value))
            };
            let row = self
                .patterns
                .iter()
                .find(|(matchers, _)| matchers.iter().all(fits));
            row.map(|(_, entry)| entry)
        })
    }
}

fn matcher(name: &str, glob: &str) -> Result<(Variable, GlobMatcher), String> {
    let variable = Variable::named(name)
        .map_err(|expected| format!("in `match`: {}", expected.replace(['{', '}'], "")))?;
    let glob = GlobBuilder::new(glob)
        .literal_separator(false)
        .backslash_escape(true)
        .build();
    let glob = glob.map_err(|_| "in `match`: expected a glob".to_owned())?;
    Ok((variable, glob.compile_matcher()))
}
