//! The hand-written fixtures of every built-in format, and reports made from them by changing a value or a name.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/formats/fixtures");

/// The first result of every fixture, once for each of its values: with a value of another type in its place.
pub fn wrong_types(text: &str) -> Vec<String> {
    let mut documents = Vec::new();
    for (_, document) in fixtures() {
        let document = single(document);
        for pointer in pointers(&document) {
            let mut changed = document.clone();
            let other = match document.pointer(&pointer) {
                Some(Value::String(_)) => {
                    [json!(17), json!({ text: text }), json!([text])][documents.len() % 3].take()
                }
                Some(Value::Object(_)) => json!([text]),
                Some(Value::Array(_)) => json!({ text: text }),
                _ => json!(text),
            };
            set(&mut changed, &pointer, other);
            documents.push(changed.to_string());
        }
    }
    documents
}

/// The first document of each fixture, by its name.
pub(crate) fn fixtures() -> Vec<(String, Value)> {
    let mut found: Vec<(String, Value)> = entries(Path::new(FIXTURES))
        .iter()
        .flat_map(|folder| entries(folder))
        .map(|path| {
            let name = path.strip_prefix(FIXTURES).expect("it lies there");
            (name.display().to_string(), fixture(&name.display().to_string()))
        })
        .filter(|(_, document)| !strings(document).is_empty())
        .collect();
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    assert!(found.len() > 20, "every format has fixtures");
    found
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the fixtures are part of the checkout");
    entries
        .map(|entry| entry.expect("it can be read").path())
        .collect()
}

/// The first document of one.
pub(crate) fn fixture(name: &str) -> Value {
    let text = std::fs::read_to_string(Path::new(FIXTURES).join(name)).expect("it is part of the checkout");
    let mut documents = serde_json::Deserializer::from_str(&text).into_iter();
    let first = documents.next().expect("a fixture holds a document");
    first.expect("a fixture is JSON")
}

/// A report's one result: what a value is known for is its own result alone.
pub(crate) fn single(mut report: Value) -> Value {
    let results = report
        .pointer_mut("/vulnerabilities")
        .and_then(Value::as_array_mut);
    if let Some(results) = results {
        results.truncate(4);
        *results = results.pop().into_iter().collect();
    }
    if report.is_array() {
        report[0].take()
    } else {
        report
    }
}

/// The JSON pointers of every string in the document.
pub(crate) fn strings(document: &Value) -> Vec<String> {
    let is_string = |pointer: &String| document.pointer(pointer).is_some_and(Value::is_string);
    pointers(document).into_iter().filter(is_string).collect()
}

/// The JSON pointers of every value in the document, the document itself left out.
fn pointers(document: &Value) -> Vec<String> {
    let children: Vec<(String, &Value)> = match document {
        Value::Array(all) => (0_usize..).map(|index| index.to_string()).zip(all).collect(),
        Value::Object(all) => all
            .iter()
            .map(|(key, child)| (key.replace('~', "~0").replace('/', "~1"), child))
            .collect(),
        _ => Vec::new(),
    };
    let below = |(key, child): (String, &Value)| -> Vec<String> {
        let inner = pointers(child);
        let inner = inner.into_iter().map(|pointer| format!("/{key}{pointer}"));
        std::iter::once(format!("/{key}")).chain(inner).collect()
    };
    children.into_iter().flat_map(below).collect()
}

/// Puts a value at a pointer of the document.
pub(crate) fn set(document: &mut Value, pointer: &str, value: Value) {
    *document.pointer_mut(pointer).expect("a pointer of this document") = value;
}

/// Gives the member at the pointer another name; an element of an array, which has none, the name for its value.
pub(crate) fn rename(document: &mut Value, pointer: &str, name: &str) {
    let (parent, key) = pointer.rsplit_once('/').unwrap_or_default();
    let key = key.replace("~1", "/").replace("~0", "~");
    match document.pointer_mut(parent).and_then(Value::as_object_mut) {
        Some(object) => {
            let member = object.remove(&key).unwrap_or_default();
            object.insert(name.to_owned(), member);
        }
        None => set(document, pointer, json!(name)),
    }
}
