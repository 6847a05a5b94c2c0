//! What TruffleHog's detectors write as `Raw` and `RawV2` where `Raw` is not the secret: `pkg/detectors`, in all versions.

use std::borrow::Cow;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// How a detector writes a secret that is not `Raw`.
#[derive(Clone, Copy)]
pub(super) struct Form {
    cut: Cut,
    /// Whether `Raw` is a secret where nothing could be cut.
    alone: fn(&str) -> bool,
}

/// Where the secret stands.
#[derive(Clone, Copy)]
enum Cut {
    /// In `RawV2`, behind `Raw` and, where it stands there, this.
    Behind(&'static str),
    /// In `RawV2`, behind `:Raw:`.
    Last,
    /// In `RawV2`, behind `Raw:` and before the last `:`.
    Middle,
    /// In `RawV2`, behind a name in front of `=`, up to `;`.
    Option(&'static str),
    /// In `RawV2`, behind a user's id of two letters and nine digits.
    BehindUserId,
    /// In `Raw`, behind the first `:`.
    BehindColon,
    /// In `Raw`, before `Redacted`.
    BeforeRedacted,
    /// The last of three fields of `Raw`.
    ThirdField,
    /// `Raw` is URL, user and password, with tabs between.
    ConnectionFields,
    /// `Raw` is `user:password@scheme://host`.
    UserBeforeScheme,
    /// Nowhere: what `RawV2` has besides is no secret to key by.
    Nowhere,
}

/// Of a client's name before its secret, whatever the detector.
const NAME_FIRST: Cut = Cut::Behind("");

/// What ends the id of a client at Google.
const GOOGLE_CLIENT: &str = ".apps.googleusercontent.com";

/// What is said of each detector: where its secret stands, and whether `Raw` is one where it does not stand there.
type Row = (Cut, fn(&str) -> bool, &'static [&'static str]);

const FORMS: &[Row] = &[
    (
        NAME_FIRST,
        never,
        &[
            "Amadeus",
            "AmplitudeApiKey",
            "Autodesk",
            "AzureAPIManagementSubscriptionKey",
            "AzureDirectManagementKey",
            "AzureSasToken",
            "BoxOauth",
            "Confluent",
            "Docusign",
            "Dotdigital",
            "Dwolla",
            "EndorLabs",
            "FacePlusPlus",
            "FourSquare",
            "Gemini",
            "GitHubOauth2",
            "Kontent",
            "Kraken",
            "LarkSuiteApiKey",
            "Mux",
            "Netsuite",
            "NexmoApiKey",
            "OneLogin",
            "Ramp",
            "RazorPay",
            "Roaring",
            "RobinhoodCrypto",
            "Rownd",
            "SatismeterProjectkey",
            "SauceLabs",
            "Smartling",
            "Smooch",
            "Strava",
            "TencentCloud",
            "Tru",
            "Twilio",
            "TwilioApiKey",
            "TwitterConsumerkey",
            "Wiz",
        ],
    ),
    (NAME_FIRST, always, &["SatismeterWritekey", "Twitch"]),
    (NAME_FIRST, |raw| !raw.contains('@'), &["APIMatic"]),
    (Cut::Nowhere, |raw| !raw.starts_with("LTAI"), &["Alibaba"]),
    (Cut::Nowhere, |raw| !is_storage_account(raw), &["AzureStorage"]),
    (
        Cut::Behind(GOOGLE_CLIENT),
        |raw| raw.starts_with("GOCSPX-"),
        &["GoogleOauth2", "GoogleOauth2ClientCredentials"],
    ),
    (
        Cut::Behind(GOOGLE_CLIENT),
        never,
        &["GCPApplicationDefaultCredentials"],
    ),
    (Cut::Last, never, &["Cloudinary", "Duo"]),
    (Cut::Middle, never, &["TableauPersonalAccessToken"]),
    (Cut::Option("Secret"), never, &["AzureAppConfigConnectionString"]),
    (Cut::BehindUserId, never, &["CexIO"]),
    (
        Cut::BehindColon,
        always,
        &["BitbucketAppPassword", "Dockerhub", "PlanetScale"],
    ),
    (Cut::BeforeRedacted, always, &["Shopify"]),
    (Cut::ThirdField, always, &["PlanetScaleDb"]),
    (Cut::ConnectionFields, always, &["LDAP"]),
    (Cut::UserBeforeScheme, always, &["Couchbase"]),
    (
        Cut::Nowhere,
        never,
        &[
            "Bitfinex",
            "Flickr",
            "GoDaddy",
            "Hive",
            "Instamojo",
            "KuCoin",
            "Mrticktock",
            "Onedesk",
            "PusherChannelKey",
            "RingCentral",
            "SquareApp",
            "TrelloApiKey",
            "TrufflehogEnterprise",
            "ZipBooks",
        ],
    ),
];

/// Parts that are the secret, of detectors whose other parts are called like one.
const SECRET_PARTS: &[(&str, &str)] = &[
    ("Duo", "skey"),
    ("GCPApplicationDefaultCredentials", "refresh_token"),
    ("Shopify", "key"),
];

/// A detector that repeats `Raw` as `Redacted` says by that that it is a name.
const NAMED_BY_REDACTED: Form = Form {
    cut: NAME_FIRST,
    alone: always,
};

/// The texts of a result.
#[derive(Clone, Copy)]
pub(super) struct Written<'w> {
    pub(super) raw: &'w str,
    /// `RawV2`, where it is another text.
    pub(super) whole: Option<&'w str>,
    pub(super) redacted: Option<&'w str>,
}

/// How a detector writes its secret; none where `Raw` is it.
pub(super) fn form_of(detector: &str, written: &Written<'_>) -> Option<Form> {
    let row = FORMS
        .iter()
        .find(|(_, _, detectors)| detectors.contains(&detector));
    let form = row.map(|(cut, alone, _)| Form {
        cut: *cut,
        alone: *alone,
    });
    form.or_else(|| (written.redacted == Some(written.raw)).then_some(NAMED_BY_REDACTED))
}

/// What the part is called that is the secret, where the words in its name do not tell.
pub(super) fn part_of(detector: &str) -> Option<&'static str> {
    let row = SECRET_PARTS.iter().find(|(known, _)| *known == detector);
    row.map(|(_, part)| *part)
}

impl Form {
    /// Whether `Raw` is a secret where nothing stands that could be cut out.
    pub(super) fn is_secret_alone(self, raw: &str) -> bool {
        (self.alone)(raw)
    }

    /// The secret.
    pub(super) fn secret<'w>(self, written: &Written<'w>) -> Option<Cow<'w, str>> {
        let Written { raw, .. } = *written;
        let borrowed = match self.cut {
            Cut::ConnectionFields => return connection_of_fields(raw).map(Cow::Owned),
            Cut::UserBeforeScheme => return connection_of_user(raw).map(Cow::Owned),
            Cut::Nowhere => None,
            Cut::Behind(end) => behind(written, end),
            Cut::Last => written.whole?.split_once(&[":", raw, ":"].concat()).map(last),
            Cut::Middle => middle(written),
            Cut::Option(name) => option(written.whole?, name),
            Cut::BehindUserId => behind_user_id(written.whole?),
            Cut::BehindColon => raw.split_once(':').map(last).map(str::trim_start),
            Cut::BeforeRedacted => raw.strip_suffix(written.redacted?),
            Cut::ThirdField => raw.split('\t').nth(2),
        };
        borrowed.filter(|secret| !secret.is_empty()).map(Cow::Borrowed)
    }
}

fn never(_: &str) -> bool {
    false
}

fn always(_: &str) -> bool {
    true
}

/// The name of a storage account, which is far shorter than any of its keys.
fn is_storage_account(raw: &str) -> bool {
    let is_in_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (3..=24).contains(&raw.len()) && raw.bytes().all(is_in_name)
}

fn last<'w>((_, last): (&str, &'w str)) -> &'w str {
    last
}

fn behind<'w>(written: &Written<'w>, end: &str) -> Option<&'w str> {
    let rest = written.whole?.strip_prefix(written.raw)?;
    Some(behind_separator(rest.strip_prefix(end).unwrap_or(rest)))
}

/// What stands behind `Raw` in `RawV2`, whatever it is: the secret of a detector that nobody knows, a passphrase.
pub(super) fn rest_of<'w>(whole: &'w str, raw: &str) -> Option<&'w str> {
    let (_, rest) = whole.split_once(raw)?;
    let rest = behind_separator(rest.strip_prefix(GOOGLE_CLIENT).unwrap_or(rest));
    Some(rest).filter(|rest| !rest.is_empty())
}

pub(super) fn behind_separator(rest: &str) -> &str {
    rest.trim_start_matches([':', ' '])
}

fn middle<'w>(written: &Written<'w>) -> Option<&'w str> {
    let rest = written.whole?.strip_prefix(written.raw)?.strip_prefix(':')?;
    rest.rsplit_once(':').map(|(secret, _)| secret)
}

fn option<'w>(whole: &'w str, name: &str) -> Option<&'w str> {
    let mut options = whole.split(';').filter_map(|option| option.split_once('='));
    options.find(|(known, _)| *known == name).map(last)
}

fn behind_user_id(whole: &str) -> Option<&str> {
    const LETTERS: usize = 2;
    const CHARS: usize = 11;
    let (user, secret) = whole.split_at_checked(CHARS)?;
    let (letters, digits) = user.split_at_checked(LETTERS)?;
    let is_user = letters.bytes().all(|byte| byte.is_ascii_lowercase())
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_user.then_some(secret)
}

fn connection_of_fields(raw: &str) -> Option<String> {
    let mut fields = raw.splitn(3, '\t');
    let (url, user, password) = (fields.next()?, fields.next()?, fields.next()?);
    let (scheme, host) = url.split_once("://")?;
    connection(scheme, host, user, password)
}

fn connection_of_user(raw: &str) -> Option<String> {
    let (before, host) = raw.rsplit_once("://")?;
    let (user_info, scheme) = before.rsplit_once('@')?;
    let (user, password) = user_info.split_once(':')?;
    connection(scheme, host, user, password)
}

/// The URL as other detectors and scanners report it.
fn connection(scheme: &str, host: &str, user: &str, password: &str) -> Option<String> {
    let escaped = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    let is_known = !password.is_empty() && !host.contains('@');
    is_known.then(|| format!("{scheme}://{}:{}@{host}", escaped(user), escaped(password)))
}
