//! Layers of bytes: gzip and zstd within their limits, UTF-16, a byte order mark, a JavaScript assignment.

use std::io::Read;

use reeve_domain::reject::{Reason, Reject};

use crate::settings::Limits;

const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];
const ZSTD_MAGIC: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// The window of a zstd stream is memory that its sender chooses: at most 32 MiB.
const ZSTD_WINDOW_LOG_MAX: u32 = 25;
const BOM: &str = "\u{feff}";
const SCRIPT_PREFIX: &str = "scoutsuite_results";

/// How bytes are compressed.
#[derive(Clone, Copy)]
pub(crate) enum Compression {
    Gzip,
    Zstd,
}

impl Compression {
    /// As its first bytes say.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(GZIP_MAGIC) {
            return Some(Self::Gzip);
        }
        bytes.starts_with(ZSTD_MAGIC).then_some(Self::Zstd)
    }

    /// Its name in summaries.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// The bytes inside; never more than the limits allow are held.
    ///
    /// # Errors
    /// `bomb` over the limits, `not_json` if the stream is broken.
    pub(crate) fn inflate(self, bytes: &[u8], limits: &Limits) -> Result<Vec<u8>, Reject> {
        let inflated_max = limits
            .inflated_bytes
            .min(bytes.len().saturating_mul(limits.inflated_ratio));
        let inflated = match self {
            Self::Gzip => read_at_most(flate2::read::MultiGzDecoder::new(bytes), inflated_max),
            Self::Zstd => zstd_stream(bytes).and_then(|stream| read_at_most(stream, inflated_max)),
        };
        let inflated = inflated.map_err(|_| {
            Reject::document(
                Reason::NotJson,
                format!("expected a whole {} stream", self.name()),
            )
        })?;
        if inflated.len() > inflated_max {
            let detail = format!("inflates to more than {inflated_max} bytes");
            return Err(Reject::document(Reason::Bomb, detail));
        }
        Ok(inflated)
    }
}

/// The text of UTF-16 with a byte order mark, which is left in place: what PowerShell's `>` makes of a scanner's output.
///
/// # Errors
/// `not_utf8` at the first half of a pair that stands alone, or where half a unit is left.
pub(crate) fn of_utf16(bytes: &[u8]) -> Option<Result<String, Reject>> {
    let unit: fn([u8; 2]) -> u16 = match bytes {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return None,
    };
    let (units, half) = bytes.as_chunks::<2>();
    if !half.is_empty() {
        return Some(Err(not_text("UTF-16", bytes.len() - 1)));
    }
    let mut text = String::with_capacity(bytes.len());
    for decoded in char::decode_utf16(units.iter().map(|pair| unit(*pair))) {
        match decoded {
            Ok(one) => text.push(one),
            Err(_) => return Some(Err(not_text("UTF-16", 2 * text.encode_utf16().count()))),
        }
    }
    Some(Ok(text))
}

/// What is refused because it is no text from this byte on.
pub(crate) fn not_text(encoding: &str, byte: usize) -> Reject {
    Reject::document(Reason::NotUtf8, format!("not {encoding} at byte {byte}"))
}

/// Takes a byte order mark off.
pub(crate) fn without_bom(text: &str) -> Option<&str> {
    text.strip_prefix(BOM)
}

/// Takes `scoutsuite_results =` off.
pub(crate) fn without_script_prefix(text: &str) -> Option<&str> {
    let rest = text.trim_start().strip_prefix(SCRIPT_PREFIX)?;
    Some(
        rest.trim_start()
            .strip_prefix('=')?
            .trim_end()
            .trim_end_matches(';'),
    )
}

fn zstd_stream(bytes: &[u8]) -> std::io::Result<zstd::Decoder<'static, &[u8]>> {
    let mut stream = zstd::Decoder::with_buffer(bytes)?;
    stream.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
    Ok(stream)
}

fn read_at_most(stream: impl Read, bytes_max: usize) -> std::io::Result<Vec<u8>> {
    let mut inflated = Vec::new();
    stream.take(bytes_max as u64 + 1).read_to_end(&mut inflated)?;
    Ok(inflated)
}
