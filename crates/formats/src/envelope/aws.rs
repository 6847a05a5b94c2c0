//! What services of AWS wrap their messages in.

use super::Peeled;
use crate::json::Json;

pub(super) fn is_eventbridge(json: &Json<'_>) -> bool {
    json.has("detail-type") && json.get("detail").is_object() && json.get("source").text().is_some()
}

/// The source of a partner's event, which names the partner's customer too.
pub(super) fn partner_of(json: &Json<'_>) -> Option<String> {
    let source = json.get("source").text().filter(|_| is_eventbridge(json))?;
    source.starts_with("aws.partner/").then(|| source.to_owned())
}

pub(super) fn is_sns(json: &Json<'_>) -> bool {
    json.get("Type").text() == Some("Notification") && matches!(json.get("Message"), Json::Text(_))
}

/// What SNS sends before and after the notifications of a subscription.
pub(super) fn is_sns_confirmation(json: &Json<'_>) -> bool {
    let kinds = ["SubscriptionConfirmation", "UnsubscribeConfirmation"];
    json.has("SubscribeURL") && json.get("Type").text().is_some_and(|kind| kinds.contains(&kind))
}

pub(super) fn is_sqs(json: &Json<'_>) -> bool {
    json.get("eventSource").text() == Some("aws:sqs") && json.get("body").text().is_some()
}

pub(super) fn is_kinesis(json: &Json<'_>) -> bool {
    json.get("eventSource").text() == Some("aws:kinesis") && json.at(&["kinesis", "data"]).text().is_some()
}

/// What a function is called with: records of a queue, a topic or a stream.
pub(super) fn is_aws_event(json: &Json<'_>) -> bool {
    let records = json.get("Records").elements();
    let is_of_service = |record: &Json<'_>| {
        let source = record
            .get("eventSource")
            .text()
            .or(record.get("EventSource").text());
        source.is_some_and(|source| source.starts_with("aws:"))
    };
    !records.is_empty() && records.iter().all(is_of_service)
}

pub(super) fn is_cloudwatch_logs(json: &Json<'_>) -> bool {
    matches!(
        json.get("messageType").text(),
        Some("DATA_MESSAGE" | "CONTROL_MESSAGE")
    ) && json.has("logEvents")
}

pub(super) fn peel_cloudwatch_logs<'d>(json: &'d Json<'d>) -> Peeled<'d> {
    if json.get("messageType").text() == Some("CONTROL_MESSAGE") {
        return Peeled::Control;
    }
    Peeled::Texts(
        json.get("logEvents")
            .elements()
            .iter()
            .map(|event| event.get("message"))
            .collect(),
    )
}

/// A subscription's own form: the CloudWatch Logs message, compressed and in base64.
pub(super) fn is_awslogs(json: &Json<'_>) -> bool {
    json.at(&["awslogs", "data"]).text().is_some()
}

/// The answer of `lookup-events`: each event is text in what the console shows of it.
pub(super) fn is_cloudtrail_lookup(json: &Json<'_>) -> bool {
    let events = json.get("Events").elements();
    !events.is_empty()
        && events
            .iter()
            .all(|event| event.get("CloudTrailEvent").text().is_some())
}

pub(super) fn is_cloudtrail_file(json: &Json<'_>) -> bool {
    let records = json.get("Records").elements();
    let is_event = |first: &Json<'_>| first.has("eventSource") || first.has("insightDetails");
    records.first().is_some_and(is_event)
        || (matches!(json, Json::Object(entries) if entries.len() == 1)
            && matches!(json.get("Records"), Json::Array(all) if all.is_empty()))
}
