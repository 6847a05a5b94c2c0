//! Events of CloudTrail as a security lake keeps them: API Activity of OCSF, the request as text or in `unmapped`.

use std::borrow::Cow;

use super::Event;
use crate::draft::Record;
use crate::json::{Json, read_value};
use crate::settings::Limits;
use crate::time;

/// API Activity, and what it was before version 1.0.
const API_ACTIVITY: &[u64] = &[6003, 3005];
const FAILURE: u64 = 2;

/// Whether an object is one of those events.
pub(in crate::formats) fn is_event(json: &Json<'_>) -> bool {
    let class = json.get("class_uid").unsigned();
    let is_activity = class.is_some_and(|class| API_ACTIVITY.contains(&class));
    let product = || json.at(&["metadata", "product", "name"]).text();
    is_activity
        && product().is_some_and(|name| name.to_ascii_lowercase().contains("cloudtrail"))
        && json.at(&["api", "operation"]).text().is_some()
}

pub(super) fn event<'d>(record: &Record<'d>) -> Event<'d> {
    let json = record.json();
    let api = json.get("api");
    let text = |path: &[&str]| -> &'d str { json.at(path).text().unwrap_or_default() };
    let error = api.at(&["response", "error"]).text();
    let status = json.get("status_id").unsigned();
    Event {
        name: text(&["api", "operation"]),
        source: text(&["api", "service", "name"]),
        id: text(&["metadata", "uid"]),
        region: text(&["cloud", "region"]),
        account: account(record),
        observed_at: time::first_of([json.get("time_dt"), json.get("time")]),
        failed: error.is_some()
            || status == Some(FAILURE)
            || json.get("status").text() == Some("Failure")
            || kept(json, "errorCode").text().is_some(),
        request: part(json, api.get("request"), "requestParameters"),
        response: part(json, api.get("response"), "responseElements"),
        additional: kept(json, "additionalEventData"),
    }
}

fn account<'d>(record: &Record<'d>) -> &'d str {
    let json = record.json();
    let user = json.at(&["actor", "user"]);
    let accounts = [
        kept(json, "recipientAccountId"),
        json.at(&["cloud", "account", "uid"]),
        json.at(&["cloud", "account_uid"]),
        user.at(&["account", "uid"]),
        user.get("account_uid"),
    ];
    let known = accounts.into_iter().find_map(Json::text);
    known.or(record.carried.account.as_deref()).unwrap_or_default()
}

/// The request or the response: as text, as an object, or spread over keys with dots.
fn part<'d>(json: &'d Json<'d>, spoken: &'d Json<'d>, name: &str) -> Cow<'d, Json<'d>> {
    match whole([spoken.get("data"), kept(json, name)]) {
        Cow::Borrowed(none) if !none.is_object() => Cow::Owned(spread(json, name)),
        known => known,
    }
}

/// The first of these that is an object, or else was one before it was written as text; else the last as it is.
pub(super) fn whole<'d, const N: usize>(places: [&'d Json<'d>; N]) -> Cow<'d, Json<'d>> {
    let parsed = |text: &'d Json<'d>| {
        let parsed = read_value(text.text()?, &Limits::default()).ok()?;
        parsed.is_object().then_some(Cow::Owned(parsed))
    };
    let object = places.into_iter().find(|place| place.is_object());
    object
        .map(Cow::Borrowed)
        .or_else(|| places.into_iter().find_map(parsed))
        .unwrap_or(Cow::Borrowed(places[N - 1]))
}

fn spread<'d>(json: &'d Json<'d>, name: &str) -> Json<'d> {
    let inner = |key: &str| {
        let rest = key.strip_prefix(name)?.strip_prefix('.')?;
        Some(Cow::Owned(rest.to_owned()))
    };
    let all = pairs(json.get("unmapped")).into_iter();
    Json::Object(
        all.filter_map(|(key, value)| Some((inner(key)?, value.clone())))
            .collect(),
    )
}

/// What has no place in OCSF.
fn kept<'d>(json: &'d Json<'d>, name: &str) -> &'d Json<'d> {
    let unmapped = json.get("unmapped");
    let listed = || pairs(unmapped).into_iter().find(|(key, _)| *key == name);
    match unmapped.get(name) {
        Json::Null => listed().map_or(unmapped.get(name), |(_, value)| value),
        value => value,
    }
}

/// An object, or a map as a query of the lake writes it: pairs, or objects of key and value.
fn pairs<'d>(unmapped: &'d Json<'d>) -> Vec<(&'d str, &'d Json<'d>)> {
    let of_object = unmapped
        .entries()
        .iter()
        .map(|(key, value)| (key.as_ref(), value));
    let of_list = unmapped
        .elements()
        .iter()
        .filter_map(|pair| match pair.elements() {
            [key, value] => Some((key.text()?, value)),
            _ => Some((pair.get("key").text()?, pair.get("value"))),
        });
    of_object.chain(of_list).collect()
}
