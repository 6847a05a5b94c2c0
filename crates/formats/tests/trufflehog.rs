//! What TruffleHog's detectors write in place of a secret, and what each of them is keyed by.

mod support;

use serde_json::{Value, json};
use support::{evidence, findings, output, parse_bytes, settings};

const SECRET: &str = "Zq3vT8wYb2Nc7Lk5Rj9Xm4Hd6Pf1Gs0A";
const OTHER: &str = "b7KtW2mQx9Zc4Vn8Lp1Rj6Hd3Gf5Ys0U";

/// Detector, `Raw`, `RawV2` and `Redacted`, with `{}` for the secret.
type Row = [&'static str; 4];

/// Detectors with a client's name in `Raw`, or with more than the secret there.
const FORMS: &[Row] = &[
    ["APIMatic", "till@acme.example", "till@acme.example{}", ""],
    ["APIMatic", "{}", "", ""],
    ["Alibaba", "{}", "{}LTAI5tTillKiosk7Door9Lam", ""],
    [
        "Autodesk",
        "tillKiosk7Door9Lamp2Fern4Moss6Re",
        "tillKiosk7Door9Lamp2Fern4Moss6Re{}",
        "",
    ],
    [
        "AzureAPIManagementSubscriptionKey",
        "https://till.azure-api.net",
        "https://till.azure-api.net:{}",
        "",
    ],
    [
        "AzureAppConfigConnectionString",
        "till-l0-s0",
        "Endpoint=https://till.azconfig.io;Id=till-l0-s0;Secret={}",
        "",
    ],
    [
        "AzureDirectManagementKey",
        "https://till.management.azure-api.net",
        "https://till.management.azure-api.net:{}",
        "",
    ],
    [
        "AzureDirectManagementKey",
        "https://till.management.azure-api.net",
        "https://till.management.azure-api.net{}",
        "https://till.management.azure-api.net/subscriptions/default",
    ],
    [
        "AzureSasToken",
        "https://till.blob.core.windows.net/receipts",
        "https://till.blob.core.windows.net/receipts{}",
        "",
    ],
    ["BitbucketAppPassword", "till:{}", "", ""],
    ["BitbucketAppPassword", "deploy: {}", "", ""],
    ["CexIO", "tillKiosk7Door9Lamp2Fern4", "up104872365{}", ""],
    ["Cloudinary", "104872365904127", "acme:104872365904127:{}", ""],
    ["Dockerhub", "till: {}", "", ""],
    ["Dockerhub", "{}", "till:{}", ""],
    [
        "Duo",
        "DITILL0KIOSK7DOOR9LA",
        "api-71b3till.duosecurity.com:DITILL0KIOSK7DOOR9LA:{}",
        "",
    ],
    ["EndorLabs", "endr+tillKiosk7Door9", "endr+tillKiosk7Door9{}", ""],
    ["FourSquare", "TILLKIOSK7DOOR9LAMP2", "TILLKIOSK7DOOR9LAMP2{}", ""],
    [
        "FourSquare",
        "TILLKIOSK7DOOR9LAMP2",
        "TILLKIOSK7DOOR9LAMP2:{}",
        "",
    ],
    [
        "GCPApplicationDefaultCredentials",
        "764086051850-6qr4p6gpi6hn506pt8ejuq83di341hur",
        "764086051850-6qr4p6gpi6hn506pt8ejuq83di341hur{}",
        "Zq3...A",
    ],
    [
        "GoogleOauth2ClientCredentials",
        "402817365091-till5kiosk7door9",
        "402817365091-till5kiosk7door9.apps.googleusercontent.com{}",
        "",
    ],
    [
        "Kontent",
        "5f0e1a2b-0c3d-4e5f-8a7b-71b3c0ffee01",
        "5f0e1a2b-0c3d-4e5f-8a7b-71b3c0ffee01{}",
        "",
    ],
    ["Kraken", "tillKiosk7/Door9Lamp2", "tillKiosk7/Door9Lamp2{}", ""],
    ["PlanetScale", "till7kiosk9do:{}", "", ""],
    [
        "PlanetScaleDb",
        "aws.connect.psdb.cloud\ttill7kiosk9do\t{}",
        "",
        "",
    ],
    [
        "Ramp",
        "ramp_id_tillKiosk7Door9",
        "ramp_id_tillKiosk7Door9:{}",
        "",
    ],
    [
        "Roaring",
        "tillKiosk7Door9Lamp2Fern4Mos",
        "tillKiosk7Door9Lamp2Fern4Mos{}",
        "",
    ],
    [
        "SatismeterProjectkey",
        "65a1f0c3d2b4e6987a0b1c2d",
        "65a1f0c3d2b4e6987a0b1c2d{}",
        "",
    ],
    [
        "SatismeterWritekey",
        "65a1f0c3d2b4e6987a0b1c2d",
        "65a1f0c3d2b4e6987a0b1c2d{}",
        "",
    ],
    ["SatismeterWritekey", "{}", "", ""],
    ["Shopify", "{}till.myshopify.com", "", "till.myshopify.com"],
    ["Shopify", "{}", "{}till.myshopify.com", "till.myshopify.com"],
    [
        "Smartling",
        "tillkioskdoorlampfernmossreed",
        "tillkioskdoorlampfernmossreed:{}",
        "",
    ],
    [
        "TableauPersonalAccessToken",
        "ci-till",
        "ci-till:{}:eu-west-1a.online.tableau.com",
        "",
    ],
    [
        "Twitch",
        "till7kiosk9door2lamp4fern6moss8r",
        "till7kiosk9door2lamp4fern6moss8r:{}",
        "",
    ],
    ["Twitch", "{}", "", ""],
];

/// Detectors that wrote nothing but names, in these versions.
const NAMES: &[Row] = &[
    ["APIMatic", "till@acme.example", "", ""],
    [
        "Alibaba",
        "LTAI5tTillKiosk7Door9Lam",
        "",
        "LTAI5tTillKiosk7Door9Lam",
    ],
    ["AzureStorage", "tillstore", "", ""],
    [
        "GCPApplicationDefaultCredentials",
        "764086051850-6qr4p6gpi6hn506pt8ejuq83di341hur",
        "",
        "",
    ],
    ["GoDaddy", "tillKiosk7_Door9Lamp2Fern4", "", ""],
    [
        "GoogleOauth2",
        "402817365091-till5kiosk7door9.apps.googleusercontent.com",
        "",
        "",
    ],
    [
        "GoogleOauth2ClientCredentials",
        "402817365091-till5kiosk7door9",
        "402817365091-till5kiosk7door9.apps.googleusercontent.com",
        "",
    ],
    ["Kontent", "5f0e1a2b-0c3d-4e5f-8a7b-71b3c0ffee01", "", ""],
    [
        "KuCoin",
        "65a1f0c3d2b4e6987a0b1c2d",
        "65a1f0c3d2b4e6987a0b1c2d{}",
        "",
    ],
    ["PusherChannelKey", "1048723", "1048723{}", ""],
    ["Roaring", "tillKiosk7Door9Lamp2Fern4Mos", "", ""],
    ["SauceLabs", "till-ci", "", ""],
    [
        "Twilio",
        "AC0a1b2c3d4e5f60718293a4b5c6d7e8f9",
        "",
        "AC0a1b2c3d4e5f60718293a4b5c6d7e8f9",
    ],
];

fn result([detector, raw, whole, redacted]: Row, secret: &str) -> Value {
    let filled = |text: &str| text.replace("{}", secret);
    json!({"SourceMetadata": {"Data": {"Git": {"file": format!("conf/{secret}.env"), "repository": "https://github.com/acme/app"}}},
        "DetectorName": detector, "DecoderName": "PLAIN", "Verified": false, "Raw": filled(raw), "RawV2": filled(whole), "Redacted": redacted})
}

fn gitleaks(secret: &str) -> Value {
    json!({"RuleID": "generic-api-key", "Secret": secret, "Match": secret, "File": "a", "StartLine": 4, "Fingerprint": "x"})
}

/// The key of the only finding.
fn key(document: &Value) -> String {
    let parsed = parse_bytes(document.to_string().as_bytes(), &settings());
    let keys: Vec<_> = findings(&parsed)
        .iter()
        .map(|finding| finding.subject.key.to_string())
        .collect();
    assert_eq!(keys.len(), 1, "{}", output(&parsed));
    keys.concat()
}

fn leaks(document: &Value, secret: &str) -> bool {
    output(&parse_bytes(document.to_string().as_bytes(), &settings())).contains(secret)
}

#[test]
fn a_secret_is_keyed_alone_in_whatever_form_its_detector_writes_it() {
    for row in FORMS {
        for secret in [SECRET, OTHER] {
            let result = result(*row, secret);
            assert_eq!(key(&result), key(&gitleaks(secret)), "{row:?}");
            assert!(!leaks(&result, secret), "{row:?}");
        }
    }
}

#[test]
fn a_name_without_its_secret_is_known_by_its_place() {
    for row in NAMES {
        let result = result(*row, SECRET);
        let key = key(&result);
        assert!(
            key.starts_with("secret:location:file:github.com/acme/app/"),
            "{row:?} {key}"
        );
        let is_written = row.iter().any(|text| text.contains("{}"));
        assert!(!is_written || !leaks(&result, SECRET), "{row:?}");
    }
}

#[test]
fn the_part_that_is_the_secret_wins_over_those_that_are_called_like_one() {
    let rows = [
        (
            FORMS[15],
            json!({"host": "api-71b3till.duosecurity.com", "ikey": "DITILL0KIOSK7DOOR9LA", "skey": SECRET}),
        ),
        (
            FORMS[19],
            json!({"client_id": "764086051850", "client_secret": "public-of-everybody", "refresh_token": SECRET}),
        ),
        (
            FORMS[30],
            json!({"key": SECRET, "store_url": "till.myshopify.com"}),
        ),
    ];
    for (row, parts) in rows {
        let mut result = result(row, SECRET);
        result["SecretParts"] = parts;
        result["RawV2"] = json!("");
        assert_eq!(key(&result), key(&gitleaks(SECRET)), "{row:?}");
    }
}

#[test]
fn the_password_of_a_connection_in_fields_is_the_one_of_its_url() {
    let (password, escaped) = ("Zq3vT8wY/p@s:s", "Zq3vT8wY%2Fp%40s%3As");
    let pairs = [
        (
            [
                "LDAP",
                "ldap://dc.acme.example:389\ttill@acme.example\t{}",
                "",
                "",
            ],
            ["URI", "ldap://till%40acme.example:{}@dc.acme.example", "", ""],
        ),
        (
            [
                "Couchbase",
                "till:{}@couchbases://cb.till7.cloud.couchbase.com",
                "",
                "",
            ],
            ["URI", "couchbases://till:{}@cb.till7.cloud.couchbase.com", "", ""],
        ),
    ];
    for (fields, url) in pairs {
        assert_eq!(key(&result(fields, password)), key(&result(url, escaped)));
        assert_ne!(key(&result(fields, password)), key(&result(fields, OTHER)));
        assert!(!leaks(&result(fields, password), password));
    }
}

#[test]
fn what_stands_behind_the_name_of_a_detector_that_nobody_knows_does_not_leave() {
    for whole in ["till-ci{}", "till-ci:{}", "api.till.example:till-ci:{}"] {
        let result = result(["Brand-New-Detector", "till-ci", whole, ""], SECRET);
        assert!(!leaks(&result, SECRET), "{whole}");
    }
}

#[test]
fn one_dead_secret_in_a_place_says_nothing_of_the_others_there() {
    let statements = |row| {
        let result = result(row, SECRET);
        evidence(&parse_bytes(result.to_string().as_bytes(), &settings())).len()
    };
    assert_eq!(
        statements(["Flickr", "9a8b7c6d5e4f30219a8b7c6d5e4f3021", "", ""]),
        0
    );
    assert_eq!(statements(["Brand-New-Detector", "{}", "", ""]), 1);
}

#[test]
fn what_ends_every_id_of_a_client_at_google_is_no_secret() {
    let mut result = result(NAMES[6], SECRET);
    result["SourceMetadata"]["Data"]["Git"]["file"] = json!("login.apps.googleusercontent.com.json");
    assert!(leaks(&result, "login.apps.googleusercontent.com.json"));
}
