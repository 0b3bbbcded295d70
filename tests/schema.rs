//! The JSON that the program writes against the schemas that it is published with, `src/report/json/schema.json`
//! and `src/report/compare/schema.json`: every golden document, and what is written now about every fixture.

#![allow(clippy::panic, clippy::indexing_slicing, clippy::unwrap_used, reason = "these are tests")]

#[path = "schema/documents.rs"]
mod documents;
#[path = "support/support.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use jsonschema::Validator;
use serde_json::{Value, json};

use documents::{Kind, golden, live};

/// What is written only where it says something.
const OPTIONAL: [&str; 4] = ["check", "expectations", "reason", "weakened_by_drops"];

fn schema(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report").join(file);
    let schema: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    schema
}

/// One definition of the schema instead of all: what a document breaks is told apart that way.
fn validator(kind: Kind) -> Validator {
    let mut schema = schema(kind.schema());
    if let Some(definition) = kind.definition() {
        schema["anyOf"] = json!([{ "$ref": format!("#/$defs/{definition}") }]);
    }
    jsonschema::validator_for(&schema).unwrap()
}

fn assert_valid(validator: &Validator, document: &Value, name: &str) {
    let errors: Vec<String> =
        validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{name}: {}", errors.join("\n"));
}

#[test]
fn every_golden_document_is_valid() {
    for kind in Kind::ALL {
        let validator = validator(kind);
        let all = jsonschema::validator_for(&schema(kind.schema())).unwrap();
        let documents = golden(kind);
        assert!(documents.len() >= kind.golden(), "{kind:?}: {} documents", documents.len());
        for (name, document) in documents {
            assert_valid(&validator, &document, &name);
            assert!(all.is_valid(&document), "{name}");
        }
    }
}

#[test]
fn what_is_written_now_is_valid() {
    for kind in Kind::ALL {
        let validator = validator(kind);
        for (name, document) in live(kind) {
            assert_valid(&validator, &document, &name);
        }
    }
}

/// The schema is closed everywhere: a field that is new in the report fails until it is declared.
#[test]
fn an_undeclared_field_fails_and_so_does_a_missing_one() {
    for kind in Kind::ALL {
        let validator = validator(kind);
        for (name, document) in largest(live(kind)) {
            for at in objects(&document, "") {
                let mut with_more = document.clone();
                with_more.pointer_mut(&at).unwrap()["undeclared"] = json!(1);
                assert!(!validator.is_valid(&with_more), "{name}: {at} takes any field");
                let object = document.pointer(&at).unwrap().as_object().unwrap();
                for field in object.keys().filter(|field| !OPTIONAL.contains(&field.as_str())) {
                    let mut with_less = document.clone();
                    with_less.pointer_mut(&at).unwrap().as_object_mut().unwrap().remove(field);
                    assert!(!validator.is_valid(&with_less), "{name}: {at} does without {field}");
                }
            }
        }
    }
}

/// The largest document; of lines, the largest of each type.
fn largest(documents: Vec<(String, Value)>) -> Vec<(String, Value)> {
    let mut largest: BTreeMap<String, (String, Value)> = BTreeMap::new();
    for (name, document) in documents {
        let kept = largest.entry(document["type"].to_string()).or_default();
        if document.to_string().len() > kept.1.to_string().len() {
            *kept = (name, document);
        }
    }
    largest.into_values().collect()
}

/// Every name that the schemas declare is written somewhere. What no fixture can give: only a live capture knows
/// what it dropped, and only an edited one contradicts itself.
#[test]
fn nothing_is_declared_that_is_not_written() {
    let mut written = BTreeSet::from(["reason", "weakened_by_drops"].map(str::to_owned));
    for kind in Kind::ALL {
        for (_, document) in golden(kind).into_iter().chain(live(kind)) {
            names(&document, &mut written);
        }
    }
    let mut declared = BTreeSet::new();
    for kind in Kind::ALL {
        properties(&schema(kind.schema()), &mut declared);
    }
    let idle: Vec<&String> = declared.difference(&written).collect();
    assert!(idle.is_empty(), "{idle:?}");
}

/// Pointers to all objects, the first of each list standing for the others.
fn objects(value: &Value, at: &str) -> Vec<String> {
    match value {
        Value::Object(fields) => {
            let inner = fields.iter().flat_map(|(name, value)| objects(value, &format!("{at}/{name}")));
            std::iter::once(at.to_owned()).chain(inner).collect()
        }
        Value::Array(items) => {
            items.first().map(|first| objects(first, &format!("{at}/0"))).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

fn names(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                found.insert(name.clone());
                names(value, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| names(item, found)),
        _ => {}
    }
}

/// The names under every `properties`.
fn properties(schema: &Value, found: &mut BTreeSet<String>) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::Object(declared)) = fields.get("properties") {
                found.extend(declared.keys().cloned());
            }
            fields.values().for_each(|value| properties(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| properties(item, found)),
        _ => {}
    }
}
