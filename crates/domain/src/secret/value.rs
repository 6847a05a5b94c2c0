//! From a secret's value to its key: the public part first, else a keyed hash.

use jiff::Timestamp;

use super::mask::is_partly_hidden;
use super::normalize::{Normalized, normalize, outer};
use super::private_key::{self, PrivateKey};
use super::public_key::PublicKey;
use super::{AliasKind, HmacKeys, cloud, is_header_hash, is_masked, jwt, token};
use crate::key::location::family_of;
use crate::key::{Alias, Confidence, KeyError, Rel, Resolved, Strength, SubjectKey, aws, db, gcp, keypair};

const SHOWN_CHARS: usize = 8;

/// What the source knows of a value besides the value. None of it but host and user changes a key.
#[derive(Debug, Clone, Copy, Default)]
pub struct ValueHints<'a> {
    /// The scanner's name of the rule, for the rule family.
    pub rule: Option<&'a str>,
    /// The AWS account the source names.
    pub account: Option<&'a str>,
    /// The host a password is for, as [`db::host_of`] gives it.
    pub host: Option<&'a str>,
    /// The user a password is of.
    pub user: Option<&'a str>,
    /// When the finding was made: decides whether a token has expired.
    pub seen_at: Option<Timestamp>,
}

/// Why a value has no key of its own; the caller makes a location key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unkeyable {
    /// Empty, masked, or nothing but a header.
    #[error("expected a value, this one is masked, empty or a header")]
    NoValue,
    /// A private key under a passphrase.
    #[error("expected a private key without a passphrase")]
    Encrypted,
}

impl From<KeyError> for Unkeyable {
    fn from(_: KeyError) -> Self {
        Unkeyable::NoValue
    }
}

/// The subject of a secret of which the value is known. `secret_half` is the 40-character half beside an access key
/// id, where the source reports it apart.
///
/// # Errors
/// `NoValue` for masked values and headers, `Encrypted` for private keys under a passphrase.
pub fn of_value(
    value: &str,
    secret_half: Option<&str>,
    hints: &ValueHints<'_>,
    keys: &HmacKeys,
) -> Result<Resolved, Unkeyable> {
    let reported = outer(value);
    if is_masked(reported) || is_partly_hidden(reported) {
        return Err(Unkeyable::NoValue);
    }
    Value {
        reported,
        secret_half,
        hints,
        keys,
    }
    .resolve()
}

/// The subject of a secret of which only the SHA-256 is known, 64 hex digits (GitLab).
///
/// # Errors
/// `NoValue` if it is the hash of a known header or no SHA-256.
pub fn of_sha256_hex(hex: &str, hints: &ValueHints<'_>, keys: &HmacKeys) -> Result<Resolved, Unkeyable> {
    if is_header_hash(hex) {
        return Err(Unkeyable::NoValue);
    }
    let aliases = keys.sha256_hex_aliases(hex)?;
    Ok(by_rule(
        keyed(keys.value_key_of_sha256_hex(hex)?, Confidence::Medium),
        hints,
    )
    .with_aliases(aliases))
}

/// The subject of a secret of which only another hash is known (detect-secrets, GitGuardian), in hex.
///
/// # Errors
/// `NoValue` if it is the hash of a known header or no hash of that kind.
pub fn of_alias_hex(
    kind: AliasKind,
    hex: &str,
    hints: &ValueHints<'_>,
    keys: &HmacKeys,
) -> Result<Resolved, Unkeyable> {
    if is_header_hash(hex) {
        return Err(Unkeyable::NoValue);
    }
    let aliases = keys.alias_hex_aliases(kind, hex)?;
    Ok(by_rule(
        keyed(keys.alias_key_of_hex(kind, hex)?, Confidence::Medium),
        hints,
    )
    .with_aliases(aliases))
}

/// None where the value is not of the kind that was tried.
type Attempt = Option<Result<Resolved, Unkeyable>>;

struct Value<'a> {
    reported: &'a str,
    secret_half: Option<&'a str>,
    hints: &'a ValueHints<'a>,
    keys: &'a HmacKeys,
}

impl Value<'_> {
    /// The first kind that fits: what carries a public part, then what carries its context, then the plain value.
    fn resolve(&self) -> Result<Resolved, Unkeyable> {
        let kinds: [fn(&Self) -> Attempt; 8] = [
            Self::service_account_file,
            Self::private_key,
            Self::aws_access_key,
            Self::twilio,
            Self::azure_storage,
            Self::jwt,
            Self::token,
            Self::password,
        ];
        kinds
            .iter()
            .find_map(|kind| kind(self))
            .unwrap_or_else(|| self.plain())
    }

    fn service_account_file(&self) -> Attempt {
        let mut file = cloud::service_account_file(self.reported)?;
        let pem = file.take_private_key();
        let pair = pem
            .as_deref()
            .and_then(|pem| private_key::find(pem))
            .and_then(known);
        Some(self.of_service_account_file(&file, pair.as_ref()))
    }

    /// The key pair inside is a strong alias: another scanner reports the PEM block alone.
    fn of_service_account_file(
        &self,
        file: &cloud::ServiceAccountFile,
        pair: Option<&PublicKey>,
    ) -> Result<Resolved, Unkeyable> {
        let email = file.client_email.as_deref();
        let id = file.private_key_id.as_deref().filter(|id| !is_masked(id));
        let resolved = match (id, pair) {
            (Some(id), _) => gcp::service_account_key(id, email)?,
            (None, Some(pair)) => of_public_key(pair)?.with_known("client_email", email),
            (None, None) => return Err(Unkeyable::NoValue),
        };
        let resolved = match pair {
            Some(pair) => with_pair(resolved, pair)?,
            None => resolved,
        };
        self.with_text(resolved, self.reported, Strength::Strong)
    }

    fn private_key(&self) -> Attempt {
        Some(match private_key::find(self.reported)? {
            PrivateKey::Known(key) => of_public_key(&key).map_err(Unkeyable::from),
            PrivateKey::HeaderOnly => Err(Unkeyable::NoValue),
            PrivateKey::Encrypted => Err(Unkeyable::Encrypted),
            PrivateKey::Opaque => self.keyed_as("key", "private-key", normalize(self.reported).expose()),
        })
    }

    fn aws_access_key(&self) -> Attempt {
        let (id, half) = cloud::aws_pair(self.reported)?;
        Some(self.of_access_key(
            id,
            half.or(self.secret_half.map(outer).filter(|half| !is_masked(half))),
        ))
    }

    fn of_access_key(&self, id: &str, half: Option<&str>) -> Result<Resolved, Unkeyable> {
        let resolved = aws::access_key(id, self.hints.account)?;
        let resolved = self.with_text(resolved, id, Strength::Strong)?;
        match half {
            Some(half) => {
                let half = normalize(half);
                let resolved = self.with_text(resolved, half.expose(), Strength::Strong)?;
                self.with_text(resolved, self.reported, Strength::Strong)
            }
            None => Ok(resolved),
        }
    }

    fn twilio(&self) -> Attempt {
        let (sid, secret) = cloud::twilio_pair(self.reported)?;
        let name = if sid.starts_with("AC") {
            "account_sid"
        } else {
            "api_key_sid"
        };
        let resolved = self.keyed_as("twilio", "auth-token", secret);
        Some(resolved.map(|resolved| resolved.with_attribute(name, sid)))
    }

    fn azure_storage(&self) -> Attempt {
        let (account, key) = cloud::azure_storage(self.reported)?;
        if is_masked(key) {
            return Some(Err(Unkeyable::NoValue));
        }
        let resolved = self.keyed_as("azure", "storage-account-key", key);
        Some(resolved.map(|resolved| resolved.with_known("account_name", account)))
    }

    fn jwt(&self) -> Attempt {
        let token = jwt::parse(self.reported)?;
        let (provider, kind) = match self.reported.starts_with("ghs_") {
            true => ("github", "installation-token"),
            false => ("jwt", "token"),
        };
        let resolved = self.keyed_as(provider, kind, token.signing_input);
        Some(resolved.map(|resolved| token.describe(resolved, self.hints.seen_at)))
    }

    fn token(&self) -> Attempt {
        self.of_token(Normalized::of(self.reported).text())
    }

    fn of_token(&self, text: &str) -> Attempt {
        let token = token::recognize(text)?;
        let resolved = self.keyed_as(token.provider, token.kind, text).map(|resolved| {
            let described = token.attributes.iter().fold(resolved, |resolved, (name, value)| {
                resolved.with_attribute(name, value)
            });
            described.at_most(token.confidence)
        });
        Some(resolved)
    }

    /// A password with its host: in a URL or connection string, or beside one. A token in the place of user or
    /// password is that token, wherever it is used.
    fn password(&self) -> Attempt {
        if let Some(connection) = db::parse(self.reported) {
            let password = connection
                .password
                .as_ref()
                .map(|password| password.expose().as_str());
            let token = [Some(connection.user.as_str()), password].into_iter().flatten();
            if let Some(resolved) = token.into_iter().find_map(|text| self.of_token(text)) {
                return Some(resolved);
            }
            return Some(self.of_password(&connection.host, &connection.user, password?));
        }
        let host = self.hints.host.map(str::trim).filter(|host| !host.is_empty())?;
        let password = Normalized::of(self.reported);
        Some(self.of_password(host, self.hints.user.unwrap_or_default().trim(), password.text()))
    }

    fn of_password(&self, host: &str, user: &str, password: &str) -> Result<Resolved, Unkeyable> {
        if is_masked(password) || is_partly_hidden(password) {
            return Err(Unkeyable::NoValue);
        }
        if host.is_empty() {
            return self.keyed_as("value", "password", password);
        }
        let host = host.to_lowercase();
        let resolved = keyed(self.keys.password_key(&host, user, password)?, Confidence::High)
            .with_issuer("db", "password")
            .with_attribute("host", &host)
            .with_attribute("user", user)
            .with_aliases(self.keys.password_aliases(&host, user, password)?);
        let resolved = self.with_text(resolved, password, Strength::Weak)?;
        let resolved = match self.reported == password {
            true => resolved,
            false => self.with_text(resolved, self.reported, Strength::Strong)?,
        };
        match db::user(&host, user) {
            Ok(identity) => Ok(resolved.with_link(Rel::Authenticates, identity.subject.key)),
            Err(_) => Ok(resolved),
        }
    }

    fn plain(&self) -> Result<Resolved, Unkeyable> {
        let normalized = Normalized::of(self.reported);
        let value = normalized.text();
        if value != self.reported && is_masked(value) {
            return Err(Unkeyable::NoValue);
        }
        let resolved = keyed(self.keys.value_key(value)?, Confidence::Medium);
        let resolved = by_rule(resolved, self.hints);
        self.with_value_aliases(resolved, value)
    }

    /// A keyed hash whose issuer and kind the value itself tells.
    fn keyed_as(&self, provider: &str, kind: &str, value: &str) -> Result<Resolved, Unkeyable> {
        let resolved = keyed(self.keys.value_key(value)?, Confidence::High).with_issuer(provider, kind);
        self.with_value_aliases(resolved, value)
    }

    /// The aliases of the value that is keyed, and the keys of the text as reported where it differs: sources that
    /// carry only a hash have hashed that.
    fn with_value_aliases(&self, resolved: Resolved, value: &str) -> Result<Resolved, Unkeyable> {
        let resolved = resolved.with_aliases(self.keys.value_aliases(value)?);
        match self.reported == value {
            true => Ok(resolved),
            false => self.with_text(resolved, self.reported, Strength::Strong),
        }
    }

    fn with_text(&self, resolved: Resolved, text: &str, strength: Strength) -> Result<Resolved, Unkeyable> {
        let others = self.keys.value_aliases(text)?;
        let keys =
            std::iter::once(self.keys.value_key(text)?).chain(others.into_iter().map(|alias| alias.key));
        Ok(resolved.with_aliases(keys.map(|key| Alias { key, strength })))
    }
}

fn keyed(key: SubjectKey, confidence: Confidence) -> Resolved {
    let hash = key.as_str().rsplit('/').next().unwrap_or_default();
    let shown = hash.get(..SHOWN_CHARS).unwrap_or(hash);
    let display = ["secret value ", shown].concat();
    Resolved::new(key, &display, confidence)
}

/// What the scanner calls the rule tells the issuer of a value that does not tell it itself.
fn by_rule(resolved: Resolved, hints: &ValueHints<'_>) -> Resolved {
    match hints.rule.map(family_of) {
        None | Some("generic") => resolved,
        Some(family @ ("password" | "private-key" | "jwt" | "database")) => {
            resolved.with_issuer("value", family)
        }
        Some(family) => resolved.with_issuer(family, "secret"),
    }
}

fn known(key: PrivateKey) -> Option<PublicKey> {
    match key {
        PrivateKey::Known(key) => Some(key),
        _ => None,
    }
}

fn of_public_key(key: &PublicKey) -> Result<Resolved, KeyError> {
    let spki = key
        .spki_sha256()
        .ok_or(KeyError::Expected("a public key that can be encoded"))?;
    with_pair(
        keypair::spki(&spki)?.with_attribute("algorithm", key.algorithm()),
        key,
    )
}

fn with_pair(resolved: Resolved, key: &PublicKey) -> Result<Resolved, KeyError> {
    let spki = key.spki_sha256().map(|digest| keypair::spki(&digest));
    let ssh = key.ssh_sha256().map(|digest| keypair::ssh_sha256(&digest));
    [spki, ssh]
        .into_iter()
        .flatten()
        .try_fold(resolved, |resolved, pair| {
            Ok(resolved.with_alias(pair?.subject.key, Strength::Strong))
        })
}
