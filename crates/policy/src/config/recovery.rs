//! All errors of a file at once: take out what is wrong, read again, until nothing is wrong or nothing is left.

use serde::de::DeserializeOwned;

use super::deserializer::read;
use super::fault::{Fault, Site, What};
use super::node::{Body, Document, Node, Place};
use super::{ConfigError, nearest, suggestion};

/// More errors than this in one file help nobody.
const ERRORS_MAX: usize = 100;

/// A key longer than this, or one that is no plain word, is not repeated: someone may have pasted a secret there.
const NAME_CHARS_MAX: usize = 32;

pub(super) fn parse<T: DeserializeOwned>(document: &Document) -> Result<T, Vec<ConfigError>> {
    let mut errors = Vec::new();
    let fault = match read(&document.root) {
        Ok(value) => return Ok(value),
        Err(fault) => fault,
    };
    let mut tree = document.root.clone();
    let mut next = Some(fault);
    while let Some(fault) = next.take() {
        let site = fault.site.clone().unwrap_or(Site::Node(tree.id));
        errors.extend(error_of(document, &tree, &fault, &site));
        if errors.len() < ERRORS_MAX && take_out(&mut tree, &site, meant(&fault)) {
            next = read::<T>(&tree).err();
        }
    }
    if errors.is_empty() {
        errors.push(ConfigError::of_file(
            &document.file,
            "this does not have the form of such a file",
        ));
    }
    errors.sort();
    errors.dedup();
    Err(errors)
}

/// None if the fault only follows from something that was taken out before.
fn error_of(document: &Document, tree: &Node, fault: &Fault, site: &Site) -> Option<ConfigError> {
    let (place, node) = resolve(tree, site)?;
    let (message, meant) = match &fault.what {
        What::MissingField(field) => {
            if matches!(&node.body, Body::Map(map) if map.removed.contains(*field)) {
                return None;
            }
            (format!("missing field `{field}`"), None)
        }
        What::UnknownField { field, expected } => (
            format!("unknown field {}, expected {}", shown(field), list(expected)),
            suggestion(field, expected.iter().copied()),
        ),
        What::UnknownVariant { variant, expected } => (
            format!("not a known word, expected {}", list(expected)),
            suggestion(variant, expected.iter().copied()),
        ),
        What::Expected(expected) => (format!("expected {expected}"), None),
        What::Duplicate(field) => (format!("field `{field}` stands twice"), None),
        What::Refused(message) => (quiet(message, node), None),
    };
    Some(ConfigError {
        file: document.file.clone(),
        line: place.line,
        column: place.column,
        message,
        suggestion: meant,
    })
}

fn shown(field: &str) -> String {
    let plain = |c: char| c.is_ascii_lowercase() || c == '_' || c == '-';
    if field.chars().count() <= NAME_CHARS_MAX && field.chars().all(plain) {
        format!("`{field}`")
    } else {
        "(name not shown)".to_owned()
    }
}

fn list(expected: &[&str]) -> String {
    match expected {
        [] => "none here".to_owned(),
        [one] => format!("`{one}`"),
        _ => format!("one of `{}`", expected.join("`, `")),
    }
}

/// The message of a type's own check, unless it repeats what was written there.
fn quiet(message: &str, node: &Node) -> String {
    if repeats(message, node) {
        "the value does not fit here".to_owned()
    } else {
        message.to_owned()
    }
}

fn repeats(message: &str, node: &Node) -> bool {
    match &node.body {
        Body::Text(text) => !text.is_empty() && message.contains(text.as_str()),
        Body::Seq(items) => items.iter().any(|item| repeats(message, item)),
        Body::Map(map) => map.entries.iter().any(|entry| repeats(message, &entry.value)),
        _ => false,
    }
}

fn resolve<'a>(tree: &'a Node, site: &Site) -> Option<(Place, &'a Node)> {
    match site {
        Site::Node(id) => find(tree, *id).map(|node| (node.place, node)),
        Site::Key { map, key } => {
            let node = find(tree, *map)?;
            let Body::Map(entries) = &node.body else {
                return None;
            };
            let entry = entries.entries.iter().find(|entry| entry.key == *key)?;
            Some((entry.place, node))
        }
    }
}

fn find(node: &Node, id: usize) -> Option<&Node> {
    if node.id == id {
        return Some(node);
    }
    match &node.body {
        Body::Seq(items) => items.iter().find_map(|item| find(item, id)),
        Body::Map(map) => map.entries.iter().find_map(|entry| find(&entry.value, id)),
        _ => None,
    }
}

/// The field that a mistyped one was meant to be: it is not missing as well.
fn meant(fault: &Fault) -> Option<&'static str> {
    match &fault.what {
        What::UnknownField { field, expected } => nearest(field, expected.iter().copied()),
        _ => None,
    }
}

/// Takes the wrong thing out of its parent; false if it is the root or no longer there.
fn take_out(node: &mut Node, site: &Site, meant: Option<&str>) -> bool {
    match &mut node.body {
        Body::Seq(items) => {
            if let Some(index) = items
                .iter()
                .position(|item| matches!(site, Site::Node(id) if *id == item.id))
            {
                items.remove(index);
                return true;
            }
            items.iter_mut().any(|item| take_out(item, site, meant))
        }
        Body::Map(map) => {
            let here = node.id;
            let wrong = map.entries.iter().position(|entry| match site {
                Site::Node(id) => *id == entry.value.id,
                Site::Key { map, key } => *map == here && entry.key == *key,
            });
            if let Some(index) = wrong {
                let entry = map.entries.remove(index);
                map.removed.insert(entry.key);
                map.removed.extend(meant.map(str::to_owned));
                return true;
            }
            map.entries
                .iter_mut()
                .any(|entry| take_out(&mut entry.value, site, meant))
        }
        _ => false,
    }
}
