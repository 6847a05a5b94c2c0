//! Rule families: what scanners call one kind of secret, as data.

use std::sync::LazyLock;

/// A family and the words that mark it in a rule's name; the first family with a word in the name wins.
const FAMILIES: &[(&str, &[&str])] = &[
    (
        "private-key",
        &[
            "private-key",
            "rsa-key",
            "ssh-key",
            "openssh",
            "pgp",
            "pem-key",
            "pkcs8",
            "putty",
        ],
    ),
    ("jwt", &["jwt", "json-web-token"]),
    ("aws", &["aws", "amazon", "akia"]),
    ("gcp", &["gcp", "google", "firebase", "gcloud"]),
    ("azure", &["azure", "microsoft", "entra", "sas-token"]),
    ("github", &["github", "gh-pat", "ghp", "ghs"]),
    ("gitlab", &["gitlab", "glpat"]),
    ("bitbucket", &["bitbucket"]),
    ("slack", &["slack"]),
    ("stripe", &["stripe"]),
    ("twilio", &["twilio"]),
    ("sendgrid", &["sendgrid"]),
    ("mailgun", &["mailgun"]),
    ("mailchimp", &["mailchimp"]),
    ("npm", &["npm"]),
    ("pypi", &["pypi"]),
    ("docker", &["docker"]),
    ("terraform", &["terraform", "tfc", "hashicorp-tf"]),
    ("vault", &["vault"]),
    ("okta", &["okta"]),
    ("auth0", &["auth0"]),
    ("datadog", &["datadog"]),
    ("newrelic", &["new-relic", "newrelic"]),
    ("grafana", &["grafana"]),
    ("openai", &["openai"]),
    ("anthropic", &["anthropic"]),
    ("huggingface", &["huggingface", "hugging-face"]),
    ("heroku", &["heroku"]),
    ("digitalocean", &["digitalocean", "digital-ocean"]),
    ("cloudflare", &["cloudflare"]),
    ("alibaba", &["alibaba", "aliyun"]),
    ("shopify", &["shopify"]),
    ("square", &["square"]),
    ("paypal", &["paypal", "braintree"]),
    ("telegram", &["telegram"]),
    ("discord", &["discord"]),
    ("facebook", &["facebook"]),
    ("twitter", &["twitter"]),
    ("atlassian", &["atlassian", "jira", "confluence"]),
    ("artifactory", &["artifactory", "jfrog"]),
    ("databricks", &["databricks"]),
    ("snowflake", &["snowflake"]),
    ("kubernetes", &["kubernetes", "kubeconfig", "k8s"]),
    (
        "database",
        &[
            "postgres",
            "mysql",
            "mongodb",
            "redis",
            "jdbc",
            "sqlserver",
            "mssql",
            "connection-string",
        ],
    ),
    (
        "password",
        &[
            "password",
            "passwd",
            "basic-auth",
            "credentials-in-url",
            "url-credentials",
            "uri",
        ],
    ),
];

/// Names of issuers that camel case would split: before and behind the separator.
const SPLIT_NAMES: [(&str, &str); 4] = [("git", "hub"), ("git", "lab"), ("send", "grid"), ("open", "ai")];

/// A shorter word must stand alone.
const PART_BYTES_MIN: usize = 5;

/// A word and the rank of its family.
type RankedWord = (usize, &'static [u8]);

/// The words by their first byte, and as bits which bytes stand behind it.
struct Words {
    by_first: [Vec<RankedWord>; 256],
    seconds: [u64; 256],
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let mut words = Words {
        by_first: [const { Vec::new() }; 256],
        seconds: [0; 256],
    };
    for (rank, (_, of_family)) in FAMILIES.iter().enumerate() {
        for word in of_family.iter().map(|word| word.as_bytes()) {
            words.by_first[usize::from(word[0])].push((rank, word));
            words.seconds[usize::from(word[0])] |= second_bit(word, 0);
        }
    }
    words
});

/// The byte behind the one at a place, as one of 64 bits.
fn second_bit(text: &[u8], at: usize) -> u64 {
    text.get(at + 1).map_or(0, |byte| 1 << (byte & 0x3f))
}

/// The family of a rule, `generic` where no word is known. Case, blanks, `_`, `.` and camel case do not matter.
pub fn family_of(rule: &str) -> &'static str {
    let name = kebab(rule);
    let name = name.as_bytes();
    let words = &*WORDS;
    let may_begin = |at: &usize| words.seconds[usize::from(name[*at])] & second_bit(name, *at) != 0;
    let ranks = (0..name.len()).filter(may_begin);
    let ranks = ranks.filter_map(|at| rank_of_word(name, at, words));
    ranks
        .min()
        .and_then(|rank| FAMILIES.get(rank))
        .map_or("generic", |(family, _)| family)
}

/// The first family with a word that stands here. Short words must stand alone (`uri` is not in `security`); long
/// ones may be part of another.
fn rank_of_word(name: &[u8], at: usize, words: &Words) -> Option<usize> {
    let is_edge = |at: usize| name.get(at).is_none_or(|byte| *byte == b'-');
    let stands = |word: &[u8]| {
        name[at..].starts_with(word)
            && (word.len() >= PART_BYTES_MIN || ((at == 0 || is_edge(at - 1)) && is_edge(at + word.len())))
    };
    let here = words.by_first[usize::from(name[at])].iter();
    here.filter(|(_, word)| stands(word)).map(|(rank, _)| *rank).min()
}

/// `AWSAccessKey`, `aws_access_key` and `AWS Access Key` → `aws-access-key`; `GitHub` stays one word.
fn kebab(rule: &str) -> String {
    let rule = rule.trim();
    let name = match rule.is_ascii() {
        true => kebab_of_ascii(rule.as_bytes()),
        false => {
            let characters: Vec<char> = rule.chars().collect();
            kebab_of(characters.len(), |at| characters[at])
        }
    };
    with_whole_names(name)
}

fn kebab_of(length: usize, character_at: impl Fn(usize) -> char) -> String {
    let mut name = String::with_capacity(length + length / 2);
    for index in 0..length {
        let character = character_at(index);
        if !character.is_alphanumeric() {
            push_separator(&mut name);
            continue;
        }
        if character.is_uppercase() && index > 0 && starts_word(index, length, &character_at) {
            push_separator(&mut name);
        }
        name.extend(character.to_lowercase());
    }
    name
}

/// As [`kebab_of`].
fn kebab_of_ascii(rule: &[u8]) -> String {
    let mut name = String::with_capacity(rule.len() + rule.len() / 2);
    for (index, byte) in rule.iter().enumerate() {
        if !byte.is_ascii_alphanumeric() {
            push_separator(&mut name);
            continue;
        }
        if byte.is_ascii_uppercase() && index > 0 {
            let is = |at: usize, class: fn(&u8) -> bool| rule.get(at).is_some_and(class);
            let ends_acronym = index > 1
                && is(index + 1, u8::is_ascii_lowercase)
                && is(index - 1, u8::is_ascii_uppercase)
                && is(index - 2, u8::is_ascii_uppercase);
            if is(index - 1, u8::is_ascii_lowercase) || ends_acronym {
                push_separator(&mut name);
            }
        }
        name.push(char::from(byte.to_ascii_lowercase()));
    }
    name
}

/// Whether a capital starts a word: behind a small letter, or as the last of several capitals before one.
fn starts_word(index: usize, length: usize, character_at: &impl Fn(usize) -> char) -> bool {
    let is_upper = |at: usize| character_at(at).is_uppercase();
    let ends_acronym = || {
        let next_is_lower = index + 1 < length && character_at(index + 1).is_lowercase();
        index > 1 && next_is_lower && is_upper(index - 1) && is_upper(index - 2)
    };
    character_at(index - 1).is_lowercase() || ends_acronym()
}

fn with_whole_names(name: String) -> String {
    let is_split = |at: usize| {
        let (before, behind) = (&name[..at], &name[at + 1..]);
        SPLIT_NAMES
            .iter()
            .any(|(start, end)| before.ends_with(start) && behind.starts_with(end))
    };
    let joints = name.bytes().enumerate().filter(|(_, byte)| *byte == b'-');
    let splits: Vec<usize> = joints.map(|(at, _)| at).filter(|at| is_split(*at)).collect();
    splits.iter().rev().fold(name, |mut name, at| {
        name.remove(*at);
        name
    })
}

fn push_separator(name: &mut String) {
    if !name.ends_with('-') {
        name.push('-');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{kebab_of, kebab_of_ascii};

    proptest! {
        #[test]
        fn the_short_way_for_ascii_gives_what_the_long_way_gives(rule in "[ -~]{0,24}|[A-Za-z0-9_ ]{0,24}") {
            let long = kebab_of(rule.len(), |at| char::from(rule.as_bytes()[at]));
            prop_assert_eq!(kebab_of_ascii(rule.as_bytes()), long);
        }
    }
}
