//! Secrets by value: the vectors of the design, what merges, what must not, what is no value at all.

use reeve_domain::key::{Alias, Confidence, Rel, Resolved, Strength, SubjectKey, db};
use reeve_domain::secret::{
    AliasKind, HmacKeys, Secret, Unkeyable, ValueHints, base64_text, is_masked, key_id_of, normalize,
    of_alias_hex, of_sha256_hex, of_value,
};

const AWS_ID: &str = "AKIAIOSFODNN7EXAMPLE";
const AWS_ID_SHA256: &str = "1a5d44a2dca19669d72edf4c4f1c27c4c1ca4b4408fbb17f6ce4ad452d78ddb3";
const AWS_HALF: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const AWS_HALF_SHA1: &str = "d70eab08607a4d05faa2d0d6647206599e9abc65";
const AWS_HALF_SHA256: &str = "78314b11be2e581549ac1c4f616563fad3fdf0c3b71678f6e2299182080e0598";
const AWS_HALF_HMSL: &str = "a2727ef11569043cc925d57a621a7dfc6422357a68c25b80463f5666f3bac778";

const KEYED_BY_OPENSSL: &str =
    "secret:value:hmac:emarsgko/e25jx2ohtsr2ccu5xenn6thza4tcakhblztkgmvysmhfpfofdorq";
const KEY_ID_BY_OPENSSL: &str = "emarsgko";

#[test]
fn a_value_and_its_sha256_give_one_main_key() {
    let by_value = resolve(AWS_HALF).subject.key;
    let by_hash = of_sha256_hex(AWS_HALF_SHA256, &ValueHints::default(), &keys()).expect("a hash");
    assert_eq!(by_value, by_hash.subject.key);
    assert_eq!(
        by_value,
        keys()
            .value_key_of_sha256_hex(&AWS_HALF_SHA256.to_uppercase())
            .expect("a hash")
    );
}

#[test]
fn the_keyed_hash_is_the_one_that_is_written_down() {
    // openssl dgst -sha256 -mac HMAC over "reeve.secret.v1", a zero byte and the SHA-256; base32 without padding.
    assert_eq!(resolve(AWS_HALF).subject.key.as_str(), KEYED_BY_OPENSSL);
    assert_eq!(keys().key_id(), KEY_ID_BY_OPENSSL);
}

#[test]
fn sha1_and_hmsl_of_a_value_are_strong_aliases_where_they_are_asked_for() {
    let keys = keys().with_alias_kinds(&[AliasKind::Sha1, AliasKind::Hmsl]);
    let resolved = of_value(AWS_HALF, None, &ValueHints::default(), &keys).expect("a value");
    for (kind, hex) in [(AliasKind::Sha1, AWS_HALF_SHA1), (AliasKind::Hmsl, AWS_HALF_HMSL)] {
        let by_hash = of_alias_hex(kind, hex, &ValueHints::default(), &keys)
            .expect("a hash")
            .subject
            .key;
        assert_eq!(strength(&resolved, &by_hash), Some(Strength::Strong));
        assert_ne!(by_hash, resolved.subject.key);
    }
    assert_eq!(resolve(AWS_HALF).aliases, []);
}

#[test]
fn one_digest_under_two_names_gives_two_keys() {
    let as_hmsl = keys()
        .alias_key_of_hex(AliasKind::Hmsl, AWS_HALF_SHA256)
        .expect("a hash");
    assert_ne!(
        as_hmsl,
        keys().value_key_of_sha256_hex(AWS_HALF_SHA256).expect("a hash")
    );
}

#[test]
fn during_a_rotation_the_old_key_of_a_value_is_a_strong_alias() {
    let rotated = HmacKeys::new(&[8; 32])
        .expect("32 bytes")
        .with_previous(&[7; 32])
        .expect("32 bytes");
    let resolved = of_value(AWS_HALF, None, &ValueHints::default(), &rotated).expect("a value");
    let old = resolve(AWS_HALF).subject.key;
    assert_eq!(strength(&resolved, &old), Some(Strength::Strong));
    assert_ne!(resolved.subject.key, old);
    assert_eq!(rotated.previous_key_id(), Some(keys().key_id()));
    let url = "postgres://app:tr0ub4dor@db.example/x";
    let rotated_url = of_value(url, None, &ValueHints::default(), &rotated).expect("a value");
    assert_eq!(
        strength(&rotated_url, &resolve(url).subject.key),
        Some(Strength::Strong)
    );
}

#[test]
fn during_a_rotation_a_payload_is_known_again_by_either_key() {
    let letter = keys().payload_hmac(b"broken");
    let rotated = HmacKeys::new(&[8; 32]).expect("32 bytes");
    assert!(!rotated.is_payload(b"broken", &letter));
    let rotated = rotated.with_previous(&[7; 32]).expect("32 bytes");
    assert!(rotated.is_payload(b"broken", &letter));
    assert!(rotated.is_payload(b"broken", &rotated.payload_hmac(b"broken")));
    assert!(!rotated.is_payload(b"another", &letter));
}

#[test]
fn a_seal_holds_for_its_key_and_value_alone_and_during_a_rotation_old_and_new_replicas_know_each_others() {
    let [old, new] = [[7; 32], [8; 32]].map(|key| HmacKeys::new(&key).expect("32 bytes"));
    let both = || HmacKeys::new(&[8; 32]).expect("32 bytes").with_previous(&[7; 32]);
    let rotated = both().expect("32 bytes");
    let sealed =
        |by: &HmacKeys, known: &HmacKeys| known.is_seal(by.seal(b"ab", b"c").as_bytes(), b"ab", b"c");
    for (by, known) in [
        (&old, &old),
        (&old, &rotated),
        (&rotated, &old),
        (&rotated, &new),
        (&new, &rotated),
    ] {
        assert!(sealed(by, known));
    }
    assert!(!sealed(&new, &old) && !sealed(&old, &new));
    let seal = old.seal(b"ab", b"c");
    for (key, value) in [("a", "bc"), ("ab", "d"), ("abc", "")] {
        assert!(!old.is_seal(seal.as_bytes(), key.as_bytes(), value.as_bytes()));
    }
    let cut = seal.get(..51).expect("a seal is ASCII");
    for none in ["", ",", "a", cut, &format!("{seal}a"), &format!(",,{seal}")] {
        assert!(!old.is_seal(none.as_bytes(), b"ab", b"c"), "{none}");
    }
    assert_ne!(seal, old.payload_hmac(b"abc"));
}

#[test]
fn a_keyed_hash_says_by_which_key_it_was_made_and_no_other_subject_does() {
    let hashed = resolve(AWS_HALF).subject.key;
    assert_eq!(key_id_of(&hashed), Some(keys().key_id()));
    for key in [
        "secret:aws:access-key:AKIAIOSFODNN7EXAMPLE",
        "identity:value:hmac:abcdefgh/x",
    ] {
        assert_eq!(key_id_of(&key.parse().expect("a key")), None, "{key}");
    }
}

#[test]
fn a_key_of_the_keyed_hash_has_32_bytes_and_loses_one_newline() {
    assert!(HmacKeys::new(&[7; 31]).is_err());
    assert!(HmacKeys::new(&[[7; 31].as_slice(), b"\n"].concat()).is_err());
    let stripped = HmacKeys::new(&[[7; 32].as_slice(), b"\n"].concat()).expect("32 bytes and a newline");
    assert_eq!(stripped.key_id(), keys().key_id());
    let twice = HmacKeys::new(&[[7; 32].as_slice(), b"\n\n"].concat()).expect("33 bytes and a newline");
    assert_ne!(twice.key_id(), keys().key_id());
}

#[test]
fn an_access_key_id_is_the_key_and_its_secret_half_an_alias() {
    let pair = format!("{AWS_ID}:{AWS_HALF}");
    let together = resolve(&pair);
    let apart = of_value(AWS_ID, Some(AWS_HALF), &ValueHints::default(), &keys()).expect("a value");
    for resolved in [&together, &apart] {
        assert_eq!(
            resolved.subject.key.as_str(),
            "secret:aws:access-key:AKIAIOSFODNN7EXAMPLE"
        );
        assert_eq!(
            strength(resolved, &resolve(AWS_HALF).subject.key),
            Some(Strength::Strong)
        );
        let by_hash = keys().value_key_of_sha256_hex(AWS_ID_SHA256).expect("a hash");
        assert_eq!(strength(resolved, &by_hash), Some(Strength::Strong));
    }
    assert_eq!(resolve(AWS_ID).aliases.len(), 1);
}

#[test]
fn a_github_token_tells_its_kind_and_a_bad_checksum_lowers_confidence() {
    let good = "ghp_0123456789abcdefghijABCDEFGHIJ1yZyNL";
    let good = resolve(&with_checksum(good));
    assert_eq!(
        (good.subject.provider.as_str(), good.subject.kind.as_str()),
        ("github", "personal-access-token")
    );
    assert_eq!(good.subject.confidence, Confidence::High);
    let bad = resolve("ghp_0123456789abcdefghijABCDEFGHIJzzzzzz");
    assert_eq!(bad.subject.confidence, Confidence::Low);
    let fine_grained = resolve(&format!("github_pat_{}", "1A".repeat(41)));
    assert_eq!(fine_grained.subject.confidence, Confidence::High);
    for resolved in [good, bad, fine_grained] {
        assert!(resolved.subject.key.as_str().starts_with("secret:value:hmac:"));
    }
}

#[test]
fn the_rule_name_changes_no_key() {
    let value = "c4f9a0d2b7e84c6f9d1e";
    let by = |rule| {
        let hints = ValueHints {
            rule: Some(rule),
            ..ValueHints::default()
        };
        of_value(value, None, &hints, &keys()).expect("a value").subject
    };
    let (first, second) = (by("generic-api-key"), by("Datadog API Key"));
    assert_eq!(first.key, second.key);
    assert_eq!(second.provider, "datadog");
}

#[test]
fn spellings_of_one_value_are_one_secret() {
    let plain = resolve("pa/ss+wo\"rd=1").subject.key;
    let spellings = [
        " pa/ss+wo\"rd=1\n",
        "'pa/ss+wo\"rd=1'",
        "\"pa/ss+wo\\\"rd=1\",",
        "pa\\/ss+wo\\u0022rd=1;",
        "pa%2Fss%2Bwo%22rd%3D1",
    ];
    for spelling in spellings {
        assert_eq!(resolve(spelling).subject.key, plain, "{spelling}");
    }
    assert_ne!(resolve("PA/ss+wo\"rd=1").subject.key, plain);
}

#[test]
fn a_source_that_hashed_the_text_as_it_stood_is_met_by_an_alias() {
    let escaped = "pa%2Fss%2Bword1";
    let by_hash = keys()
        .value_key_of_sha256_hex(&sha256_hex(escaped))
        .expect("a hash");
    assert_eq!(strength(&resolve(escaped), &by_hash), Some(Strength::Strong));
}

#[test]
fn equal_passwords_on_two_hosts_are_two_secrets_that_share_a_weak_alias() {
    let first = resolve("postgres://app:tr0ub4dor@db1.example/x");
    let second = resolve("postgres://app:tr0ub4dor@db2.example/x");
    let other_user = resolve("postgres://admin:tr0ub4dor@db1.example/x");
    let bare = resolve("tr0ub4dor").subject.key;
    assert_ne!(first.subject.key, second.subject.key);
    assert_ne!(first.subject.key, other_user.subject.key);
    for resolved in [&first, &second, &other_user] {
        assert_eq!(strength(resolved, &bare), Some(Strength::Weak));
    }
}

#[test]
fn a_password_is_the_same_in_every_way_to_write_its_connection() {
    let url = resolve("postgresql://app:tr0ub%404dor@DB.example:5432/orders?sslmode=require");
    let spellings = [
        "postgres://app:tr0ub%404dor@db.example/other",
        "jdbc:postgresql://db.example:5432/orders?user=app&password=tr0ub%404dor",
        "host=db.example port=5432 user=app password='tr0ub@4dor' dbname=orders",
        "Server=db.example,1433;User ID=app;Password=tr0ub@4dor;",
    ];
    for spelling in spellings {
        assert_eq!(resolve(spelling).subject.key, url.subject.key, "{spelling}");
    }
    let hints = ValueHints {
        host: Some("db.example"),
        user: Some("app"),
        ..ValueHints::default()
    };
    let beside = of_value("tr0ub@4dor", None, &hints, &keys()).expect("a value");
    assert_eq!(beside.subject.key, url.subject.key);
    let user = db::user("db.example", "app").expect("a user").subject.key;
    assert!(
        url.links
            .iter()
            .any(|link| link.rel == Rel::Authenticates && link.key == user)
    );
}

#[test]
fn a_token_in_a_url_is_that_token() {
    let token = with_checksum("ghp_0123456789abcdefghijABCDEFGHIJ000000");
    let plain = resolve(&token).subject.key;
    for url in [
        format!("https://x-access-token:{token}@github.com/acme/app.git"),
        format!("https://{token}@github.com/acme/app.git"),
        format!("https://{token}:x-oauth-basic@github.com/acme/app.git"),
    ] {
        assert_eq!(resolve(&url).subject.key, plain, "{url}");
    }
}

#[test]
fn masked_values_are_no_values() {
    let masked = [
        "",
        "  ",
        "\"\"",
        "REDACTED",
        "redacted",
        "[REDACTED]",
        "REDACTED-aws",
        "AKIA...",
        "ghp_abc…",
        "********",
        "AKIA************MPLE",
        "xxxxxxxxxx",
        "XXXXXXXX12",
        "••••••••",
        "sk_live_..............",
        "'****'",
        "-----BEGIN RSA PRIVATE KEY-----",
        "postgres://app:********@db.example/x",
        "postgres://app:REDACTED@db/x",
        "[MASKED]",
        "[FILTERED]",
        "<hidden>",
        "[secure]",
        "${{ secret }}",
        "sk-...AbCd",
        "sk_live_***4242",
        "ghp_abc•••wxyz",
        "abc…wxyz",
        "postgres://app:a***b@db/x",
    ];
    for text in masked {
        let refused = of_value(text, None, &ValueHints::default(), &keys()).err();
        assert_eq!(refused, Some(Unkeyable::NoValue), "{text}");
    }
    for text in [
        "hunter2",
        "a.b.c.d",
        "xoxb-not-a-mask",
        "****ab12cd34",
        "Xx1Xx2Xx3y",
        "unredacted",
        "secret!",
        "$value",
        "[hidden",
    ] {
        assert!(!is_masked(text), "{text}");
    }
}

#[test]
fn early_base64_is_decoded_only_to_text() {
    let text = |value: &str| base64_text(value).map(|text: Secret<String>| text.expose().clone());
    assert_eq!(text("aHVudGVyMi1odW50ZXIy").as_deref(), Some("hunter2-hunter2"));
    assert_eq!(text("/////w=="), None);
    assert_eq!(text("not base64"), None);
    assert_eq!(normalize("aHVudGVyMg==").expose(), "aHVudGVyMg==");
}

fn resolve(value: &str) -> Resolved {
    of_value(value, None, &ValueHints::default(), &keys()).expect("a value")
}

fn keys() -> HmacKeys {
    HmacKeys::new(&[7; 32]).expect("32 bytes")
}

fn strength(resolved: &Resolved, key: &SubjectKey) -> Option<Strength> {
    resolved
        .aliases
        .iter()
        .find(|alias: &&Alias| alias.key == *key)
        .map(|alias| alias.strength)
}

/// The token with its last six characters made right.
fn with_checksum(token: &str) -> String {
    const DIGITS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut sum = crc32fast::hash(&token.as_bytes()[4..34]);
    let mut digits = Vec::new();
    for _ in 0..6 {
        digits.insert(0, DIGITS[(sum % 62) as usize]);
        sum /= 62;
    }
    format!(
        "{}{}",
        &token[..34],
        String::from_utf8(digits).expect("digits are ASCII")
    )
}

fn sha256_hex(text: &str) -> String {
    use sha2::{Digest, Sha256};
    data_encoding::HEXLOWER.encode(&Sha256::digest(text.as_bytes()))
}
