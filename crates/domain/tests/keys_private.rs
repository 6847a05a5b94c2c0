//! Private keys: one key pair is one subject, whatever file it is kept in. The fingerprints
//! expected are those that openssl and ssh-keygen print.

use reeve_domain::key::{Confidence, Resolved, Strength, keypair};
use reeve_domain::secret::{HmacKeys, Unkeyable, ValueHints, is_header_hash, of_value};

#[path = "keys_private/fixtures.rs"]
mod fixtures;

use fixtures::{
    ED25519_ENCRYPTED_OPENSSH, ED25519_OPENSSH, ED25519_PKCS8, K256_PKCS8, K256_SEC1, P256_COMPRESSED,
    P256_OPENSSH, P256_PKCS8, P256_SEC1, P256_WITHOUT_PUBLIC, P384_PKCS8, P384_SEC1, P521_OPENSSH,
    P521_PKCS8, P521_SEC1, PUTTY, RSA_ENCRYPTED_PKCS1, RSA_ENCRYPTED_PKCS8, RSA_OPENSSH, RSA_PKCS1,
    RSA_PKCS8,
};

const RSA: &str = "maGS0PNzkBlQOfy9WvKwZJcAKlu_4ka2K8cMQdaU-nU";
const RSA_SSH: &str = "SHA256:qYfrJIAYe0svYUR93YpkbJlFfkwaMy6YhNSV3iKA1X4";
const P256: &str = "4E8Bu-SIncvYwmUvDU-b_6aoVtoPAE55UBhJNLstbss";
const P256_SSH: &str = "SHA256:ysrTn7DibT7WWbFNMrcwaiTbDWH0FXqEHglXq0C5h/0";
const P384: &str = "yB4IuGGQs1ol_8Vs8h5Wkd63SY05TB2aoxfSK-adoHQ";
const P384_SSH: &str = "SHA256:T3TItBFsxpnPQpJwMxp3+WZ5i2OL17+PSN++Qo2m+C0";
const P521: &str = "t1HqoBzNip6s_5gJ3NptyxC7Zjz6owVWnBvqL6EvMZs";
const P521_SSH: &str = "SHA256:lKGd5fOGyUpe9ER3KkcqfG2JUmYt2mEvgXIFcbM2iiw";
const K256: &str = "EqSl_HvPWq_5lX-wGOhR10IwQzUen1CDBOyVtAfaHp8";
const ED25519: &str = "pDCrRnGaeQXAX8scB1qed5pbY9w6d4t8N5SUTwVJZ_8";
const ED25519_SSH: &str = "SHA256:S2bCLfs3KttFkasxJQcASasvzvwqzYllXfW7+t710PU";
const OTHER_ED25519: &str = "CqyiYyyE2XkJF2sBP134eMqGtcNwugDvKOhzBEQbiRM";
const OTHER_ED25519_SSH: &str = "SHA256:VVn2s0E+fxbxIHrGF97xZL+hfzwExX1b0tE1jNFZWWo";

#[test]
fn a_key_pair_is_one_subject_in_every_file_format() {
    for file in [RSA_PKCS1, RSA_PKCS8, RSA_OPENSSH] {
        check(file, RSA, Some(RSA_SSH), "rsa");
    }
    for file in [
        P256_SEC1,
        P256_PKCS8,
        P256_OPENSSH,
        P256_WITHOUT_PUBLIC,
        P256_COMPRESSED,
    ] {
        check(file, P256, Some(P256_SSH), "ec");
    }
    for file in [P384_SEC1, P384_PKCS8] {
        check(file, P384, Some(P384_SSH), "ec");
    }
    for file in [P521_SEC1, P521_PKCS8, P521_OPENSSH] {
        check(file, P521, Some(P521_SSH), "ec");
    }
    for file in [K256_SEC1, K256_PKCS8] {
        check(file, K256, None, "ec");
    }
    check(ED25519_PKCS8, ED25519, Some(ED25519_SSH), "ed25519");
    check(ED25519_OPENSSH, OTHER_ED25519, Some(OTHER_ED25519_SSH), "ed25519");
}

#[test]
fn line_breaks_quotes_and_neighbours_do_not_change_the_key() {
    let escaped = RSA_PKCS8.replace('\n', "\\n");
    let spellings = [
        escaped.clone(),
        escaped.replace('\\', "\\\\"),
        format!("\"{escaped}\","),
        RSA_PKCS8.replace('\n', "\r\n"),
        RSA_PKCS8.replace('\n', " "),
        RSA_PKCS8.lines().map(|line| format!("    {line}\n")).collect(),
        format!("key: |\n{RSA_PKCS8}\nother: value"),
        format!("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n{RSA_PKCS8}"),
        RSA_PKCS8.replace("PRIVATE KEY", "RSA PRIVATE KEY"),
        RSA_PKCS8.split("-----END").next().unwrap_or_default().to_owned(),
    ];
    for spelling in spellings {
        check(&spelling, RSA, Some(RSA_SSH), "rsa");
    }
}

#[test]
fn a_putty_file_is_known_by_its_public_lines() {
    check(PUTTY, RSA, Some(RSA_SSH), "rsa");
    assert_eq!(
        refused(&PUTTY.replace("Encryption: none", "Encryption: aes256-cbc")),
        Unkeyable::Encrypted
    );
}

#[test]
fn a_private_key_carries_no_keyed_hash_of_its_text() {
    let resolved = resolve(RSA_PKCS1);
    assert!(
        resolved.aliases.iter().all(|alias| alias.key.provider() == "key"),
        "{:?}",
        resolved.aliases
    );
}

#[test]
fn a_key_under_a_passphrase_has_no_key_of_its_own() {
    for file in [
        RSA_ENCRYPTED_PKCS1,
        RSA_ENCRYPTED_PKCS8,
        ED25519_ENCRYPTED_OPENSSH,
    ] {
        assert_eq!(refused(file), Unkeyable::Encrypted);
    }
}

#[test]
fn a_header_alone_is_no_value() {
    let headers = [
        "-----BEGIN RSA PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----\n",
        "BEGIN RSA PRIVATE KEY",
        "-----BEGIN OPENSSH PRIVATE KEY-----\\n",
        "-----BEGIN PRIVATE KEY-----\nREDACTED\n-----END PRIVATE KEY-----",
        "-----BEGIN EC PRIVATE KEY-----\n********************************\n-----END EC PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY",
        "PuTTY-User-Key-File-2",
    ];
    for header in headers {
        assert_eq!(refused(header), Unkeyable::NoValue, "{header}");
    }
}

#[test]
fn the_hash_of_a_header_is_known() {
    // detect-secrets hashes the words alone, GitLab the first line.
    assert!(is_header_hash("be4fc4886bd949b369d5e092eb87494f12e57e5b"));
    assert!(is_header_hash(&sha256_hex("-----BEGIN RSA PRIVATE KEY-----")));
    assert!(is_header_hash(
        &sha256_hex("-----BEGIN OPENSSH PRIVATE KEY-----").to_uppercase()
    ));
    assert!(!is_header_hash(&sha256_hex("-----BEGIN CERTIFICATE-----")));
    assert!(!is_header_hash("d70eab08607a4d05faa2d0d6647206599e9abc65"));
}

#[test]
fn a_broken_body_is_still_a_value_and_two_broken_bodies_are_two() {
    let broken = |fill: &str| {
        format!(
            "-----BEGIN RSA PRIVATE KEY-----\nMIICXQIBAAKB{}\n-----END RSA PRIVATE KEY-----",
            fill.repeat(24)
        )
    };
    let (first, second) = (resolve(&broken("a1B")), resolve(&broken("c2D")));
    assert_eq!(first.subject.key.kind(), "hmac");
    assert_eq!(first.subject.attributes["kind"], "private-key");
    assert_ne!(first.subject.key, second.subject.key);
}

#[test]
fn a_fingerprint_leads_to_the_alias_of_the_key() {
    let by_fingerprint = keypair::from_ssh_fingerprint(P384_SSH).expect("a fingerprint");
    let strong = |alias: &reeve_domain::key::Alias| {
        alias.key == by_fingerprint.subject.key && alias.strength == Strength::Strong
    };
    assert!(resolve(P384_PKCS8).aliases.iter().any(strong));
    assert!(!resolve(P256_PKCS8).aliases.iter().any(strong));
}

fn check(text: &str, spki: &str, ssh: Option<&str>, algorithm: &str) {
    let resolved = resolve(text);
    assert_eq!(
        resolved.subject.key.as_str(),
        format!("secret:key:spki:{spki}"),
        "{text}"
    );
    assert_eq!(resolved.subject.confidence, Confidence::High);
    assert_eq!(resolved.subject.attributes["algorithm"], algorithm);
    let known: Vec<String> = resolved
        .aliases
        .iter()
        .map(|alias| alias.key.to_string())
        .collect();
    let expected = ssh.map(|text| {
        keypair::from_ssh_fingerprint(text)
            .expect("a fingerprint")
            .subject
            .key
    });
    assert_eq!(
        known,
        expected.iter().map(ToString::to_string).collect::<Vec<_>>()
    );
}

fn resolve(text: &str) -> Resolved {
    of_value(text, None, &ValueHints::default(), &keys()).expect("a value")
}

fn refused(text: &str) -> Unkeyable {
    match of_value(text, None, &ValueHints::default(), &keys()) {
        Ok(resolved) => unreachable!("{} is no key for this", resolved.subject.key),
        Err(why) => why,
    }
}

fn keys() -> HmacKeys {
    HmacKeys::new(&[7; 32]).expect("32 bytes")
}

fn sha256_hex(text: &str) -> String {
    use sha2::{Digest, Sha256};
    data_encoding::HEXLOWER.encode(&Sha256::digest(text.as_bytes()))
}
