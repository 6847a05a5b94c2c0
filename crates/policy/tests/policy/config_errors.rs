//! All errors at once, each with its place, none with a value.

use std::collections::BTreeMap;

use proptest::prelude::*;
use reeve_policy::config::{Document, FILES, OneOrMany, interpolate, parse};
use reeve_policy::{ConfigTexts, Policy};
use serde::Deserialize;

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Server {
    host: String,
    port: u16,
    #[serde(default)]
    secure: bool,
    kind: Option<Kind>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Primary,
    Backup,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Servers {
    servers: Vec<Server>,
    only: Option<OneOrMany<Kind>>,
}

fn errors(text: &str) -> Vec<String> {
    parse::<Servers>("s.yaml", text)
        .unwrap_err()
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn every_error_of_a_file_is_told_with_line_column_and_what_was_meant() {
    let text = "\
servers:
  - host: a
    prt: 1
  - { host: b, port: many, kind: primry }
  - host: c
    port: 3
    labels: [x]
  - host: d
onyl: primary
";
    assert_eq!(
        errors(text),
        [
            "s.yaml:3:5: unknown field `prt`, expected one of `host`, `port`, `secure`, `kind`, `labels`, did you mean `port`?",
            "s.yaml:4:22: expected u16",
            "s.yaml:4:34: not a known word, expected one of `primary`, `backup`, did you mean `primary`?",
            "s.yaml:7:13: expected a map",
            "s.yaml:8:5: missing field `port`",
            "s.yaml:9:1: unknown field `onyl`, expected one of `servers`, `only`, did you mean `only`?",
        ]
    );
}

#[test]
fn no_value_and_no_strange_key_is_ever_shown() {
    let secret = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";
    let places = [
        format!("servers: [{{ host: a, port: {secret} }}]"),
        format!("servers: [{{ host: a, port: 1, kind: {secret} }}]"),
        format!("servers: [{{ host: a, port: 1, secure: {secret} }}]"),
        format!("servers: [{{ host: a, port: 1, {secret}: 1 }}]"),
        format!("servers: {secret}"),
        format!("only: {secret}\nservers: []"),
        format!("servers: [{{ host: {{ {secret}: 1 }}, port: 1 }}]"),
        format!("servers: [{{ host: \"{secret}, port: 1 }}]"),
        format!("{secret}: &{secret}\n  - *{secret}x"),
        format!("{secret}: 1\n{secret}: 2"),
        format!("{{ {secret}"),
    ];
    for text in places {
        let told = errors(&text).join("\n");
        assert!(
            !told.is_empty() && !told.contains("16C7e42F") && !told.contains("ghp_"),
            "{told}"
        );
    }
}

#[test]
fn a_variable_in_quotes_may_stand_for_a_number() {
    let servers = parse::<Servers>(
        "s.yaml",
        "servers: [{ host: 5, port: \"6\", secure: \"true\" }]\nonly: backup",
    )
    .unwrap();
    let expected = Server {
        host: "5".into(),
        port: 6,
        secure: true,
        kind: None,
        labels: BTreeMap::new(),
    };
    assert_eq!(servers.servers, [expected]);
    assert_eq!(servers.only, Some(OneOrMany(vec![Kind::Backup])));
}

#[test]
fn what_is_no_yaml_is_told_where_it_stops_to_be() {
    let told = errors("servers:\n  - host: [a\n");
    assert!(
        told[0].starts_with("s.yaml:") && told[0].contains("not valid YAML"),
        "{told:?}"
    );
    assert_eq!(
        errors("servers: []\nservers: []\n"),
        ["s.yaml:2:1: this key stands twice in the same map"]
    );
}

#[test]
fn an_error_of_meaning_points_at_what_it_means() {
    let document = Document::read("s.yaml", "servers:\n  - host: a\n    port: 1\n").unwrap();
    assert_eq!(
        document.error("/servers/0/port", "no").to_string(),
        "s.yaml:3:11: no"
    );
    assert_eq!(
        document.error("/servers/0/kind", "no").to_string(),
        "s.yaml:2:5: no"
    );
}

#[test]
fn errors_of_all_files_come_together() {
    let shipped = ConfigTexts::shipped();
    let typo = |file: &str, from: &str, to: &str| {
        let text = shipped.text(file).replacen(from, to, 1);
        assert_ne!(text, shipped.text(file), "{file} has no {from}");
        text
    };
    let broken = shipped
        .clone()
        .with("routes.yaml", typo("routes.yaml", "match:", "matc:"))
        .with("paths.yaml", typo("paths.yaml", "phases:", "fases:"))
        .with("ledger.yaml", typo("ledger.yaml", "30d", "thirty days"));
    let told: Vec<String> = Policy::compile(&broken)
        .unwrap_err()
        .iter()
        .map(ToString::to_string)
        .collect();
    let has = |file: &str, text: &str| {
        told.iter()
            .any(|line| line.starts_with(file) && line.contains(text))
    };
    assert!(has("routes.yaml:", "did you mean `match`?"), "{told:?}");
    assert!(has("paths.yaml:", "did you mean `phases`?"), "{told:?}");
    assert!(has("ledger.yaml:5:16:", "expected a length of time"), "{told:?}");
}

#[test]
fn errors_of_meaning_in_several_files_come_together() {
    let shipped = ConfigTexts::shipped();
    let deadlines = shipped
        .text("deadlines.yaml")
        .replacen("to: executive", "to: exekutive", 1);
    let evidence = shipped
        .text("evidence.yaml")
        .replacen("  revoke: ", "  revok: ", 1);
    let broken = shipped
        .with("deadlines.yaml", deadlines)
        .with("evidence.yaml", evidence);
    let told: Vec<String> = Policy::compile(&broken)
        .unwrap_err()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].contains("did you mean `executive`?") && told[1].contains("did you mean `revok`?"),
        "{told:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_makes_the_reader_panic(text in "[ -~\n\u{e9}]{0,120}") {
        if let Err(errors) = parse::<Servers>("s.yaml", &text) {
            prop_assert!(!errors.is_empty());
        }
    }

    #[test]
    fn text_without_variables_is_left_as_it_is(text in "[ -#%-~\n\u{e9}]{0,120}") {
        prop_assert_eq!(interpolate("s.yaml", &text, &|_| None).unwrap(), text);
    }

    #[test]
    fn a_shipped_file_with_a_line_cut_out_compiles_or_says_what_is_wrong_in_that_file(
        (name, text) in proptest::sample::select(FILES.to_vec()),
        at in any::<proptest::sample::Index>(),
    ) {
        let cut = at.index(text.lines().count());
        let left: Vec<&str> = text.lines().enumerate().filter(|(i, _)| *i != cut).map(|(_, line)| line).collect();
        if let Err(errors) = Policy::compile(&ConfigTexts::shipped().with(name, left.join("\n"))) {
            prop_assert!(!errors.is_empty());
        }
    }
}
