//! Secrets that say something of themselves: what is read from them, what is never kept.

use data_encoding::BASE64URL_NOPAD;
use reeve_domain::key::{Confidence, Rel, Resolved, Strength, k8s};
use reeve_domain::secret::{HmacKeys, Unkeyable, ValueHints, of_value, token_in};

const SIGNATURE: &str = "c2lnbmF0dXJlLW9mLXRoZS10b2tlbg";

#[test]
fn a_jwt_is_keyed_without_its_signature() {
    let first = resolve(&jwt(
        r#"{"iss":"https://idp.example","sub":"ci","exp":1700000000}"#,
        SIGNATURE,
    ));
    let resigned = resolve(&jwt(
        r#"{"iss":"https://idp.example","sub":"ci","exp":1700000000}"#,
        "b3RoZXI",
    ));
    let other = resolve(&jwt(
        r#"{"iss":"https://idp.example","sub":"cd","exp":1700000000}"#,
        SIGNATURE,
    ));
    assert_eq!(first.subject.key, resigned.subject.key);
    assert_ne!(first.subject.key, other.subject.key);
    let attributes = &first.subject.attributes;
    let named = |name: &str| attributes.get(name).map(String::as_str);
    assert_eq!(named("iss"), Some("https://idp.example"));
    assert_eq!(named("sub"), Some("ci"));
    assert_eq!(named("kid"), Some("k1"));
    assert_eq!(named("expires_at"), Some("2023-11-14T22:13:20Z"));
    assert_eq!(named("expired"), None, "without a time nothing is expired");
    assert!(!serde_json::to_string(&first).expect("JSON").contains(SIGNATURE));
}

#[test]
fn a_jwt_expires_at_its_time() {
    let token = jwt(r#"{"exp":1700000000}"#, SIGNATURE);
    for (seen_at, expired) in [
        ("2023-11-14T22:13:19Z", "false"),
        ("2023-11-14T22:13:20Z", "true"),
    ] {
        let hints = ValueHints {
            seen_at: Some(seen_at.parse().expect("a time")),
            ..ValueHints::default()
        };
        let resolved = of_value(&token, None, &hints, &keys()).expect("a value");
        assert_eq!(resolved.subject.attributes["expired"], expired);
    }
    let odd = resolve(&jwt(r#"{"exp":1e300,"sub":7}"#, SIGNATURE));
    assert!(!odd.subject.attributes.contains_key("expires_at"));
}

#[test]
fn a_kubernetes_token_leads_to_its_service_account() {
    let account = k8s::service_account(None, "prod", "ci")
        .expect("an account")
        .subject
        .key;
    let claims = [
        r#"{"iss":"kubernetes/serviceaccount","kubernetes.io/serviceaccount/namespace":"prod","kubernetes.io/serviceaccount/service-account.name":"ci"}"#,
        r#"{"iss":"https://oidc.example","kubernetes.io":{"namespace":"prod","serviceaccount":{"name":"ci","uid":"u"}}}"#,
        r#"{"sub":"system:serviceaccount:prod:ci"}"#,
    ];
    for claims in claims {
        let resolved = resolve(&jwt(claims, SIGNATURE));
        assert!(
            resolved
                .links
                .iter()
                .any(|link| link.rel == Rel::Authenticates && link.key == account),
            "{claims}"
        );
    }
    assert_eq!(resolve(&jwt(r#"{"sub":"prod:ci"}"#, SIGNATURE)).links, []);
}

#[test]
fn a_github_installation_token_with_two_dots_is_the_jwt_in_it() {
    let plain = jwt(r#"{"iss":"github","sub":"1"}"#, SIGNATURE);
    let described = resolve(&format!("ghs_1234_{plain}")).subject;
    assert_eq!(
        (described.provider.as_str(), described.kind.as_str()),
        ("github", "installation-token")
    );
    for wrapped in [
        format!("ghs_{plain}"),
        format!("ghs_1234_{plain}"),
        format!("Bearer {plain}"),
    ] {
        assert_eq!(resolve(&wrapped).subject.key, resolve(&plain).subject.key);
    }
}

#[test]
fn what_only_looks_like_a_jwt_is_a_plain_value() {
    for text in [
        "eyJhbGciOiJub25lIn0.bm90IGpzb24.c2ln",
        "aaaa.bbbb.cccc",
        "www.example.com1",
    ] {
        assert_eq!(resolve(text).subject.kind, "hmac", "{text}");
    }
}

#[test]
fn a_google_key_file_is_known_by_its_id_and_meets_its_pem_block() {
    let resolved = resolve(&key_file("0A1B2C3D", "ci@acme.iam.gserviceaccount.com"));
    assert_eq!(
        resolved.subject.key.as_str(),
        "secret:gcp:service-account-key:0a1b2c3d"
    );
    let account = "identity:gcp:service-account:ci@acme.iam.gserviceaccount.com";
    assert!(
        resolved
            .links
            .iter()
            .any(|link| link.rel == Rel::Authenticates && link.key.as_str() == account)
    );
    let pair = resolve(ED25519).subject.key;
    assert!(
        resolved
            .aliases
            .iter()
            .any(|alias| alias.key == pair && alias.strength == Strength::Strong)
    );
    let reformatted = key_file("0A1B2C3D", "ci@acme.iam.gserviceaccount.com").replace(',', ",\n  ");
    assert_eq!(resolve(&reformatted).subject.key, resolved.subject.key);
}

#[test]
fn a_google_key_file_with_its_id_masked_falls_back_on_the_key_pair() {
    let resolved = resolve(&key_file("REDACTED", "ci@acme.iam.gserviceaccount.com"));
    assert_eq!(resolved.subject.key, resolve(ED25519).subject.key);
}

#[test]
fn public_parts_are_attributes_and_the_key_is_the_keyed_hash() {
    let slack = ["xoxb", "123456789012", "123456789013", "AbCdEfGhIjKlMnOpQrStUvWx"].join("-");
    let hook = [
        "https://hooks.slack.com/services",
        "T01234567",
        "B01234567",
        "AbCdEfGhIjKlMnOpQrStUvWx",
    ]
    .join("/");
    let stripe = ["sk", "live", "51AbCdEfGhIjKlMnOpQrStUv"].join("_");
    let twilio = [
        "AC0123456789abcdef0123456789abcdef",
        "fedcba9876543210fedcba9876543210",
    ]
    .join(":");
    let sendgrid = ["SG", "AbCdEfGhIjKlMnOpQrStUv", &"x1Y".repeat(14)].join(".");
    let azure = format!(
        "DefaultEndpointsProtocol=https;AccountName=acme;AccountKey={}==;",
        "aB3+".repeat(21)
    );
    let rows = [
        (slack, "slack", "bot-token", "team_number", "123456789012"),
        (hook, "slack", "webhook", "team", "T01234567"),
        (stripe, "stripe", "secret-key", "mode", "live"),
        (
            twilio,
            "twilio",
            "auth-token",
            "account_sid",
            "AC0123456789abcdef0123456789abcdef",
        ),
        (
            sendgrid,
            "sendgrid",
            "api-key",
            "api_key_id",
            "AbCdEfGhIjKlMnOpQrStUv",
        ),
        (azure, "azure", "storage-account-key", "account_name", "acme"),
    ];
    for (value, provider, kind, name, public) in rows {
        let resolved = resolve(&value);
        let subject = &resolved.subject;
        assert!(subject.key.as_str().starts_with("secret:value:hmac:"), "{value}");
        assert_eq!(
            (subject.provider.as_str(), subject.kind.as_str()),
            (provider, kind)
        );
        assert_eq!(
            (
                subject.attributes["provider"].as_str(),
                subject.attributes["kind"].as_str()
            ),
            (provider, kind)
        );
        assert_eq!(
            subject.attributes.get(name).map(String::as_str),
            Some(public),
            "{value}"
        );
    }
}

#[test]
fn an_azure_account_key_is_the_same_with_and_without_its_connection_string() {
    let key = format!("{}==", "aB3+".repeat(21));
    let whole = resolve(&format!(
        "AccountName=acme;AccountKey={key};EndpointSuffix=core.windows.net"
    ));
    assert_eq!(whole.subject.key, resolve(&key).subject.key);
    let masked = "AccountName=acme;AccountKey=****************;EndpointSuffix=core.windows.net";
    assert_eq!(
        of_value(masked, None, &ValueHints::default(), &keys()).err(),
        Some(Unkeyable::NoValue)
    );
}

#[test]
fn the_checksum_of_github_is_the_published_one() {
    // A token in the shape GitHub describes: the last six characters are the base62 CRC-32 of the thirty before.
    let token = ["ghp_zQWBuTSOoRi4A9spHcVY5n", "cnsDkxkJ0mLq17"].concat();
    assert_eq!(resolve(&token).subject.confidence, Confidence::High);
    assert_eq!(
        resolve(&token.replace("mLq17", "mLq18")).subject.confidence,
        Confidence::Low
    );
}

fn jwt(claims: &str, signature: &str) -> String {
    let part = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
    format!(
        "{}.{}.{signature}",
        part(r#"{"alg":"RS256","kid":"k1"}"#),
        part(claims)
    )
}

fn key_file(id: &str, email: &str) -> String {
    let pem = ED25519.replace('\n', "\\n");
    format!(
        r#"{{"type":"service_account","project_id":"acme","private_key_id":"{id}","private_key":"{pem}\n","client_email":"{email}"}}"#
    )
}

fn resolve(value: &str) -> Resolved {
    of_value(value, None, &ValueHints::default(), &keys()).expect("a value")
}

fn keys() -> HmacKeys {
    HmacKeys::new(&[7; 32]).expect("32 bytes")
}

const ED25519: &str = "\
-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIFpbSvZGqvexn7pPWz9WiHIazcf21n0MaM6EtxMB2qCw
-----END PRIVATE KEY-----
";

#[test]
fn a_token_is_found_in_a_line_of_code_if_it_is_alone_there() {
    let token = "ghp_C4n4ryC4n4ryC4n4ryC4n4ryC4n4ryC4n4ry";
    for code in [
        token.to_owned(),
        format!("TOKEN=\"{token}\""),
        format!("curl -u bo:x -H 'Authorization: token {token}'; # {token}"),
    ] {
        assert_eq!(token_in(&code), Some(token), "{code}");
    }
    assert_eq!(
        token_in("id = AKIAIOSFODNN7EXAMPLE"),
        Some("AKIAIOSFODNN7EXAMPLE")
    );
    for code in [
        "",
        "password = os.environ[\"DATABASE_PASSWORD_2\"]",
        "password = \"correct-horse-battery-9\"",
        "ghp_short1",
        "AKIAIOSFODNN7EXAMPLE ghp_C4n4ryC4n4ryC4n4ryC4n4ryC4n4ryC4n4ry",
    ] {
        assert_eq!(token_in(code), None, "{code}");
    }
}
