//! Rows of a file inventory, from YAML and from CSV.

use std::path::Path;

use reeve_domain::time::Timestamp;
use serde_json::{Map, Value};

use super::watched::Unreadable;
use crate::field::{FIELDS, Field, text};

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syntax {
    Yaml,
    Csv,
}

impl Syntax {
    pub(crate) fn of(path: &Path) -> Result<Self, String> {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("yaml" | "yml" | "json") => Ok(Self::Yaml),
            Some("csv") => Ok(Self::Csv),
            _ => Err("expected a file that ends in .yaml, .yml, .json or .csv".to_owned()),
        }
    }
}

/// One row: what it is found by, and what it says.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) key: Option<String>,
    /// Placeholder name (`subject.attributes.account`) → glob; all must match.
    pub(crate) patterns: Vec<(String, String)>,
    pub(crate) as_of: Option<Timestamp>,
    pub(crate) fields: Value,
}

/// The rows of a file, in order.
pub(crate) fn read(bytes: &[u8], syntax: Syntax) -> Result<Vec<Row>, Unreadable> {
    let text = std::str::from_utf8(bytes).map_err(|_| Unreadable::new("expected UTF-8"))?;
    let objects = match syntax {
        Syntax::Yaml => yaml(text)?,
        Syntax::Csv => csv(text)?,
    };
    let numbered = objects.into_iter().enumerate();
    numbered
        .map(|(index, object)| row(object).map_err(|m| Unreadable::new(format!("row {}: {m}", index + 1))))
        .collect()
}

impl Row {
    /// Refuses a row that nothing can find, and with plain names one that says what no task has.
    pub(crate) fn checked(self, plain: bool) -> Result<Self, String> {
        if self.key.is_none() && self.patterns.is_empty() {
            return Err("expected a `key` or a `match`".to_owned());
        }
        if plain {
            known_names(&self.fields, "")?;
        }
        Ok(self)
    }
}

/// A list of rows, or `subjects:` with one.
fn yaml(text: &str) -> Result<Vec<Map<String, Value>>, Unreadable> {
    let document: Value = serde_saphyr::from_str(text).map_err(|error| {
        let at = error
            .location()
            .map_or(String::new(), |at| format!(" at line {}", at.line()));
        Unreadable::new(format!("not YAML{at}"))
    })?;
    let rows = match document {
        Value::Object(mut whole) if whole.len() == 1 => whole.remove("subjects").unwrap_or(Value::Null),
        other => other,
    };
    let Value::Array(rows) = rows else {
        return Err(Unreadable::new(
            "expected a list of rows, or `subjects:` with one",
        ));
    };
    let object = |row| match row {
        Value::Object(object) => Ok(object),
        _ => Err(Unreadable::new("expected every row to be a mapping")),
    };
    rows.into_iter().map(object).collect()
}

/// A header, then rows; `owners.resolver.ref` is nested, `match.<placeholder>` a pattern, an empty cell nothing.
fn csv(text: &str) -> Result<Vec<Map<String, Value>>, Unreadable> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_reader(text.as_bytes());
    let bad = |error: csv::Error| {
        let line = error
            .position()
            .map_or(String::new(), |at| format!(" at line {}", at.line()));
        Unreadable::new(format!("not CSV{line}"))
    };
    let columns: Vec<String> = reader
        .headers()
        .map_err(bad)?
        .iter()
        .map(|name| name.trim_start_matches('\u{feff}').to_owned())
        .collect();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(bad)?;
        let mut row = Map::new();
        for (column, cell) in columns
            .iter()
            .zip(record.iter())
            .filter(|(_, cell)| !cell.is_empty())
        {
            nest(&mut row, column, Value::String(cell.to_owned())).map_err(Unreadable::new)?;
        }
        rows.push(row);
    }
    Ok(rows)
}

fn nest(object: &mut Map<String, Value>, column: &str, cell: Value) -> Result<(), String> {
    let (first, rest) = match column.split_once('.') {
        Some((first @ ("match" | "tags"), rest)) => (first, Some((rest, ""))),
        Some((first, rest)) => (first, Some((rest, "nested"))),
        None => (column, None),
    };
    let Some((rest, depth)) = rest else {
        object.insert(first.to_owned(), cell);
        return Ok(());
    };
    let inner = object.entry(first).or_insert_with(|| Value::Object(Map::new()));
    let Value::Object(inner) = inner else {
        return Err("a column and one below it have the same name".to_owned());
    };
    if depth.is_empty() {
        inner.insert(rest.to_owned(), cell);
        return Ok(());
    }
    nest(inner, rest, cell)
}

fn row(mut object: Map<String, Value>) -> Result<Row, String> {
    let key = object.remove("key").as_ref().and_then(text);
    let as_of = match object.remove("as_of").as_ref().and_then(text) {
        Some(written) => Some(
            written
                .parse()
                .map_err(|_| "`as_of` is not an RFC 3339 time".to_owned())?,
        ),
        None => None,
    };
    let patterns = match object.remove("match") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Object(patterns)) => patterns
            .into_iter()
            .filter_map(|(name, glob)| Some((name, text(&glob)?)))
            .collect(),
        Some(_) => return Err("`match` is not a mapping of placeholders to globs".to_owned()),
    };
    Ok(Row {
        key,
        patterns,
        as_of,
        fields: Value::Object(object),
    })
}

/// Every name must lead to a task field, so that a typing error is told and not lost.
fn known_names(fields: &Value, above: &str) -> Result<(), String> {
    let Value::Object(object) = fields else {
        return Ok(());
    };
    for (name, value) in object {
        let path = if above.is_empty() {
            name.clone()
        } else {
            format!("{above}.{name}")
        };
        let leads_on = FIELDS
            .iter()
            .any(|(known, _)| known.starts_with(&format!("{path}.")));
        match Field::named(&path) {
            Some(Field::Owner(_)) => known_parts(value, &path)?,
            Some(_) => {}
            None if leads_on => known_names(value, &path)?,
            None => return Err(format!("`{path}` is not a field of tasks")),
        }
    }
    Ok(())
}

fn known_parts(owner: &Value, path: &str) -> Result<(), String> {
    let Value::Object(parts) = owner else {
        return Ok(());
    };
    let unknown = parts
        .keys()
        .find(|part| !matches!(part.as_str(), "type" | "ref" | "name" | "contact"));
    match unknown {
        Some(part) => Err(format!("`{path}.{part}` is not a part of an owner")),
        None => Ok(()),
    }
}
