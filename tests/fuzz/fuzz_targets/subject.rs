//! Any two lines as a subject key, a secret and the names providers give: refused, or a key that reads as it was written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reeve_domain::key::{SubjectKey, ad, aws, db, entra, gcp};
use reeve_domain::secret::{ValueHints, of_value};
use reeve_fuzz::SETTINGS;

fuzz_target!(|input: &str| {
    let (one, two) = input.split_once('\n').unwrap_or((input, ""));
    if let Ok(key) = one.parse::<SubjectKey>() {
        reads_back(&key);
    }
    let keyed = [
        ad::login(one),
        ad::upn(one),
        aws::user(one, two),
        aws::role(one, two),
        aws::from_unique_id(one),
        db::user(one, two),
        entra::login(one),
        gcp::from_member(one),
        gcp::from_key_name(one),
    ];
    for resolved in keyed.into_iter().flatten() {
        reads_back(&resolved.subject.key);
    }
    if let Ok(resolved) = of_value(one, Some(two), &ValueHints::default(), &SETTINGS.keys) {
        reads_back(&resolved.subject.key);
    }
});

fn reads_back(key: &SubjectKey) {
    assert_eq!(
        key.as_str().parse::<SubjectKey>().as_ref(),
        Ok(key),
        "a key reads as it was written"
    );
}
