//! Rule families: what scanners call one kind of secret, as data.

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

/// Names of issuers that camel case would split.
const SPLIT_NAMES: [(&str, &str); 4] = [
    ("git-hub", "github"),
    ("git-lab", "gitlab"),
    ("send-grid", "sendgrid"),
    ("open-ai", "openai"),
];

/// The family of a rule, `generic` where no word is known. Case, blanks, `_`, `.` and camel case do not matter.
pub fn family_of(rule: &str) -> &'static str {
    let name = format!("-{}-", kebab(rule));
    let marks = |words: &[&str]| words.iter().any(|word| holds_word(&name, word));
    FAMILIES
        .iter()
        .find(|(_, words)| marks(words))
        .map_or("generic", |(family, _)| *family)
}

/// Short words must stand alone (`uri` is not in `security`); long ones may be part of another.
fn holds_word(name: &str, word: &str) -> bool {
    let (name, word) = (name.as_bytes(), word.as_bytes());
    let must_stand_alone = word.len() <= 4;
    let is_edge = |at: usize| name.get(at) == Some(&b'-');
    let here = name
        .windows(word.len())
        .enumerate()
        .filter(|(_, window)| window[0] == word[0] && *window == word);
    let mut ends = here.map(|(start, _)| (start, start + word.len()));
    ends.any(|(start, end)| !must_stand_alone || (start > 0 && is_edge(start - 1) && is_edge(end)))
}

/// `AWSAccessKey`, `aws_access_key` and `AWS Access Key` → `aws-access-key`; `GitHub` stays one word.
fn kebab(rule: &str) -> String {
    let characters: Vec<char> = rule.trim().chars().collect();
    let mut name = String::new();
    for (index, &character) in characters.iter().enumerate() {
        if !character.is_alphanumeric() {
            push_separator(&mut name);
            continue;
        }
        let next_is_lower = characters.get(index + 1).is_some_and(|next| next.is_lowercase());
        let ends_acronym = index > 1
            && character.is_uppercase()
            && next_is_lower
            && characters[index - 1].is_uppercase()
            && characters[index - 2].is_uppercase();
        if ends_acronym || (character.is_uppercase() && index > 0 && starts_word(&characters, index)) {
            push_separator(&mut name);
        }
        name.extend(character.to_lowercase());
    }
    for (split, whole) in SPLIT_NAMES {
        if name.contains(split) {
            name = name.replace(split, whole);
        }
    }
    name
}

fn starts_word(characters: &[char], index: usize) -> bool {
    characters[index - 1].is_lowercase()
}

fn push_separator(name: &mut String) {
    if !name.ends_with('-') {
        name.push('-');
    }
}
