//! From an alert to its items: layers off, documents read, formats told, every result accounted for.

mod bounds;
mod lines;
mod mapped;

use reeve_domain::alert::RawAlert;
use reeve_domain::reject::{DropReason, Reason, Reject};

use crate::draft::{Found, Reading, ReceiptDraft, Record};
use crate::envelope::bytes::{Compression, not_text, of_utf16, without_bom, without_script_prefix};
use crate::envelope::{self, Carried, Peeled, cloud_events, decode_base64};
use crate::explain::ExplainedObject;
use crate::formats::{self, Format};
use crate::json::{Documents, Fault, Json, is_whole_value, read_value};
use crate::observe::{Indexes, Observed, Scene, Speaker, observe, receipt};
use crate::parsed::{Item, Parsed};
use crate::settings::{Limits, Settings};
use bounds::Refusals;
use lines::lines_of;

pub(crate) use mapped::walk_explained;

/// Compressed bytes inside compressed bytes; more is no report.
const INFLATIONS_MAX: u32 = 4;

/// No format has nearly as many keys in an object of its own; every detector would look through all of them.
const ALERT_KEYS_MAX: usize = 4_096;

/// Reads an alert. Total: any bytes give an answer, and every record of them exactly one item.
pub fn parse(alert: &RawAlert<'_>, settings: &Settings) -> Parsed {
    let mut walk = Walk::of(alert, settings);
    walk.alert();
    walk.parsed.empty = walk.parsed.records == 0;
    walk.parsed
}

struct Walk<'s> {
    alert: &'s RawAlert<'s>,
    settings: &'s Settings,
    parsed: Parsed,
    indexes: Indexes,
    refusals: Refusals,
    /// Results so far of which nobody knows what they would have shown.
    gaps: u64,
    /// Why objects are read as they are, where somebody asks.
    explained: Option<Vec<ExplainedObject>>,
    /// Of all streams together.
    inflated_bytes: usize,
}

/// How deep in its layers a text stands, and what they said.
#[derive(Clone, Default)]
struct Depth {
    carried: Carried,
    envelopes: u32,
    inflations: u32,
}

impl<'s> Walk<'s> {
    fn of(alert: &'s RawAlert<'s>, settings: &'s Settings) -> Self {
        Self {
            alert,
            settings,
            parsed: Parsed::default(),
            indexes: Indexes::default(),
            refusals: Refusals::default(),
            gaps: 0,
            explained: None,
            inflated_bytes: 0,
        }
    }
}

impl Walk<'_> {
    fn alert(&mut self) {
        let mut depth = Depth::default();
        if cloud_events::is_binary(self.alert.headers) {
            self.note_envelope("cloudevents");
            depth.carried = cloud_events::carried(self.alert.headers);
            depth.envelopes = 1;
        }
        self.bytes(self.alert.value, &depth);
    }

    fn bytes(&mut self, bytes: &[u8], depth: &Depth) {
        match Compression::of(bytes) {
            Some(compression) => self.compressed(compression, bytes, depth),
            None => match std::str::from_utf8(bytes) {
                Ok(text) => self.text(text, depth),
                Err(error) => self.not_utf8(bytes, error.valid_up_to(), depth),
            },
        }
    }

    fn compressed(&mut self, compression: Compression, bytes: &[u8], depth: &Depth) {
        self.note_envelope(compression.name());
        if depth.inflations >= INFLATIONS_MAX {
            let detail = format!("compressed more than {INFLATIONS_MAX} times");
            return self.reject(Reject::document(Reason::Bomb, detail));
        }
        match compression.inflate(bytes, &self.left_of_limits()) {
            Ok(inflated) => {
                self.inflated_bytes += inflated.len();
                let depth = Depth {
                    inflations: depth.inflations + 1,
                    ..depth.clone()
                };
                self.bytes(&inflated, &depth);
            }
            Err(reject) => self.reject(reject),
        }
    }

    /// Many small streams in one alert share what one large stream may have.
    fn left_of_limits(&self) -> Limits {
        let limits = self.settings.limits;
        Limits {
            inflated_bytes: limits.inflated_bytes.saturating_sub(self.inflated_bytes),
            ..limits
        }
    }

    fn not_utf8(&mut self, bytes: &[u8], valid_bytes: usize, depth: &Depth) {
        match of_utf16(bytes) {
            Some(Ok(text)) => {
                self.note_envelope("utf-16");
                self.text(&text, depth);
            }
            Some(Err(reject)) => self.reject(reject),
            None => self.mixed(bytes, valid_bytes, depth),
        }
    }

    /// Bytes that are not all UTF-8: if they are lines, the good lines are read.
    fn mixed(&mut self, bytes: &[u8], valid_bytes: usize, depth: &Depth) {
        let lines = || bytes.split(|byte| *byte == b'\n').enumerate();
        let mut texts = lines().map(|(_, line)| std::str::from_utf8(line));
        let is_lines = texts.find(|line| !matches!(line, Ok(text) if text.trim().is_empty()));
        if !matches!(is_lines, Some(Ok(first)) if is_whole_value(first)) {
            return self.reject(not_text("UTF-8", valid_bytes));
        }
        for (before, line) in lines() {
            match std::str::from_utf8(line) {
                Ok(text) => self.line(text, before, depth),
                Err(_) => {
                    let detail = format!("not UTF-8 at line {}", before + 1);
                    self.reject(Reject::document(Reason::NotUtf8, detail));
                }
            }
        }
    }

    fn text(&mut self, text: &str, depth: &Depth) {
        let text = match without_bom(text) {
            Some(rest) => {
                self.note_envelope("bom");
                rest
            }
            None => text,
        };
        match without_script_prefix(text) {
            Some(rest) => {
                self.note_envelope("script-prefix");
                self.documents(rest, depth);
            }
            None => self.lines_or_documents(text, depth),
        }
    }

    /// If the first line is a whole value the text is lines, and a bad one is refused alone.
    fn lines_or_documents(&mut self, text: &str, depth: &Depth) {
        let mut lines = lines_of(text).skip_while(|(_, line)| line.trim().is_empty());
        let Some((before, first)) = lines.next() else {
            return;
        };
        match self.read(first) {
            Ok(json) => self.value(&json, depth),
            Err(fault) if fault.is_of_limits() && is_whole_value(first) => {
                self.reject(fault.into_reject(before));
            }
            Err(_) => return self.documents(text, depth),
        }
        for (before, line) in lines {
            self.line(line, before, depth);
        }
    }

    fn line(&mut self, line: &str, before: usize, depth: &Depth) {
        if line.trim().is_empty() {
            return;
        }
        match self.read(line) {
            Ok(json) => self.value(&json, depth),
            Err(fault) => self.reject(fault.into_reject(before)),
        }
    }

    fn read<'t>(&self, text: &'t str) -> Result<Json<'t>, Fault> {
        if text.len() > self.settings.limits.document_bytes {
            return Err(Fault::too_large(self.settings.limits.document_bytes));
        }
        read_value(text, &self.settings.limits)
    }

    /// A document of several lines, or several in a row; what breaks them is refused at its position.
    fn documents(&mut self, text: &str, depth: &Depth) {
        if text.len() > self.settings.limits.document_bytes {
            return self.reject(Fault::too_large(self.settings.limits.document_bytes).into_reject(0));
        }
        for document in Documents::new(text, self.settings.limits) {
            match document {
                Ok(json) => self.value(&json, depth),
                Err(fault) => self.reject(fault.into_reject(0)),
            }
        }
    }

    /// A whole document or payload: `null` and `[]` hold nothing.
    fn value<'d>(&mut self, json: &'d Json<'d>, depth: &Depth) {
        match json {
            Json::Null => {}
            Json::Array(elements) => self.elements(elements, depth),
            Json::Object(_) => self.object(json, depth),
            _ => self.unknown(),
        }
    }

    /// Each element is an alert of its own; an array of nothing but scalars is one unknown thing.
    fn elements<'d>(&mut self, elements: &'d [Json<'d>], depth: &Depth) {
        let holds_alerts = elements
            .iter()
            .any(|element| matches!(element, Json::Object(_) | Json::Array(_)));
        if !holds_alerts && !elements.is_empty() {
            return self.unknown();
        }
        for element in elements {
            match element {
                Json::Null => self.unknown(),
                element => self.value(element, depth),
            }
        }
    }

    fn object<'d>(&mut self, json: &'d Json<'d>, depth: &Depth) {
        if self.is_full() {
            return self.refuse_more("unknown");
        }
        if json.entries().len() > ALERT_KEYS_MAX {
            return self.unknown();
        }
        if let Some((name, peeled)) = envelope::peel(json) {
            return self.envelope(name, json, peeled, depth);
        }
        self.explain(json);
        if let Some(format) = formats::of(json) {
            return self.report(format, json, depth);
        }
        let settings = self.settings;
        match settings.mappings.of(json) {
            Some(mapping) => self.mapped(mapping, json, depth),
            None => self.unknown(),
        }
    }

    fn envelope<'d>(&mut self, name: &'static str, json: &'d Json<'d>, peeled: Peeled<'d>, depth: &Depth) {
        self.note_envelope(name);
        if depth.envelopes >= self.settings.limits.envelopes {
            let detail = format!(
                "more than {} envelopes inside one another",
                self.settings.limits.envelopes
            );
            return self.reject(Reject::document(Reason::TooDeep, detail));
        }
        let inner = Depth {
            carried: depth.carried.within(json),
            envelopes: depth.envelopes + 1,
            ..depth.clone()
        };
        match peeled {
            Peeled::Value(json) => self.value(json, &inner),
            Peeled::Values(all) => all.into_iter().for_each(|json| self.value(json, &inner)),
            Peeled::Texts(all) => all.into_iter().for_each(|json| self.payload(json, &inner)),
            Peeled::Encoded(all) => all.into_iter().for_each(|json| self.encoded(json, &inner)),
            Peeled::Control => self.dropped("unknown", DropReason::ControlMessage),
        }
    }

    fn payload<'d>(&mut self, json: &'d Json<'d>, depth: &Depth) {
        match json {
            Json::Text(text) => self.text(text, depth),
            json => self.value(json, depth),
        }
    }

    fn encoded<'d>(&mut self, json: &'d Json<'d>, depth: &Depth) {
        match json.text().map(decode_base64) {
            Some(Some(bytes)) => self.bytes(&bytes, depth),
            Some(None) => self.reject(Reject::document(
                Reason::NotJson,
                "expected base64 in the envelope",
            )),
            None => self.value(json, depth),
        }
    }

    fn report<'d>(&mut self, format: &'static Format, json: &'d Json<'d>, depth: &Depth) {
        note(&mut self.parsed.formats, format.id);
        let speaker = Speaker::of(format);
        match (format.records)(json) {
            Ok(report) => {
                let receipts: Vec<ReceiptDraft> = report.receipts;
                let gaps = self.gaps;
                report
                    .results
                    .into_iter()
                    .for_each(|found| self.result(format, found, depth));
                let whole = gaps == self.gaps;
                receipts
                    .into_iter()
                    .map(|draft| draft.of_report(whole))
                    .for_each(|draft| self.receipt(speaker, draft, depth));
            }
            Err(reject) => {
                let index = self.parsed.records;
                self.reject(reject.within(format.id, index));
            }
        }
    }

    fn result<'d>(&mut self, format: &'static Format, found: Found<'d>, depth: &'d Depth) {
        if self.is_full() {
            return self.refuse_more(format.id);
        }
        let record = Record {
            found,
            carried: &depth.carried,
        };
        let speaker = Speaker::of(format);
        self.reading(speaker, (format.read)(&record), depth);
    }

    fn reading(&mut self, format: Speaker<'_>, reading: Result<Reading<'_>, Reject>, depth: &Depth) {
        let index = self.parsed.records;
        match reading {
            Ok(Reading::Observed { secrets, drafts }) => {
                let mut scene = self.scene(format, &depth.carried, index);
                let observed = observe(&secrets, drafts, &mut scene);
                self.indexes = scene.indexes;
                self.observed(format.id, index, observed);
            }
            Ok(Reading::Dropped(reason)) => self.dropped(format.id, reason),
            Err(reject) => self.reject(reject.within(format.id, index)),
        }
    }

    fn observed(&mut self, format: &'static str, index: u32, observed: Observed) {
        match observed {
            Observed::Some {
                observations,
                redactions,
                unmapped,
            } => {
                self.parsed.redactions += redactions;
                self.parsed.unmapped += unmapped;
                self.push(Item::Observed {
                    index,
                    format,
                    observations,
                });
            }
            Observed::Nothing(reason) => self.dropped(format, reason),
            Observed::NoSubject(detail) => {
                self.reject(Reject::document(Reason::NoSubject, detail).within(format, index));
            }
        }
    }

    fn receipt(&mut self, format: Speaker<'_>, draft: ReceiptDraft, depth: &Depth) {
        let mut scene = self.scene(format, &depth.carried, self.parsed.records);
        let receipt = receipt(draft, &mut scene);
        self.indexes = scene.indexes;
        self.parsed.receipts.push(receipt);
    }

    fn scene<'c>(&'c self, format: Speaker<'c>, carried: &'c Carried, index: u32) -> Scene<'c> {
        Scene {
            settings: self.settings,
            alert: self.alert,
            format,
            carried,
            index,
            indexes: self.indexes,
        }
    }

    fn unknown(&mut self) {
        let mut reject = Reject::document(Reason::UnknownFormat, "no known format claims it");
        reject.index = Some(self.parsed.records);
        self.reject(reject);
    }

    fn dropped(&mut self, format: &'static str, reason: DropReason) {
        self.gaps += u64::from(matches!(
            reason,
            DropReason::SuppressedAtSource | DropReason::Sample
        ));
        self.push(Item::Dropped {
            index: self.parsed.records,
            format,
            reason,
        });
    }

    fn push(&mut self, item: Item) {
        self.parsed.items.push(item);
        self.parsed.records += 1;
    }

    fn note_envelope(&mut self, name: &'static str) {
        note(&mut self.parsed.envelopes, name);
    }
}

fn note(names: &mut Vec<&'static str>, name: &'static str) {
    if !names.contains(&name) {
        names.push(name);
    }
}
