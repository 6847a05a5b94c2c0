//! CloudEvents 1.0 attributes as headers (Kafka binary mode).

use bytes::Bytes;
use reeve_domain::time::Timestamp;

use crate::record::Record;

/// The attributes of one outgoing record.
pub struct CloudEvent<'a> {
    /// `ce_type`, e.g. `io.reeve.finding.v1`.
    pub event_type: &'a str,
    /// `ce_id`, unique with `source`.
    pub id: String,
    /// `ce_source`, e.g. `reeve/normalizer`.
    pub source: &'static str,
    /// `ce_subject`: the subject's key, or a dead letter's coordinates.
    pub subject: Bytes,
    /// `ce_time`.
    pub time: Timestamp,
    /// A valid W3C `traceparent` of the record this one comes from.
    pub traceparent: Option<Bytes>,
}

impl CloudEvent<'_> {
    /// The headers, `content-type` and `ce_dataschema` included.
    pub fn headers(self) -> Vec<(&'static str, Bytes)> {
        let mut headers = vec![
            ("ce_specversion", Bytes::from_static(b"1.0")),
            ("ce_id", Bytes::from(self.id)),
            ("ce_source", Bytes::from_static(self.source.as_bytes())),
            ("ce_type", Bytes::copy_from_slice(self.event_type.as_bytes())),
            ("ce_subject", self.subject),
            ("ce_time", Bytes::from(self.time.to_string())),
            (
                "ce_dataschema",
                Bytes::from(["urn:reeve:schema:", self.event_type].concat()),
            ),
            ("content-type", Bytes::from_static(b"application/json")),
        ];
        headers.extend(self.traceparent.map(|parent| ("traceparent", parent)));
        headers
    }
}

/// The record's `traceparent`, only if it is valid W3C (version 00): anything else could be anything.
pub fn traceparent(record: &Record) -> Option<Bytes> {
    let (_, value) = record
        .headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("traceparent"))?;
    is_traceparent(value).then(|| Bytes::copy_from_slice(value))
}

fn is_traceparent(value: &[u8]) -> bool {
    let parts: Vec<&[u8]> = value.split(|byte| *byte == b'-').collect();
    let [version, trace, parent, flags] = parts.as_slice() else {
        return false;
    };
    let hex = |part: &[u8], length: usize| {
        part.len() == length
            && part
                .iter()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(b))
    };
    let zero = |part: &[u8]| part.iter().all(|b| *b == b'0');
    *version == b"00" && hex(trace, 32) && !zero(trace) && hex(parent, 16) && !zero(parent) && hex(flags, 2)
}

#[cfg(test)]
mod tests {
    use super::is_traceparent;

    #[test]
    fn only_a_valid_traceparent_is_carried_on() {
        assert!(is_traceparent(
            b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        ));
        for bad in [
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "ghp_secret",
        ] {
            assert!(!is_traceparent(bad.as_bytes()), "{bad}");
        }
    }
}
