//! The rule of a SARIF result, wherever the run keeps it, and whether it is about secrets.

use std::sync::LazyLock;

use reeve_domain::observation::IssueType::SecretExposed;

use crate::issue::{Meaning, Words};
use crate::json::{Json, Number};

/// Tools whose every rule is about a secret.
const SECRET_SCANNERS: &[&str] = &[
    "gitleaks",
    "betterleaks",
    "trufflehog",
    "nosey parker",
    "noseyparker",
    "kingfisher",
    "detect-secrets",
    "ggshield",
    "gitguardian",
    "secretlint",
    "credscan",
    "ripsecrets",
    "talisman",
    "whispers",
    "secret detection",
    "2ms",
    "git-secrets",
    "titus",
];

/// Tools whose snippet is the secret and nothing else.
const VALUE_WRITERS: &[&str] = &["gitleaks", "betterleaks"];

/// Weaknesses and words of rules; the first of the table that is in one of their texts wins.
const WORDS: &[(&str, Meaning)] = &[
    ("cve-", None),
    ("ghsa-", None),
    ("hardcoded", Some(SecretExposed)),
    ("hard-coded", Some(SecretExposed)),
    ("hard coded", Some(SecretExposed)),
    ("cwe-798", Some(SecretExposed)),
    ("cwe-259", Some(SecretExposed)),
    ("cwe-321", Some(SecretExposed)),
    ("cwe-540", Some(SecretExposed)),
    ("cwe-256", Some(SecretExposed)),
    ("detected-", Some(SecretExposed)),
    ("generic.secrets", Some(SecretExposed)),
    ("exposed secret", Some(SecretExposed)),
    ("leaked secret", Some(SecretExposed)),
    ("secret-detection", Some(SecretExposed)),
    ("secret detected", Some(SecretExposed)),
    ("ckv_secret", Some(SecretExposed)),
    ("credentials in", Some(SecretExposed)),
    ("plaintext password", Some(SecretExposed)),
    ("access key detected", Some(SecretExposed)),
    ("access key id detected", Some(SecretExposed)),
    ("api key detected", Some(SecretExposed)),
    ("private key detected", Some(SecretExposed)),
    ("token detected", Some(SecretExposed)),
    ("password detected", Some(SecretExposed)),
    ("credential detected", Some(SecretExposed)),
    ("credentials detected", Some(SecretExposed)),
    ("passwords and secrets", Some(SecretExposed)),
    ("tokens or keys in source code", Some(SecretExposed)),
    ("store credential in", Some(SecretExposed)),
    ("credentials should not be disclosed", Some(SecretExposed)),
    ("sec101/", Some(SecretExposed)),
    ("password in plain", Some(SecretExposed)),
];

pub(super) fn writes_values(tool: &str) -> bool {
    is_one_of(tool, VALUE_WRITERS)
}

fn is_one_of(tool: &str, tools: &[&str]) -> bool {
    let tool = tool.to_ascii_lowercase();
    tools.iter().any(|known| tool.starts_with(known))
}

/// What a result calls its rule, and the rule itself where the run has it.
pub(super) struct Rule<'d> {
    result: &'d Json<'d>,
    json: &'d Json<'d>,
}

static NONE: Json<'static> = Json::Null;

impl<'d> Rule<'d> {
    /// By index, in the driver or in the extension that the result names; else by id, which may have parts.
    pub(super) fn of(result: &'d Json<'d>, run: &'d Json<'d>) -> Self {
        let reference = result.get("rule");
        let extensions = run.at(&["tool", "extensions"]).elements();
        let component = position(reference.at(&["toolComponent", "index"]));
        let named = component.and_then(|index| extensions.get(index));
        let home = named.unwrap_or(run.at(&["tool", "driver"]));
        let index = position(result.get("ruleIndex")).or(position(reference.get("index")));
        let by_index = index.and_then(|index| home.get("rules").elements().get(index));
        let json = by_index.or_else(|| {
            let id = id_of(result)?;
            let homes = std::iter::once(run.at(&["tool", "driver"])).chain(extensions);
            let mut rules = homes.flat_map(|home| home.get("rules").elements());
            rules.find(|rule| rule.get("id").text().is_some_and(|known| is_within(id, known)))
        });
        Self {
            result,
            json: json.unwrap_or(&NONE),
        }
    }

    /// Its id; gitleaks 7 says it in the message alone.
    pub(super) fn id(&self) -> &'d str {
        let of_message = || {
            let message = self.result.at(&["message", "text"]).text()?;
            message.strip_suffix(" secret detected")
        };
        let id = id_of(self.result).or(self.json.get("id").text());
        id.or_else(of_message).unwrap_or("unknown")
    }

    /// Never the message: it may quote the secret.
    pub(super) fn title(&self) -> &'d str {
        let text = self.json.at(&["shortDescription", "text"]).text();
        text.or(self.json.get("name").text()).unwrap_or(self.id())
    }

    pub(super) fn page(&self) -> Option<&'d str> {
        self.json.get("helpUri").text()
    }

    pub(super) fn level(&self) -> Option<&'d str> {
        self.json.at(&["defaultConfiguration", "level"]).text()
    }

    /// CVSS, of 100.
    pub(super) fn security_severity(&self) -> Option<u64> {
        let score = match self.json.at(&["properties", "security-severity"]) {
            Json::Text(text) => text.parse::<f64>().ok()?,
            Json::Number(Number::Float(score)) => *score,
            Json::Number(Number::Unsigned(score)) => *score as f64,
            _ => return None,
        };
        (0.0..=10.0)
            .contains(&score)
            .then_some((score * 10.0).round() as u64)
    }

    pub(super) fn is_of_secrets(&self, tool: &str) -> bool {
        let tags = self.json.at(&["properties", "tags"]).elements();
        let tags: Vec<&str> = tags.iter().filter_map(Json::text).collect();
        let own = [
            self.id(),
            self.title(),
            self.json
                .at(&["fullDescription", "text"])
                .text()
                .unwrap_or_default(),
            self.result.at(&["message", "text"]).text().unwrap_or_default(),
            self.json.at(&["properties", "cwe"]).text().unwrap_or_default(),
        ];
        is_of_secrets(tool, &tags, own)
    }
}

/// Whether a rule of a code scanner is about secrets, by its tool, its tags and whatever texts describe it.
pub(in crate::formats) fn is_of_secrets<'t>(
    tool: &str,
    tags: &[&'t str],
    texts: impl IntoIterator<Item = &'t str>,
) -> bool {
    static TABLE: LazyLock<Words> = LazyLock::new(|| Words::new(WORDS));
    if is_one_of(tool, SECRET_SCANNERS) || tags.contains(&"secret") || tags.contains(&"secrets") {
        return true;
    }
    let texts = texts.into_iter().chain(tags.iter().copied());
    TABLE.find(texts) == Some(Some(SecretExposed))
}

fn id_of<'d>(result: &'d Json<'d>) -> Option<&'d str> {
    result.get("ruleId").text().or(result.at(&["rule", "id"]).text())
}

/// `CA1000/1` is a part of `CA1000`.
fn is_within(id: &str, rule: &str) -> bool {
    id.strip_prefix(rule)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// An index of the run; -1 is none.
fn position(json: &Json<'_>) -> Option<usize> {
    usize::try_from(json.unsigned()?).ok()
}
