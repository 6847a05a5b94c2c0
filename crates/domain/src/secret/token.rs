//! Tokens that say who issued them: prefixes as data, GitHub's checksum, the public parts of some vendors' tokens.

use crate::key::{Confidence, aws};

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const GITHUB_TOKEN_BYTES: usize = 40;

/// Prefix, issuer, kind. The longest prefix that fits wins.
const PREFIXES: &[(&str, &str, &str)] = &[
    ("ghp_", "github", "personal-access-token"),
    ("gho_", "github", "oauth-token"),
    ("ghu_", "github", "user-to-server-token"),
    ("ghs_", "github", "installation-token"),
    ("ghr_", "github", "refresh-token"),
    ("github_pat_", "github", "fine-grained-personal-access-token"),
    ("glpat-", "gitlab", "personal-access-token"),
    ("gldt-", "gitlab", "deploy-token"),
    ("glrt-", "gitlab", "runner-token"),
    ("glcbt-", "gitlab", "job-token"),
    ("glptt-", "gitlab", "trigger-token"),
    ("xoxb-", "slack", "bot-token"),
    ("xoxp-", "slack", "user-token"),
    ("xoxa-", "slack", "app-token"),
    ("xoxr-", "slack", "refresh-token"),
    ("xoxe-", "slack", "refresh-token"),
    ("xoxe.", "slack", "rotated-token"),
    ("xapp-", "slack", "app-level-token"),
    ("https://hooks.slack.com/", "slack", "webhook"),
    ("sk_live_", "stripe", "secret-key"),
    ("sk_test_", "stripe", "secret-key"),
    ("rk_live_", "stripe", "restricted-key"),
    ("rk_test_", "stripe", "restricted-key"),
    ("whsec_", "stripe", "webhook-secret"),
    ("SG.", "sendgrid", "api-key"),
    ("npm_", "npm", "access-token"),
    ("pypi-", "pypi", "api-token"),
    ("dckr_pat_", "docker", "personal-access-token"),
    ("AIza", "gcp", "api-key"),
    ("ya29.", "gcp", "access-token"),
    ("GOCSPX-", "gcp", "oauth-client-secret"),
    ("hvs.", "vault", "service-token"),
    ("hvb.", "vault", "batch-token"),
    ("hf_", "huggingface", "access-token"),
    ("sk-ant-", "anthropic", "api-key"),
    ("sk-proj-", "openai", "api-key"),
    ("dop_v1_", "digitalocean", "personal-access-token"),
    ("shpat_", "shopify", "access-token"),
    ("shpss_", "shopify", "shared-secret"),
    ("NRAK-", "newrelic", "user-key"),
    ("glsa_", "grafana", "service-account-token"),
    ("dapi", "databricks", "personal-access-token"),
];

/// What a token says of itself.
pub(super) struct Token<'a> {
    pub(super) provider: &'static str,
    pub(super) kind: &'static str,
    /// Public parts: names and values.
    pub(super) attributes: Vec<(&'static str, &'a str)>,
    pub(super) confidence: Confidence,
}

/// Recognizes a token by its prefix; none if no vendor is known to write such a text.
pub(super) fn recognize(text: &str) -> Option<Token<'_>> {
    let first = text.as_bytes().first();
    let fits = |(prefix, ..): &&(&str, &str, &str)| {
        prefix.as_bytes().first() == first && text.len() > prefix.len() + 8 && text.starts_with(prefix)
    };
    let found = PREFIXES
        .iter()
        .filter(fits)
        .max_by_key(|(prefix, ..)| prefix.len());
    let (_, provider, kind) = found.filter(|_| !text.contains(char::is_whitespace))?;
    let confidence = match github_checksum(text) {
        Some(false) => Confidence::Low,
        _ => Confidence::High,
    };
    Some(Token {
        provider,
        kind,
        attributes: public_parts(provider, text),
        confidence,
    })
}

/// The one token or access key id in a line of code; none where there are several, as nobody knows which is meant, or
/// where no vendor is known to write such a text.
pub fn token_in(code: &str) -> Option<&str> {
    const TOKEN_BYTES_MIN: usize = 20;
    let is_token = |word: &&str| {
        let is_long = word.len() >= TOKEN_BYTES_MIN && word.bytes().any(|byte| byte.is_ascii_digit());
        is_long && (recognize(word).is_some() || aws::is_access_key_id(word))
    };
    let mut tokens = code.split(is_edge).filter(is_token);
    let token = tokens.next()?;
    tokens.all(|other| other == token).then_some(token)
}

/// What stands around a token in code and is no part of any.
fn is_edge(character: char) -> bool {
    character.is_whitespace() || "\"'`=,;()<>[]{}|&@".contains(character)
}

/// Whether the last six characters of a 40-character GitHub token are the base62 CRC-32 of the thirty after its
/// prefix; none for a text to which the rule does not apply (`github_pat_…`, other lengths).
pub(super) fn github_checksum(text: &str) -> Option<bool> {
    let body = ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"]
        .iter()
        .find_map(|prefix| text.strip_prefix(prefix))?;
    if text.len() != GITHUB_TOKEN_BYTES || !text.is_ascii() {
        return None;
    }
    let (random, checksum) = body.split_at(30);
    Some(base62(crc32fast::hash(random.as_bytes())) == checksum.as_bytes())
}

fn base62(mut number: u32) -> [u8; 6] {
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(number % 62) as usize];
        number /= 62;
    }
    digits
}

/// The parts of a token that its vendor does not count as secret.
fn public_parts<'a>(provider: &str, text: &'a str) -> Vec<(&'static str, &'a str)> {
    match provider {
        "slack" => slack_parts(text),
        "stripe" => match text.split('_').nth(1) {
            Some(mode @ ("live" | "test")) => vec![("mode", mode)],
            _ => Vec::new(),
        },
        "sendgrid" => match text.split('.').nth(1) {
            Some(id) if id.len() == 22 => vec![("api_key_id", id)],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// `xoxb-<team>-<bot user>-…`, `xapp-1-<app>-…`, `https://hooks.slack.com/services/<team>/<bot>/…`.
fn slack_parts(text: &str) -> Vec<(&'static str, &str)> {
    if let Some((_, path)) = text.split_once("/services/") {
        return path
            .split('/')
            .next()
            .filter(|team| team.starts_with('T'))
            .map(|team| ("team", team))
            .into_iter()
            .collect();
    }
    let fields: Vec<&str> = text.split('-').collect();
    let numeric = |field: &str| field.len() >= 8 && field.bytes().all(|byte| byte.is_ascii_digit());
    match fields[..] {
        ["xoxb" | "xoxp", team, _, _, ..] if numeric(team) => vec![("team_number", team)],
        ["xapp", _, app, _, ..] if app.starts_with('A') => vec![("app", app)],
        _ => Vec::new(),
    }
}
