//! Properties of keys over arbitrary input: total, canonical, faithful to case, never showing what they key.

use proptest::prelude::*;
use reeve_domain::key::location::{self, Scope};
use reeve_domain::key::{
    Case, Class, KEY_BYTES_MAX, Resolved, SubjectKey, ad, aws, db, gcp, mail, spiffe, x509,
};
use reeve_domain::secret::{HmacKeys, ValueHints, normalize, of_value};

proptest! {
    #[test]
    fn any_id_gives_a_key_that_parses_back_to_itself(id in "\\PC{1,40}|.{1,40}|[a-z:/|% \\t]{1,700}", folded: bool) {
        let case = if folded { Case::Folded } else { Case::Sensitive };
        let key = SubjectKey::of(Class::Identity, "mail", "person", &["-", &id], case).expect("any id is valid");
        prop_assert!(key.as_str().len() <= KEY_BYTES_MAX);
        let parsed = key.as_str().parse::<SubjectKey>();
        prop_assert_eq!(parsed.as_ref(), Ok(&key));
        prop_assert!(!key.id().contains([':', '|', ' ', '\t', '\n']));
        let json = serde_json::to_string(&key).expect("a key is a string");
        prop_assert_eq!(serde_json::from_str::<SubjectKey>(&json).expect("its own JSON"), key);
    }

    #[test]
    fn folding_is_idempotent_and_blind_to_case(id in ".{1,40}") {
        let of = |text: &str| SubjectKey::of(Class::Identity, "mail", "person", &[text], Case::Folded);
        let once = of(&id).expect("any id is valid");
        let decoded = percent_encoding::percent_decode_str(once.id()).decode_utf8().expect("it was UTF-8");
        prop_assert_eq!(of(&decoded), Ok(once));
        let ascii = id.to_ascii_uppercase();
        prop_assert_eq!(of(&ascii), of(&ascii.to_ascii_lowercase()));
    }

    #[test]
    fn parts_cannot_be_moved_across_their_separator(left in "[a-c/%:]{1,6}", right in "[a-c/%:]{1,6}") {
        let of = |parts: &[&str]| SubjectKey::of(Class::Secret, "aws", "x", parts, Case::Sensitive);
        let joined = format!("{left}/{right}");
        prop_assert_ne!(of(&[&left, &right]), of(&[&joined]));
    }

    #[test]
    fn parsing_any_text_never_panics_and_accepts_only_canonical_keys(text in ".{0,60}|(secret|identity):[a-z]{1,4}:[a-z]{1,4}:.{0,20}") {
        if let Ok(key) = text.parse::<SubjectKey>() {
            prop_assert_eq!(key.to_string(), text);
        }
    }

    #[test]
    fn different_secrets_have_different_keys(first in "[a-zA-Z0-9+/=_-]{12,40}", second in "[a-zA-Z0-9+/=_-]{12,40}") {
        prop_assume!(first != second);
        if let (Some(first), Some(second)) = (resolve(&first), resolve(&second)) {
            prop_assert_ne!(first.subject.key, second.subject.key);
        }
    }

    #[test]
    fn a_value_is_never_shown(value in "[a-zA-Z0-9]{16,40}", shape in 0..5_usize) {
        let text = match shape {
            0 => value.clone(),
            1 => format!("postgres://app:{value}@db.example/x"),
            2 => format!("ghp_{value}"),
            3 => format!("Server=db.example;Uid=app;Pwd={value};"),
            _ => format!("DefaultEndpointsProtocol=https;AccountName=acme;AccountKey={value}==;"),
        };
        if let Some(resolved) = resolve(&text) {
            let shown = serde_json::to_string(&resolved).expect("a subject is JSON");
            let is_public_id = resolved.subject.key.provider() == "aws";
            prop_assert!(is_public_id || !shown.contains(&value), "{}", shown);
        }
    }

    #[test]
    fn no_input_makes_a_builder_panic(text in ".{0,80}|arn:.{0,60}|[a-z]{1,8}://.{0,40}|-----BEGIN .{0,60}|eyJ.{0,20}\\.eyJ.{0,20}\\..{0,9}|AWS::.{0,20}|PuTTY-User-Key-File-2.{0,30}") {
        let built = [
            aws::from_arn(&text, Some(&text)),
            aws::from_unique_id(&text),
            gcp::from_member(&text),
            spiffe::workload(&text),
            ad::login(&text),
            mail::person(&text),
            x509::certificate(&text, &text, None),
            location::file(Scope::Repository(&text), &text, &text),
        ];
        for resolved in built.into_iter().flatten() {
                let parsed = resolved.subject.key.as_str().parse::<SubjectKey>();
                prop_assert_eq!(parsed, Ok(resolved.subject.key));
        }
        let connection = db::parse(&text);
        prop_assert!(connection.is_none_or(|connection| db::user(&connection.host, &connection.user).is_ok() || connection.user.trim().is_empty()));
        let resolved = resolve(&text);
        prop_assert!(resolved.is_none_or(|resolved| resolved.subject.class == Class::Secret));
        let once = normalize(&text);
        prop_assert!(once.expose().len() <= text.len() + 8);
    }
}

#[test]
fn a_long_id_becomes_its_hash_and_two_long_ids_stay_two() {
    let of =
        |id: &str| SubjectKey::of(Class::Secret, "location", "file", &[id], Case::Sensitive).expect("a key");
    let (first, second) = (of(&"a".repeat(600)), of(&format!("{}b", "a".repeat(599))));
    assert!(first.id().starts_with("sha256-") && first.id().len() == 71);
    assert_ne!(first, second);
    assert!(of("short").id() == "short");
}

#[test]
fn composed_and_decomposed_spellings_are_one_id() {
    let of =
        |id: &str| SubjectKey::of(Class::Identity, "k8s", "user", &[id], Case::Sensitive).expect("a key");
    assert_eq!(of("Jose\u{301}"), of("Jos\u{e9}"));
    assert_eq!(of("a\u{200b}b").id(), "a%e2%80%8bb");
    let after_escape = of(":\u{301}a");
    assert_eq!(after_escape.as_str().parse(), Ok(after_escape.clone()));
}

#[test]
fn what_is_no_key_is_refused() {
    for text in [
        "",
        "identity",
        "identity:aws",
        "identity:aws:user",
        "identity:aws:user:",
        "thing:aws:user:a",
        "identity:AWS:user:a",
        "identity:aws:us er:a",
        "identity:aws:user:a b",
        "identity:aws:user:a:b",
        "identity:aws:user:a//b",
        "identity:aws:user:a/",
        "identity:aws:user:%41",
        "identity:aws:user:%3A",
        "identity:aws:user:%zz",
        "identity:aws:user:Jose\u{301}",
        "identity:-:user:a",
    ] {
        assert!(text.parse::<SubjectKey>().is_err(), "{text}");
    }
    assert!(
        format!("identity:aws:user:{}", "a".repeat(600))
            .parse::<SubjectKey>()
            .is_err()
    );
    assert!(SubjectKey::of(Class::Identity, "aws", "user", &[], Case::Folded).is_err());
    assert!(SubjectKey::of(Class::Identity, "aws", "user", &["a", ""], Case::Folded).is_err());
}

fn resolve(text: &str) -> Option<Resolved> {
    of_value(
        text,
        None,
        &ValueHints::default(),
        &HmacKeys::new(&[7; 32]).expect("32 bytes"),
    )
    .ok()
}
