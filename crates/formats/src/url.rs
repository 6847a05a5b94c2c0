//! URLs as they may be shown: without userinfo.

use std::borrow::Cow;

use memchr::{memchr_iter, memchr3};

/// The text without the userinfo of a URL, and of a scp-like `user:password@host:path`; anything else as it is.
pub(crate) fn without_userinfo(text: &str) -> Cow<'_, str> {
    let Some(authority_start) = behind_scheme(text) else {
        return without_scp_password(text);
    };
    let (scheme, rest) = text.split_at(authority_start);
    let authority_end = memchr3(b'/', b'?', b'#', rest.as_bytes()).unwrap_or(rest.len());
    match rest[..authority_end].rfind('@') {
        Some(at) => Cow::Owned([scheme, &rest[at + 1..]].concat()),
        None => Cow::Borrowed(text),
    }
}

/// Where the authority of a URL begins.
fn behind_scheme(text: &str) -> Option<usize> {
    const MARK: &str = "://";
    let bytes = text.as_bytes();
    let mut colons = memchr_iter(b':', bytes);
    colons
        .find(|at| bytes[*at..].starts_with(MARK.as_bytes()))
        .map(|at| at + MARK.len())
}

/// `git@github.com:acme/app` names no secret; `me:password@host:app` does.
fn without_scp_password(text: &str) -> Cow<'_, str> {
    match text.split_once('@') {
        Some((userinfo, host)) if userinfo.contains(':') => Cow::Borrowed(host),
        _ => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn userinfo_is_cut_off_and_nothing_else() {
        assert_eq!(
            without_userinfo("https://u:p@github.com/acme/app?x=@y"),
            "https://github.com/acme/app?x=@y"
        );
        assert_eq!(
            without_userinfo("https://ghp_token@github.com"),
            "https://github.com"
        );
        assert_eq!(without_userinfo("https://a:p@ss@host/x"), "https://host/x");
        assert_eq!(
            without_userinfo("git@github.com:acme/app.git"),
            "git@github.com:acme/app.git"
        );
        assert_eq!(without_userinfo("me:pw@host:app.git"), "host:app.git");
        assert_eq!(without_userinfo("acme/app"), "acme/app");
    }
}
