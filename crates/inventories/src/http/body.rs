//! A body within limits: framed by one length, read in chunks, counted after decompression.

use std::io::Write;

use flate2::write::MultiGzDecoder;
use reqwest::Response;
use reqwest::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, TRANSFER_ENCODING,
};
use serde_json::Value;

const HEADER_BYTES_MAX: usize = 32 * 1024;
const DEPTH_MAX: usize = 64;
/// A body that grows by more than this, once it is longer than what follows, is a bomb.
const RATIO_MAX: usize = 200;
const RATIO_BYTES_MIN: usize = 64 * 1024;

/// Why a body is no answer.
pub(crate) type Bad = &'static str;

/// The JSON of a response, or why it has none.
pub(crate) async fn json(response: Response, bytes_max: usize) -> Result<(Value, usize), Bad> {
    let headers = response.headers();
    within_header_limit(headers)?;
    is_json(headers)?;
    is_framed(headers, bytes_max)?;
    let encoding = encoding(headers)?;
    let body = read(response, encoding, bytes_max).await?;
    within_depth(&body)?;
    let value = serde_json::from_slice(&body).map_err(|_| "body is not JSON")?;
    Ok((value, body.len()))
}

/// Reads a short body to its end, so that the connection can be used again.
pub(crate) async fn drain(mut response: Response, bytes_max: u64) {
    if response
        .content_length()
        .is_some_and(|length| length <= bytes_max)
    {
        while let Ok(Some(_)) = response.chunk().await {}
    }
}

#[derive(Clone, Copy)]
enum Encoding {
    Plain,
    Gzip,
}

fn within_header_limit(headers: &HeaderMap) -> Result<(), Bad> {
    let line =
        |(name, value): (&HeaderName, &reqwest::header::HeaderValue)| name.as_str().len() + value.len() + 4;
    if headers.iter().map(line).sum::<usize>() > HEADER_BYTES_MAX {
        return Err("headers are too long");
    }
    Ok(())
}

fn is_json(headers: &HeaderMap) -> Result<(), Bad> {
    let written = only(headers, &CONTENT_TYPE)?.unwrap_or_default();
    let media = written
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let suffixed = media.starts_with("application/") && media.ends_with("+json");
    if media == "application/json" || suffixed {
        Ok(())
    } else {
        Err("content type is not JSON")
    }
}

/// One length, or chunks, which mark their own end; a body that ends with the connection may be half a body.
fn is_framed(headers: &HeaderMap, bytes_max: usize) -> Result<(), Bad> {
    let chunked =
        only(headers, &TRANSFER_ENCODING)?.is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"));
    let length = only(headers, &CONTENT_LENGTH)?;
    match (length, chunked) {
        (Some(_), true) => Err("both a content length and chunks"),
        (None, false) => Err("no content length"),
        (None, true) => Ok(()),
        (Some(length), false) => match length.parse::<usize>() {
            Ok(length) if length <= bytes_max => Ok(()),
            Ok(_) => Err("body is too long"),
            Err(_) => Err("more than one content length"),
        },
    }
}

fn encoding(headers: &HeaderMap) -> Result<Encoding, Bad> {
    match only(headers, &CONTENT_ENCODING)?
        .map(str::to_ascii_lowercase)
        .as_deref()
    {
        None | Some("identity") => Ok(Encoding::Plain),
        Some("gzip" | "x-gzip") => Ok(Encoding::Gzip),
        Some(_) => Err("content encoding was not asked for"),
    }
}

fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>, Bad> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| "a header is not text"),
        (Some(_), Some(_)) => Err("a header stands twice"),
    }
}

async fn read(mut response: Response, encoding: Encoding, bytes_max: usize) -> Result<Vec<u8>, Bad> {
    let mut sink = Sink::new(encoding, bytes_max);
    while let Some(chunk) = response.chunk().await.map_err(|_| "body is not complete")? {
        sink.take(&chunk)?;
    }
    sink.finish()
}

/// Holds at most `bytes_max` bytes of body, whatever is poured in.
enum Sink {
    Plain(Capped),
    Gzip(Box<MultiGzDecoder<Capped>>),
}

impl Sink {
    fn new(encoding: Encoding, bytes_max: usize) -> Self {
        let capped = Capped {
            body: Vec::new(),
            bytes_max,
            received: 0,
        };
        match encoding {
            Encoding::Plain => Self::Plain(capped),
            Encoding::Gzip => Self::Gzip(Box::new(MultiGzDecoder::new(capped))),
        }
    }

    fn take(&mut self, chunk: &[u8]) -> Result<(), Bad> {
        let capped = match self {
            Self::Plain(capped) => capped,
            Self::Gzip(decoder) => decoder.get_mut(),
        };
        capped.received += chunk.len();
        if capped.received > capped.bytes_max {
            return Err("body is too long");
        }
        let written = match self {
            Self::Plain(capped) => capped.write_all(chunk),
            Self::Gzip(decoder) => decoder.write_all(chunk),
        };
        written.map_err(|_| "body is too long, a bomb, or not what its encoding says")
    }

    fn finish(self) -> Result<Vec<u8>, Bad> {
        match self {
            Self::Plain(capped) => Ok(capped.body),
            Self::Gzip(decoder) => decoder
                .finish()
                .map(|capped| capped.body)
                .map_err(|_| "body is not complete"),
        }
    }
}

struct Capped {
    body: Vec<u8>,
    bytes_max: usize,
    received: usize,
}

impl Write for Capped {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let length = self.body.len() + bytes.len();
        let bomb = length > RATIO_BYTES_MIN && length / self.received.max(1) > RATIO_MAX;
        if length > self.bytes_max || bomb {
            return Err(std::io::Error::other("too long"));
        }
        self.body.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Counts brackets outside of strings, before anything recursive sees the text.
fn within_depth(body: &[u8]) -> Result<(), Bad> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            return Err("body is nested too deep");
        }
    }
    Ok(())
}
