//! What the sweep knows: the marks by which secrets are told, and what follows each.

use std::sync::LazyLock;

use crate::scrub::look::{SLOTS, slot};

/// What follows the mark of a secret.
#[derive(Clone, Copy)]
pub(in crate::scrub) enum Tail {
    /// At least so many letters, digits, `_` or `-`.
    Token(usize),
    /// The same with dots and slashes among them.
    Dotted(usize),
    /// At least so many characters up to a blank, a quote, `&`, `;` or `,`.
    Value(usize),
    /// A PEM block, to its end or to the end of the text; only private keys.
    Pem,
    /// Two or three parts of base64url with dots between them.
    Jwt,
    /// Everything up to the last `@` of a URL's authority.
    Userinfo,
    /// Sixteen characters of an access key id, which are public; the 40 characters near it are not.
    AccessKeyId,
}

/// Marks of secrets, as data. The longest that fits wins.
pub(in crate::scrub) const MARKS: &[(&str, Tail)] = &[
    ("ghp_", Tail::Token(30)),
    ("gho_", Tail::Token(30)),
    ("ghu_", Tail::Token(30)),
    ("ghs_", Tail::Token(30)),
    ("ghr_", Tail::Token(30)),
    ("github_pat_", Tail::Token(30)),
    ("glpat-", Tail::Token(16)),
    ("gldt-", Tail::Token(16)),
    ("glrt-", Tail::Token(16)),
    ("glcbt-", Tail::Token(16)),
    ("glptt-", Tail::Token(16)),
    ("glsoat-", Tail::Token(16)),
    ("xoxa-", Tail::Token(10)),
    ("xoxb-", Tail::Token(10)),
    ("xoxe-", Tail::Token(10)),
    ("xoxe.", Tail::Dotted(10)),
    ("xoxp-", Tail::Token(10)),
    ("xoxr-", Tail::Token(10)),
    ("xoxs-", Tail::Token(10)),
    ("xapp-", Tail::Token(10)),
    ("hooks.slack.com/services/", Tail::Dotted(16)),
    ("sk_live_", Tail::Token(10)),
    ("sk_test_", Tail::Token(10)),
    ("rk_live_", Tail::Token(10)),
    ("rk_test_", Tail::Token(10)),
    ("whsec_", Tail::Token(16)),
    ("SG.", Tail::Dotted(40)),
    ("npm_", Tail::Token(30)),
    ("pypi-", Tail::Dotted(50)),
    ("rubygems_", Tail::Token(40)),
    ("dckr_pat_", Tail::Token(20)),
    ("dckr_oat_", Tail::Token(20)),
    ("AIza", Tail::Token(35)),
    ("ya29.", Tail::Dotted(20)),
    ("GOCSPX-", Tail::Token(20)),
    ("hvs.", Tail::Dotted(20)),
    ("hvb.", Tail::Dotted(20)),
    ("hf_", Tail::Token(30)),
    ("sk-ant-", Tail::Token(20)),
    ("sk-proj-", Tail::Token(20)),
    ("dop_v1_", Tail::Token(40)),
    ("doo_v1_", Tail::Token(40)),
    ("shpat_", Tail::Token(30)),
    ("shpca_", Tail::Token(30)),
    ("shppa_", Tail::Token(30)),
    ("shpss_", Tail::Token(30)),
    ("NRAK-", Tail::Token(20)),
    ("glsa_", Tail::Token(30)),
    ("dapi", Tail::Token(32)),
    ("lin_api_", Tail::Token(30)),
    ("figd_", Tail::Token(30)),
    ("sbp_", Tail::Token(30)),
    ("PMAK-", Tail::Token(30)),
    ("ATATT3", Tail::Token(50)),
    ("ATCTT3", Tail::Token(50)),
    ("sq0atp-", Tail::Token(20)),
    ("sq0csp-", Tail::Token(40)),
    ("atlasv1.", Tail::Dotted(50)),
    ("AGE-SECRET-KEY-1", Tail::Token(50)),
    ("AccountKey=", Tail::Value(20)),
    ("SharedAccessKey=", Tail::Value(20)),
    ("sig=", Tail::Value(30)),
    ("password=", Tail::Value(4)),
    ("Password=", Tail::Value(4)),
    ("passwd=", Tail::Value(4)),
    ("pwd=", Tail::Value(4)),
    ("Pwd=", Tail::Value(4)),
    ("client_secret=", Tail::Value(8)),
    ("access_token=", Tail::Value(8)),
    ("Bearer ", Tail::Value(20)),
    ("-----BEGIN ", Tail::Pem),
    ("eyJ", Tail::Jwt),
    ("://", Tail::Userinfo),
    ("AKIA", Tail::AccessKeyId),
    ("ASIA", Tail::AccessKeyId),
];

/// The marks by the slot of their first three bytes.
static BY_SLOT: LazyLock<Vec<Vec<usize>>> = LazyLock::new(|| {
    let mut by_slot = vec![Vec::new(); SLOTS];
    for (index, (mark, _)) in MARKS.iter().enumerate() {
        by_slot[slot(mark.as_bytes())].push(index);
    }
    by_slot
});

/// The slots of all marks.
pub(in crate::scrub) fn slots() -> impl Iterator<Item = usize> {
    MARKS.iter().map(|(mark, _)| slot(mark.as_bytes()))
}

/// The marks that stand at a byte of a text, overlapping ones too.
pub(super) fn at(text: &[u8], start: usize) -> impl Iterator<Item = &'static (&'static str, Tail)> {
    let rest = &text[start..];
    let here = BY_SLOT[slot(rest)].iter().map(|index| &MARKS[*index]);
    here.filter(move |(mark, _)| rest.starts_with(mark.as_bytes()))
}
