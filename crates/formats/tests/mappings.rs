//! Mappings: every file that ships proves its samples, the language does what its page says, and a file that is
//! wrong says where.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test may read files"
)]

#[path = "support/mappings.rs"]
mod mappings;
mod support;

use mappings::{compile, settings, shipped, texts};
use serde_json::{Value, json};
use support::{output, parse_bytes, pointers, tally, with_value};

/// A mapping of nobody's scanner, by its parts.
const ACME: &str = r#"
name: acme
version: 1
tool: Acme
detect: { has: [acme, items] }
records:
  each: items[]
  observe:
    subject: { kind: aws_user, account: $.account, name: who }
    source: { rule: rule }
    problem: { issue_type: over_privileged, title: rule, severity: level }
samples:
  input: |
    { "acme": 1, "account": "123456789012", "items": [{ "who": "ines", "rule": "too much", "level": "high" }] }
  expect:
    - { subject: "identity:aws:user:123456789012/ines", severity: 70 }
"#;

fn errors(text: &str) -> Vec<String> {
    let files = [("acme.yaml".to_owned(), text.to_owned())];
    let errors = compile(&files).err().unwrap_or_default();
    errors.iter().map(ToString::to_string).collect()
}

/// The text with a piece of it replaced, and what is said of that.
fn refused(from: &str, to: &str) -> String {
    assert!(ACME.contains(from), "{from}");
    let said = errors(&ACME.replace(from, to));
    assert!(!said.is_empty(), "{to} was taken");
    said.join("\n")
}

#[test]
fn every_mapping_that_ships_gives_what_its_samples_expect() {
    let mappings = shipped();
    let names: Vec<&str> = mappings.names().collect();
    for source in [
        "checkov",
        "cloudsplaining",
        "cyberark",
        "elastic-alert",
        "falco",
        "keycloak",
        "legitify",
        "orca",
        "rusty-hog",
        "scoutsuite",
        "secretlint",
        "snyk",
        "splunk-notable",
        "talisman",
        "whispers",
        "wizcli",
    ] {
        assert!(names.contains(&source), "{source}");
    }
}

#[test]
fn a_sample_that_comes_out_differently_is_refused_at_its_line_for_every_mapping_that_ships() {
    for (name, text) in texts() {
        let wrong = text.replace(
            "issue_type: secret_exposed, subject",
            "issue_type: human_use, subject",
        );
        let wrong = wrong.replace(
            "issue_type: over_privileged, subject",
            "issue_type: human_use, subject",
        );
        let wrong = wrong.replace(
            "issue_type: suspected_compromise, subject",
            "issue_type: root_use, subject",
        );
        let wrong = wrong.replace(
            "issue_type: honeytoken_triggered, subject",
            "issue_type: root_use, subject",
        );
        let wrong = wrong.replace("issue_type: credential_", "issue_type: root_use #");
        let wrong = wrong.replace(
            "issue_type: weak_authentication, subject",
            "issue_type: root_use, subject",
        );
        let wrong = wrong.replace("dropped: n", "dropped: x");
        assert_ne!(wrong, text, "{name} is changed by this test");
        let errors = compile(&[(name.clone(), wrong)]).err().unwrap_or_default();
        assert!(!errors.is_empty(), "{name}");
        assert!(
            errors.iter().all(|error| error.line > 0 && error.column > 0),
            "{name}: {errors:?}"
        );
    }
}

#[test]
fn what_is_wrong_is_told_with_line_column_and_what_was_meant() {
    assert_eq!(errors(ACME), Vec::<String>::new());
    let unknown = refused("tool: Acme", "tool: Acme\nrecord: []");
    assert!(
        unknown.starts_with("acme.yaml:5:1: unknown field `record`"),
        "{unknown}"
    );
    assert!(unknown.contains("did you mean `records`?"), "{unknown}");
    let kind = refused("kind: aws_user", "kind: aws_usr");
    assert!(kind.starts_with("acme.yaml:9:22: not a known word"), "{kind}");
    assert!(kind.ends_with("did you mean `aws_user`?"), "{kind}");
    let field = refused("account: $.account", "acount: $.account");
    assert!(
        field.contains("acme.yaml:9:32: unknown field `acount`"),
        "{field}"
    );
    assert!(field.ends_with("did you mean `account`?"), "{field}");
    let glued = refused("title: rule", "title: { text: \"{rule}{who}\" }");
    assert!(
        glued.contains("expected a blank, a slash or another sign"),
        "{glued}"
    );
    let lacking = refused("account: $.account, ", "");
    assert!(
        lacking.contains("acme.yaml:9:14: missing field `account`"),
        "{lacking}"
    );
    let path = refused("name: who", "name: who..x");
    assert!(path.starts_with("acme.yaml:9:58:"), "{path}");
    let issue = refused("issue_type: over_privileged", "issue_type: over_priviledged");
    assert!(issue.contains("did you mean `over_privileged`?"), "{issue}");
    let open = refused(
        "issue_type: over_privileged",
        "issue_type: { of: rule, words: { a: root_use } }",
    );
    assert!(open.contains("acme.yaml:11:28: expected `else`"), "{open}");
    let pattern = refused("rule: rule", r#"rule: { at: rule, capture: "(a{1000}){1000}" }"#);
    assert!(
        pattern.contains("expected a smaller regular expression"),
        "{pattern}"
    );
    let layout = refused(
        "source: { rule: rule }",
        "source: { rule: rule }\n    times: { observed_at: { at: t, layout: \"%B\" } }",
    );
    assert!(layout.contains("expected a layout of strptime"), "{layout}");
    let shape = refused("severity: 70 }", "severty: 70 }");
    assert!(shape.contains("a field that no output has"), "{shape}");
    let name = refused("name: acme", "name: gitleaks-v8");
    assert!(
        name.contains("acme.yaml:2:7: a built-in format has this name"),
        "{name}"
    );
}

#[test]
fn a_sample_is_refused_for_what_differs_and_for_what_is_too_much() {
    let differs = refused("severity: 70 }", "severity: 30 }");
    assert_eq!(differs, "acme.yaml:16:67: `severity` is `70`");
    let subject = refused("123456789012/ines\"", "123456789012/tomas\"");
    assert!(
        subject.ends_with("`subject` is `identity:aws:user:123456789012/ines`"),
        "{subject}"
    );
    let more = refused(
        "\"level\": \"high\" }]",
        "\"level\": \"high\" }, { \"who\": \"x\", \"rule\": \"y\" }]",
    );
    assert!(more.contains("1 more come out than are expected"), "{more}");
    let fewer = refused(
        "\"items\": [{ \"who\": \"ines\", \"rule\": \"too much\", \"level\": \"high\" }]",
        "\"items\": []",
    );
    assert!(
        fewer.contains("acme.yaml:16:7: nothing more comes out: 0 in all"),
        "{fewer}"
    );
    let other = refused("\"acme\": 1", "\"acne\": 1");
    assert!(
        other.contains("`detect` does not claim this sample: `acme` is not there"),
        "{other}"
    );
}

#[test]
fn a_mapping_never_takes_what_another_format_reads() {
    let built_in = ACME
        .replace("detect: { has: [acme, items] }", "detect: { has: RuleID }")
        .replace("each: items[]", "each: \"\"")
        .replace(
            "{ \"acme\": 1,",
            "{ \"RuleID\": \"aws\", \"Secret\": \"x\", \"Match\": \"x\", \"File\": \"f\", \"Commit\": \"c\",",
        );
    let said = errors(&built_in).join("\n");
    assert!(
        said.contains("the built-in format `gitleaks-v8` claims this sample too"),
        "{said}"
    );
    let twin = ACME.replace("name: acme", "name: acme-too");
    let files = [
        ("a.yaml".to_owned(), ACME.to_owned()),
        ("b.yaml".to_owned(), twin),
    ];
    let said: Vec<String> = compile(&files)
        .err()
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(
        said[0].starts_with("a.yaml:14:5: the mapping `acme-too` claims this sample too"),
        "{said:?}"
    );
    assert!(
        said[1].starts_with("b.yaml:14:5: the mapping `acme` claims this sample too"),
        "{said:?}"
    );
    let files = [
        ("a.yaml".to_owned(), ACME.to_owned()),
        ("b.yaml".to_owned(), ACME.to_owned()),
    ];
    let said: Vec<String> = compile(&files)
        .err()
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(
        said.iter()
            .any(|text| text.contains("another mapping has this name")),
        "{said:?}"
    );
}

#[test]
fn no_error_repeats_a_secret_of_a_sample() {
    const TOKEN: &str = "ghp_C4n4ryC4n4ryC4n4ryC4n4ryC4n4ryC4n4ry";
    const PLAIN: &str = "c4n4ry-of-no-known-form";
    let leaking = ACME
        .replace(
            "kind: aws_user, account: $.account, name: who",
            "kind: secret, value: who",
        )
        .replace("title: rule", "title: { text: \"{who} {rule}\" }")
        .replace("\"rule\": \"too much\"", &format!("\"rule\": \"{TOKEN}\""))
        .replace("\"who\": \"ines\"", &format!("\"who\": \"{PLAIN}\""))
        .replace("severity: 70 }", "title: nothing, rule: other }");
    let said = errors(&leaking).join("\n");
    assert!(said.contains("`title` is"), "{said}");
    assert!(!said.contains("C4n4ry") && !said.contains("c4n4ry"), "{said}");
}

#[test]
fn a_record_with_any_value_changed_is_still_one_item_each() {
    let settings = settings();
    let mappings = shipped();
    for (name, input) in mappings.samples() {
        let text = input.trim_start().trim_start_matches("scoutsuite_results =");
        for document in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
            let document = document.unwrap();
            for pointer in pointers(&document) {
                for other in [
                    json!(null),
                    json!(7),
                    json!(""),
                    json!([1, "x", null]),
                    json!({ "a": {} }),
                    json!(true),
                ] {
                    let changed = with_value(&document, &pointer, other).to_string();
                    let parsed = parse_bytes(changed.as_bytes(), &settings);
                    assert_eq!(
                        parsed.items.len(),
                        parsed.records as usize,
                        "{name}: {}",
                        tally(&parsed)
                    );
                }
            }
        }
    }
}

/// One mapping that uses everything that the language has.
const EVERYTHING: &str = r#"
name: everything
version: 3
tool: Everything
detect:
  - { at: kind, is: [REPORT, other] }
  - { at: groups, type: object }
  - not: { has: nothing }
defaults:
  secrets: note
  source: { rule: [missing, code], reference: "@key", serial: "@key", tool: { const: inner tool }, url: link }
  times:
    observed_at: { at: when, layout: "%d.%m.%Y %H:%M" }
    exposed_since: $.made
records:
  each: groups{}.members{}
  skip:
    - { when: { at: muted, is: true }, reason: suppressed_at_source }
  observe:
    - when: { at: inner, exists: true }
      subject:
        - { kind: okta_user, id: { at: nowhere } }
        - kind: gcp_service_account
          email: { at: inner, base64: true, json: "client.mail" }
      aliases: { strength: weak, kind: mail_person, address: { at: contact, capture: "<(.+)>", lower: true } }
      links:
        - { rel: used_by, kind: identity, provider: { const: acme }, type: { const: team }, id: ^@key }
      attributes:
        team: ^@key
        region: { at: zone, lookup: { EU: europe, us: america }, else: elsewhere }
        state: { at: state, except: [n/a, "-"], else: unknown }
        owner: { at: owner_id, find: { in: "$.people", by: id, then: name } }
      location: { repository: "$.repo", path: file, line: row, commit: sha, resource: ^.label, region: zone }
      problem:
        issue_type: { of: code, lookup: { R1: over_privileged }, words: { key: credential_not_rotated }, else: not_identity_relevant }
        title: { text: "{code} of {@key} in {^@key} {tail?}" }
        validity: { of: works, lookup: { true: active, false: inactive }, else: unknown }
        exposure: { of: seen, lookup: { world: public } }
        severity: { at: score, scale: 10 }
        honeytoken: { at: decoy, is: true }
      evidence:
        - { when: { at: score, below: 1 }, statement: privilege_reduced, scope: rule }
    - when: { at: digest, exists: true }
      subject: { kind: secret_hash, sha1: digest }
      problem: { issue_type: secret_exposed }
    - when: { has: host }
      each: many[]
      source: { rule: ^.code }
      subject: { kind: db_user, host: host, user: user }
      problem: { issue_type: access_unreviewed, title: ^^@key }
samples:
  - input: |
      { "kind": "report", "repo": "https://github.com/acme/shop", "made": 1767225600, "people": [{ "id": 7, "name": "Ines" }], "groups": {
        "red": { "label": "Red", "members": {
          "a": { "code": "R1", "inner": "eyJjbGllbnQiOnsibWFpbCI6ImJvdEBhY21lLmlhbS5nc2VydmljZWFjY291bnQuY29tIn19", "contact": "Ines <INES@acme.example>",
                 "zone": "eu", "state": "n/a", "owner_id": 7, "file": "x.py", "row": "12", "score": 7.2, "works": true, "seen": "world", "when": "27.02.2026 10:00" },
          "b": { "code": "R2", "muted": true },
          "c": { "code": "an old key", "digest": "25910f981e85ca04baf359199dd0bd4a3ae738b6" },
          "d": { "code": "R4", "many": [{ "host": "db1", "user": "app" }, { "host": "db2", "user": "app" }] } } } } }
    expect:
      - issue_type: over_privileged
        subject: identity:gcp:service-account:bot@acme.iam.gserviceaccount.com
        aliases: identity:mail:person:ines@acme.example
        links: identity:acme:team:-/red
        subject.attributes.team: red
        subject.attributes.region: europe
        subject.attributes.state: unknown
        subject.attributes.owner: Ines
        title: R1 of a in red
        validity: active
        exposure: public
        severity: 72
        tool: inner tool
        reference: a
        location.line: 12
        location.resource: Red
        observed_at: 2026-02-27T10:00:00Z
        exposed_since: 2026-01-01T00:00:00Z
      - dropped: suppressed_at_source
      - { issue_type: secret_exposed, subject: "secret:value:hmac:*" }
      - { issue_type: access_unreviewed, subject: "identity:db:user:db1/app", title: red, rule: R4 }
      - { issue_type: access_unreviewed, subject: "identity:db:user:db2/app" }
"#;

#[test]
fn everything_that_the_language_has_works_together() {
    assert_eq!(errors(EVERYTHING), Vec::<String>::new());
}

#[test]
fn what_a_mapping_did_not_find_is_explained_in_words_of_its_file() {
    let files = [("acme.yaml".to_owned(), ACME.to_owned())];
    let settings = reeve_formats::Settings {
        mappings: compile(&files).unwrap(),
        ..support::settings()
    };
    let near = br#"{ "acme": 1, "hunter2": [] }"#;
    let object = &support::explained(near, &settings)[0];
    let acme = object
        .verdicts
        .iter()
        .find(|verdict| verdict.format == "acme")
        .unwrap();
    assert!(!acme.claims);
    assert_eq!((acme.why.as_str(), acme.nearness), ("`items` is not there", 50));
    let lacking = br#"{ "acme": 1, "items": [{ "rule": "r", "hunter2": "hunter2" }] }"#;
    let object = &support::explained(lacking, &settings)[0];
    assert!(object.verdicts[0].claims);
    assert_eq!(
        object.missing,
        ["record 0: observe 0: aws_user: nothing for `account` at `$.account`"]
    );
    let said = format!("{object:?}{}", output(&parse_bytes(lacking, &settings)));
    assert!(said.contains("NoSubject") && !said.contains("hunter2"), "{said}");
}

#[test]
fn what_the_elements_of_a_record_lack_is_explained_once() {
    let inner = "each: hosts[]\n    subject: { kind: aws_user, account: $.account, name: ^.who }\n    location: { resource: host }";
    let text = ACME.replace(
        "subject: { kind: aws_user, account: $.account, name: who }",
        inner,
    );
    let text = text.replace("source: { rule: rule }", "source: { rule: ^.rule }");
    let text = text.replace("title: rule, severity: level", "title: ^.rule, severity: ^.level");
    let text = text.replace("\"who\": \"ines\"", "\"who\": \"ines\", \"hosts\": [{}]");
    assert_eq!(errors(&text), Vec::<String>::new());
    let settings = reeve_formats::Settings {
        mappings: compile(&[("acme.yaml".to_owned(), text)]).unwrap(),
        ..support::settings()
    };
    let lacking = |hosts: &str| {
        let report = format!(
            r#"{{ "acme": 1, "account": "123456789012", "items": [{{ "who": "ines", "rule": "r", "hosts": {hosts} }}] }}"#
        );
        support::explained(report.as_bytes(), &settings)[0]
            .missing
            .clone()
    };
    let host = "record 0: observe 0: location.resource: nothing at `host`";
    assert_eq!(lacking(r#"[{}, { "host": "db" }, {}]"#), [host]);
    assert_eq!(lacking(r#"[{ "host": "db" }]"#), Vec::<String>::new());
    assert_eq!(lacking("[]"), ["record 0: observe 0: each: nothing at `hosts[]`"]);
}

#[test]
fn a_list_of_results_that_is_no_list_is_refused_at_its_place() {
    let files = [("acme.yaml".to_owned(), ACME.to_owned())];
    let settings = reeve_formats::Settings {
        mappings: compile(&files).unwrap(),
        ..support::settings()
    };
    let parsed = parse_bytes(br#"{ "acme": 1, "items": "hunter2" }"#, &settings);
    assert_eq!(tally(&parsed), "rejected invalid_field 1");
    assert!(!output(&parsed).contains("hunter2"));
}

#[test]
fn the_mapping_that_the_page_builds_step_by_step_is_taken() {
    let page = std::fs::read_to_string(mappings::folder().join("../../docs/mappings.md")).unwrap();
    let blocks = page.split("```yaml\n").skip(1);
    let built: Vec<&str> = blocks.filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(built.len(), 4, "the steps of the page");
    assert_eq!(errors(&built.concat()), Vec::<String>::new());
}

#[test]
fn every_kind_of_subject_is_on_the_page() {
    let page = std::fs::read_to_string(mappings::folder().join("../../docs/mappings.md")).unwrap();
    let said = refused("kind: aws_user", "kind: nobody_knows_this");
    let listed = said.split("expected one of").nth(1).unwrap();
    let kinds: Vec<&str> = listed.split('`').skip(1).step_by(2).collect();
    assert!(kinds.len() > 50, "{kinds:?}");
    for kind in kinds {
        assert!(page.contains(&format!("`{kind}`")), "{kind}");
    }
}
