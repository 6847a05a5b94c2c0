//! The wire contract: what a consumer was promised is still there, of the same type.

use reeve_tests::embedded::Embedded;
use serde_json::{Map, Value, json};

/// Kind, schema as it was published, who writes such records.
const PUBLISHED: [(&str, &str, Writer); 6] = [
    (
        "finding",
        include_str!("../../docs/schemas/finding.json"),
        Writer::Reeve,
    ),
    (
        "evidence",
        include_str!("../../docs/schemas/evidence.json"),
        Writer::Reeve,
    ),
    (
        "receipt",
        include_str!("../../docs/schemas/receipt.json"),
        Writer::Reeve,
    ),
    (
        "task",
        include_str!("../../docs/schemas/task.json"),
        Writer::Reeve,
    ),
    (
        "event",
        include_str!("../../docs/schemas/event.json"),
        Writer::Others,
    ),
    (
        "dead_letter",
        include_str!("../../docs/schemas/dead_letter.json"),
        Writer::Reeve,
    ),
];
const ASYNCAPI: &str = include_str!("../../docs/asyncapi.yaml");

/// Who is bound by a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writer {
    /// Others read: what was always there stays.
    Reeve,
    /// Others write: what was enough stays enough.
    Others,
}

fn read(text: &str) -> Value {
    serde_json::from_str(text).expect("a schema is JSON")
}

fn generated(reeve: &Embedded, kind: &str) -> Value {
    read(&reeve.prints(&["schema", kind]))
}

/// What `new` takes away from those who rely on `old`.
fn faults(old: &Value, new: &Value, writer: Writer) -> Vec<String> {
    let mut faults = Vec::new();
    compare(old, new, writer, "", &mut faults);
    faults
}

fn compare(old: &Value, new: &Value, writer: Writer, path: &str, faults: &mut Vec<String>) {
    for keyword in ["type", "$ref", "format", "const"] {
        if old[keyword] != new[keyword] {
            faults.push(format!(
                "{path}: {keyword} {} is {} now",
                old[keyword], new[keyword]
            ));
        }
    }
    for keyword in ["properties", "$defs"] {
        compare_members(&old[keyword], &new[keyword], writer, path, faults);
    }
    for keyword in ["items", "additionalProperties"] {
        if old[keyword].is_object() {
            compare(
                &old[keyword],
                &new[keyword],
                writer,
                &format!("{path}/{keyword}"),
                faults,
            );
        }
    }
    for keyword in ["oneOf", "anyOf", "allOf"] {
        compare_choices(&old[keyword], &new[keyword], writer, path, faults);
    }
    for value in without(&old["enum"], &new["enum"]) {
        faults.push(format!("{path}: the value {value} is gone"));
    }
    let (had, has) = (&old["required"], &new["required"]);
    match writer {
        Writer::Reeve => {
            faults.extend(without(had, has).map(|name| format!("{path}: {name} may be missing now")))
        }
        Writer::Others => {
            faults.extend(without(has, had).map(|name| format!("{path}: {name} is required now")))
        }
    }
}

fn compare_members(old: &Value, new: &Value, writer: Writer, path: &str, faults: &mut Vec<String>) {
    let none = Map::new();
    for (name, old) in old.as_object().unwrap_or(&none) {
        let path = format!("{path}/{name}");
        match new.get(name) {
            Some(new) => compare(old, new, writer, &path, faults),
            None => faults.push(format!("{path}: is gone")),
        }
    }
}

/// Each alternative of before is still one of those there are.
fn compare_choices(old: &Value, new: &Value, writer: Writer, path: &str, faults: &mut Vec<String>) {
    let kept = |old: &Value| {
        items(new)
            .iter()
            .any(|new| self::faults(old, new, writer).is_empty())
    };
    let lost = items(old).iter().filter(|old| !kept(old));
    faults.extend(lost.map(|old| format!("{path}: no alternative is {old} any more")));
}

fn items(list: &Value) -> &[Value] {
    list.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn without<'v>(list: &'v Value, other: &'v Value) -> impl Iterator<Item = &'v Value> {
    items(list).iter().filter(|value| !items(other).contains(value))
}

#[test]
fn nothing_that_was_published_is_removed_or_retyped() {
    let reeve = Embedded::default();
    for (kind, published, writer) in PUBLISHED {
        let faults = faults(&read(published), &generated(&reeve, kind), writer);
        assert!(faults.is_empty(), "{kind}: {faults:#?}");
    }
}

#[test]
fn an_added_field_passes() {
    for (kind, published, writer) in PUBLISHED {
        let old = read(published);
        let mut new = old.clone();
        new["properties"]["added"] = json!({ "type": "string" });
        assert_eq!(faults(&old, &new, writer), [""; 0], "{kind}");
    }
}

#[test]
fn a_removed_or_retyped_field_at_any_depth_is_found() {
    for (kind, published, writer) in PUBLISHED {
        let old = read(published);
        for pointer in members(&old, "") {
            let mut removed = old.clone();
            remove(&mut removed, &pointer);
            assert!(
                !faults(&old, &removed, writer).is_empty(),
                "{kind}: {pointer} removed"
            );
            let mut retyped = old.clone();
            *retyped.pointer_mut(&pointer).expect("it is there") = json!({ "type": "null" });
            assert!(
                !faults(&old, &retyped, writer).is_empty(),
                "{kind}: {pointer} retyped"
            );
        }
    }
}

#[test]
fn readers_keep_what_was_always_there_and_writers_what_was_enough() {
    let (task, event) = (read(PUBLISHED[3].1), read(PUBLISHED[4].1));
    let mut fewer = task.clone();
    fewer["required"]
        .as_array_mut()
        .expect("a task requires fields")
        .pop();
    assert_eq!(faults(&task, &fewer, Writer::Reeve).len(), 1);
    let mut more = event.clone();
    more["required"]
        .as_array_mut()
        .expect("an event requires fields")
        .push(json!("external"));
    assert_eq!(faults(&event, &more, Writer::Others).len(), 1);
}

/// JSON pointers of every property of a schema that constrains something.
fn members(schema: &Value, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    for keyword in ["properties", "$defs"] {
        for (name, member) in schema[keyword].as_object().into_iter().flatten() {
            let pointer = format!("{path}/{keyword}/{}", name.replace('~', "~0").replace('/', "~1"));
            let bare = member
                .as_object()
                .is_none_or(|member| member.keys().all(|key| key == "description" || key == "default"));
            if keyword == "properties" && !bare {
                found.push(pointer.clone());
            }
            found.extend(members(member, &pointer));
        }
    }
    found
}

fn remove(schema: &mut Value, pointer: &str) {
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer has a parent");
    let parent = schema.pointer_mut(parent).and_then(Value::as_object_mut);
    parent
        .and_then(|parent| parent.remove(name))
        .expect("it is there");
}

#[test]
fn the_asyncapi_document_is_what_reeve_prints() {
    let reeve = Embedded::default();
    assert_eq!(
        reeve.prints(&["schema", "asyncapi"]),
        ASYNCAPI,
        "`just schemas` writes it"
    );
}
