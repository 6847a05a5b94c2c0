//! Of which organization an event is: its host, as a hook, a log stream or a page of Okta's names it.

use std::borrow::Cow;

use super::{debug_data, field};
use crate::draft::Record;
use crate::json::Json;

/// Under which every organization has its host.
const DOMAINS: &[&str] = &[
    ".okta.com",
    ".oktapreview.com",
    ".okta-emea.com",
    ".okta-gov.com",
    ".okta.mil",
];

/// What Okta calls its log streams at AWS; behind it stand the name of the organization and that of the stream.
const STREAM: &str = "aws.partner/okta.com/";

/// Empty where nothing names one.
pub(super) fn of<'d>(record: &Record<'d>) -> Cow<'d, str> {
    let json = record.json();
    let of_hook = record.found.within.first().map(|hook| hook.get("source"));
    let data = debug_data(json);
    let issuer = field(json, "authenticationContext", "authenticationcontext").get("issuer");
    let pages = [data.get("origin"), issuer.get("id"), issuer];
    let others = data.entries().iter().map(|(_, value)| value);
    let named = of_hook.into_iter().chain(pages).chain(others);
    let of_page = named.filter_map(Json::text).find_map(host);
    let of_sender = || record.carried.sender.as_deref().and_then(of_sender);
    of_page.or_else(of_sender).unwrap_or_default()
}

/// The host of a page, if it is an organization's; its console has a host of its own.
fn host(page: &str) -> Option<Cow<'_, str>> {
    let (_, rest) = page.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let (name, domain) = host.split_at(host.find('.')?);
    if !DOMAINS.contains(&domain) || matches!(name, "login" | "www" | "help" | "support") {
        return None;
    }
    Some(match name.strip_suffix("-admin") {
        Some(name) => Cow::Owned(format!("{name}{domain}")),
        None => Cow::Borrowed(host),
    })
}

fn of_sender(sender: &str) -> Option<Cow<'_, str>> {
    match sender.strip_prefix(STREAM) {
        Some(rest) => {
            let name = rest.split('/').next().filter(|name| !name.is_empty())?;
            Some(Cow::Owned(format!("{name}.okta.com")))
        }
        None => host(sender),
    }
}
