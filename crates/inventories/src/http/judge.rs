//! What a response is: an answer, "not there", or no answer and why.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use reeve_domain::context::SourceStatus;
use reeve_domain::time::Timestamp;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use tokio::time::timeout;

use super::body;
use super::exchange::Failure;
use super::request::{Rendered, RequestTemplate};
use super::slot::Found;

const DRAIN_BYTES_MAX: u64 = 16 * 1024;
const DRAIN_MAX: Duration = Duration::from_millis(100);

/// What an inventory's statuses mean, and how long its bodies may be.
#[derive(Debug)]
pub(crate) struct Judge {
    pub(crate) absent: BTreeSet<u16>,
    pub(crate) bytes_max: usize,
}

impl Judge {
    /// What was found and the length of the body it stood in, or why there is no answer.
    pub(crate) async fn judge(
        &self,
        response: Response,
        template: &RequestTemplate,
        rendered: &Rendered,
        now: Timestamp,
    ) -> Result<(Found, usize), Failure> {
        let status = response.status();
        if self.absent.contains(&status.as_u16()) {
            // Only for the connection's sake: the status has said it all.
            timeout(DRAIN_MAX, body::drain(response, DRAIN_BYTES_MAX))
                .await
                .ok();
            return Ok((Found::Absent, 0));
        }
        if !status.is_success() {
            return Err(refusal(status, response.headers(), now));
        }
        let invalid = |reason| Failure::new(SourceStatus::Invalid, reason);
        let (value, bytes) = body::json(response, self.bytes_max).await.map_err(invalid)?;
        let found = template.found(&value, rendered).map_err(invalid)?;
        Ok((found, bytes))
    }
}

fn refusal(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Failure {
    let wait = retry_after(headers, now);
    let failure = match (status, wait) {
        (StatusCode::TOO_MANY_REQUESTS, _) => Failure::new(SourceStatus::Limited, "too many requests"),
        (StatusCode::SERVICE_UNAVAILABLE | StatusCode::FORBIDDEN, Some(_)) => {
            Failure::new(SourceStatus::Limited, "asked to wait")
        }
        (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _) => {
            return Failure::new(SourceStatus::Refused, "not permitted");
        }
        _ if status.is_redirection() => return Failure::new(SourceStatus::Invalid, "a redirect"),
        _ => return Failure::new(SourceStatus::Invalid, "an error status"),
    };
    Failure {
        retry_after: wait,
        ..failure
    }
}

/// Seconds, or a date, which is measured from the response's own `Date`, so that two clocks need not agree.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let written = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = written.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = httpdate::parse_http_date(written).ok()?;
    let said = headers
        .get(DATE)
        .and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
    let from = said.unwrap_or_else(|| {
        SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(now.millis()).unwrap_or(0))
    });
    Some(at.duration_since(from).unwrap_or_default())
}
