//! A record as Java's console consumer prints it: one line, everything but printable ASCII escaped.

const NULL: &[u8] = "\u{fdd0}null".as_bytes();
const NO_HEADERS: &[u8] = b"NO_HEADERS";
const BETWEEN_HEADERS: u8 = 0x1e;

/// A record of a topic, read by a client that is not reeve's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumedRecord {
    /// Of the topic, from 0.
    pub partition: i32,
    /// Within its partition.
    pub offset: i64,
    /// Milliseconds since 1970, as the producer or the broker set it.
    pub timestamp_ms: i64,
    /// As bytes, or none.
    pub key: Option<Vec<u8>>,
    /// In the order they were written; a name may stand there twice.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
    /// As bytes, or none: a tombstone.
    pub value: Option<Vec<u8>>,
}

impl ConsumedRecord {
    /// Reads a line of `scripts/kafka consume`, without its line end.
    pub fn read(line: &[u8]) -> Self {
        Self::parse(line).expect("a line has time, partition, offset, headers, key and value")
    }

    fn parse(line: &[u8]) -> Option<Self> {
        let fields: Vec<&[u8]> = line.split(|byte| *byte == b'\t').collect();
        let [time, partition, offset, headers, key, value] = fields.as_slice() else {
            return None;
        };
        Some(Self {
            partition: number(partition)?.try_into().ok()?,
            offset: number(offset)?,
            timestamp_ms: number(time)?,
            key: unescape(key)?,
            headers: read_headers(headers)?,
            value: unescape(value)?,
        })
    }

    /// The key as text; empty if there is none.
    pub fn key_text(&self) -> String {
        text(self.key.as_deref())
    }

    /// The value as text; empty if there is none.
    pub fn value_text(&self) -> String {
        text(self.value.as_deref())
    }

    /// The first header of that name, as text.
    pub fn header(&self, name: &str) -> Option<String> {
        let (_, value) = self.headers.iter().find(|(found, _)| found == name)?;
        Some(text(value.as_deref()))
    }
}

fn text(bytes: Option<&[u8]>) -> String {
    String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned()
}

/// `Label:17` → 17.
fn number(field: &[u8]) -> Option<i64> {
    let (_, digits) = std::str::from_utf8(field).ok()?.split_once(':')?;
    digits.parse().ok()
}

fn read_headers(field: &[u8]) -> Option<Vec<(String, Option<Vec<u8>>)>> {
    if field == NO_HEADERS {
        return Some(Vec::new());
    }
    field
        .split(|byte| *byte == BETWEEN_HEADERS)
        .map(read_header)
        .collect()
}

fn read_header(field: &[u8]) -> Option<(String, Option<Vec<u8>>)> {
    let colon = field.iter().position(|byte| *byte == b':')?;
    let name = String::from_utf8(field[..colon].to_vec()).ok()?;
    Some((name, unescape(&field[colon + 1..])?))
}

/// The bytes behind `\xHH`; the outer `None` is a broken escape, the inner one a null.
fn unescape(field: &[u8]) -> Option<Option<Vec<u8>>> {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, after)) = rest.split_first() {
        if *first == b'\\' {
            let digits = after.strip_prefix(b"x")?.get(..2)?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = &after[3..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    Some((bytes != NULL).then_some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_a_line_is_read() {
        let line =
            b"CreateTime:1700\tPartition:2\tOffset:9\ta:x\x1eb:\\xEF\\xB7\\x90null\tk\\x09\\x5C\t{\"v\": 1}";
        let expected = ConsumedRecord {
            partition: 2,
            offset: 9,
            timestamp_ms: 1700,
            key: Some(b"k\t\\".to_vec()),
            headers: vec![("a".into(), Some(b"x".to_vec())), ("b".into(), None)],
            value: Some(b"{\"v\": 1}".to_vec()),
        };
        assert_eq!(ConsumedRecord::parse(line), Some(expected));
    }

    #[test]
    fn a_tombstone_is_not_an_empty_value() {
        let read = |value: &str| {
            let line = format!("CreateTime:1\tPartition:0\tOffset:0\tNO_HEADERS\tk\t{value}");
            ConsumedRecord::read(line.as_bytes()).value
        };
        assert_eq!(read("\\xEF\\xB7\\x90null"), None);
        assert_eq!(read(""), Some(Vec::new()));
    }

    #[test]
    fn a_line_with_a_field_missing_or_a_broken_escape_is_refused() {
        assert_eq!(
            ConsumedRecord::parse(b"CreateTime:1\tPartition:0\tOffset:0\tNO_HEADERS\tk"),
            None
        );
        assert_eq!(
            ConsumedRecord::parse(b"CreateTime:1\tPartition:0\tOffset:0\tNO_HEADERS\tk\t\\x0"),
            None
        );
    }
}
