//! Decoys: access keys of accounts that exist to be alerted of, and principals that say so in their name.

use reeve_domain::key::Resolved;

/// AWS accounts that hold nothing but canary tokens, of canarytokens.org and of those who do likewise.
const ACCOUNTS: &[&str] = &[
    "044858866125",
    "052310077262",
    "171436882533",
    "251535659677",
    "266735846894",
    "344043088457",
    "351906852752",
    "390477818340",
    "426127672474",
    "427150556519",
    "439872796651",
    "445142720921",
    "465867158099",
    "534261010715",
    "595918472158",
    "637958123769",
    "693412236332",
    "717712589309",
    "730335385048",
    "732624840810",
    "735421457923",
    "819147034852",
    "893192397702",
    "959235150393",
    "982842642351",
    "992382622183",
];

/// Whether a subject is a known decoy: to be investigated, never rotated.
pub(crate) fn is_decoy(resolved: &Resolved) -> bool {
    let attributes = &resolved.subject.attributes;
    let of_account = attributes
        .get("account")
        .is_some_and(|account| ACCOUNTS.contains(&account.as_str()));
    let of_name = attributes
        .get("arn")
        .is_some_and(|arn| arn.contains("canarytokens"));
    resolved.subject.key.provider() == "aws" && (of_account || of_name)
}
