//! `inventories.yaml` → inventories that are valid by construction, or every mistake in it.

use std::collections::BTreeSet;
use std::sync::Arc;

use reeve_domain::context::OwnerConfidence;
use reqwest::Url;

use super::{Inventories, Surroundings};
use crate::codeowners::{CodeownersInventory, Place};
use crate::counts::Tally;
use crate::fault::{ConfigFault, Faults, segment};
use crate::file::FileInventory;
use crate::http::address::{GuardedNames, allowed};
use crate::http::{Exchange, Headers, HttpInventory, HttpParts, Judge, RequestTemplate, client};
use crate::mapping::{Mapping, Pointer};
use crate::member::{Kind, Member};
use crate::raw::{RawCodeowners, RawFile, RawInventories, RawInventory, RawKey, RawLimits, RawRequest};
use crate::template::{Template, expand};

/// Compiles every inventory; those that an unset variable switches off are named.
pub(super) fn compile(
    raw: RawInventories,
    around: Surroundings<'_>,
) -> Result<Inventories, Vec<ConfigFault>> {
    let (mut faults, mut names) = (Faults::default(), BTreeSet::new());
    let (mut members, mut off) = (Vec::new(), Vec::new());
    for (index, raw) in raw.inventories.into_iter().enumerate() {
        let mut compiler = Compiler {
            at: format!("/inventories/{index}"),
            around,
            faults: &mut faults,
        };
        compiler.check_name(&raw.name, &mut names);
        match compiler.kind(&raw) {
            Outcome::On(kind) => members.push(member(raw, kind)),
            Outcome::Off => off.push(raw.name),
            Outcome::Faulty => {}
        }
    }
    faults.into_result(Inventories {
        members: members.into(),
        off: off.into(),
    })
}

fn member(raw: RawInventory, kind: Kind) -> Member {
    let by_default = match kind {
        Kind::File(_) => vec![RawKey::Subject, RawKey::Aliases],
        Kind::Http(_) | Kind::Codeowners(_) => vec![RawKey::Subject],
    };
    let keys = raw.keys.unwrap_or(by_default);
    Member {
        name: raw.name,
        covers: raw.covers.into(),
        keys,
        kind,
        tally: Tally::default(),
    }
}

enum Outcome {
    On(Kind),
    Off,
    Faulty,
}

struct Compiler<'a> {
    at: String,
    around: Surroundings<'a>,
    faults: &'a mut Faults,
}

impl Compiler<'_> {
    fn check_name(&mut self, name: &str, names: &mut BTreeSet<String>) {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if name.is_empty() || name.len() > 64 || !name.bytes().all(allowed) {
            self.fault("/name", "expected 1 to 64 letters, digits, `-`, `_`, `.`");
        } else if !names.insert(name.to_owned()) {
            self.fault("/name", "another inventory has this name");
        }
    }

    fn kind(&mut self, raw: &RawInventory) -> Outcome {
        self.check_keys(raw);
        match (&raw.request, &raw.file, &raw.codeowners) {
            (Some(request), None, None) => self.http(raw, request),
            (None, Some(file), None) => self.file(raw, file),
            (None, None, Some(places)) => self.codeowners(raw, places),
            _ => self.fault("", "expected exactly one of `request`, `file`, `codeowners`"),
        }
    }

    /// What belongs to requests alone is a mistake elsewhere.
    fn check_keys(&mut self, raw: &RawInventory) {
        if raw.keys.as_ref().is_some_and(Vec::is_empty) {
            self.fault(
                "/keys",
                "expected at least one of `subject`, `aliases`, `authenticates`",
            );
        }
        let for_requests = !raw.absent.is_empty() || !raw.at.is_empty() || !raw.wheres.is_empty();
        if raw.request.is_none() && for_requests {
            self.fault("", "`absent`, `at` and `where` belong to a `request`");
        }
        if raw.codeowners.is_some() && raw.fields.is_some() {
            self.fault("/fields", "CODEOWNERS have no fields");
        }
    }

    fn http(&mut self, raw: &RawInventory, request: &RawRequest) -> Outcome {
        self.check_limits(&raw.limits);
        let Some(written) = self.expanded("/request/url", &request.url) else {
            return Outcome::Faulty;
        };
        let Some(written) = written else {
            return Outcome::Off;
        };
        let url = self.url(&written);
        let headers = self.headers(request);
        let (at, wheres) = (self.pointer("/at", &raw.at), self.wheres(raw));
        let mapping = self.mapping(raw, OwnerConfidence::High);
        let tls = written.starts_with("https");
        let client = client(GuardedNames::system(), tls, &raw.limits);
        let client = self.faults.keep(&format!("{}/request", self.at), client);
        let (Some(url), Some(at), Some(client)) = (url, at, client) else {
            return Outcome::Faulty;
        };
        let judge = Judge {
            absent: raw.absent.iter().copied().collect(),
            bytes_max: raw.limits.body_bytes_max,
        };
        let template = RequestTemplate {
            url,
            at,
            wheres,
            mapping,
        };
        let exchange = Exchange::new(client, headers, judge);
        let parts = HttpParts {
            template,
            exchange,
            cache: raw.cache,
            limits: raw.limits,
        };
        Outcome::On(Kind::Http(Arc::new(HttpInventory::new(&raw.name, parts))))
    }

    fn check_limits(&mut self, limits: &RawLimits) {
        let counts = [
            ("per_second", limits.per_second),
            ("burst", limits.burst),
            ("in_flight", limits.in_flight),
        ];
        for (name, count) in counts {
            if !(1..=10_000).contains(&count) {
                self.fault(&format!("/limits/{name}"), "expected 1 to 10000");
            }
        }
        if !(1..=60_000).contains(&limits.deadline_ms) {
            self.fault("/limits/deadline_ms", "expected 1 to 60000");
        }
        if !(1_024..=16_777_216).contains(&limits.body_bytes_max) {
            self.fault("/limits/body_bytes_max", "expected 1024 to 16777216");
        }
    }

    fn url(&mut self, written: &str) -> Option<Template> {
        let place = format!("{}/request/url", self.at);
        let template = self.faults.keep(&place, Template::parse(written))?;
        let checked = check_url(template.fixed_start());
        self.faults.keep(&place, checked)?;
        Some(template)
    }

    fn headers(&mut self, request: &RawRequest) -> Headers {
        let mut headers = Headers::default();
        for (name, value) in &request.headers {
            let place = format!("/request/headers/{}", segment(name));
            if let Some(Some(value)) = self.expanded(&place, value) {
                let added = headers.add(name, &value, self.around.base);
                self.faults.keep(&format!("{}{place}", self.at), added);
            }
        }
        headers
    }

    fn wheres(&mut self, raw: &RawInventory) -> Vec<(Pointer, Template)> {
        let mut wheres = Vec::new();
        for (pointer, text) in &raw.wheres {
            let place = format!("/where/{}", segment(pointer));
            let template = self
                .faults
                .keep(&format!("{}{place}", self.at), Template::parse(text));
            if let (Some(pointer), Some(template)) = (self.pointer(&place, pointer), template) {
                wheres.push((pointer, template));
            }
        }
        wheres
    }

    fn mapping(&mut self, raw: &RawInventory, by_default: OwnerConfidence) -> Mapping {
        let confidence = raw.confidence.unwrap_or(by_default);
        match &raw.fields {
            Some(fields) => Mapping::compile(fields, confidence, &format!("{}/fields", self.at), self.faults),
            None => Mapping::plain(confidence),
        }
    }

    fn file(&mut self, raw: &RawInventory, file: &RawFile) -> Outcome {
        let mapping = self.mapping(raw, OwnerConfidence::High);
        match self.expanded("/file/path", &file.path) {
            None => Outcome::Faulty,
            Some(None) => Outcome::Off,
            Some(Some(path)) => {
                let opened = FileInventory::open(self.around.base.join(path), mapping, raw.fields.is_none());
                let opened = self.faults.keep(&format!("{}/file/path", self.at), opened);
                opened.map_or(Outcome::Faulty, |file| Outcome::On(Kind::File(file)))
            }
        }
    }

    fn codeowners(&mut self, raw: &RawInventory, written: &[RawCodeowners]) -> Outcome {
        if written.is_empty() {
            return self.fault("/codeowners", "expected at least one repository");
        }
        let mut places = Vec::new();
        for (index, place) in written.iter().enumerate() {
            let fault_at = format!("/codeowners/{index}");
            match self.expanded(&format!("{fault_at}/path"), &place.path) {
                None => return Outcome::Faulty,
                Some(None) => {}
                Some(Some(path)) => places.push(Place {
                    repository: place.repository.clone(),
                    path: self.around.base.join(path),
                    fault_at: format!("{}{fault_at}", self.at),
                }),
            }
        }
        if places.is_empty() {
            return Outcome::Off;
        }
        let confidence = raw.confidence.unwrap_or(OwnerConfidence::Medium);
        Outcome::On(Kind::Codeowners(CodeownersInventory::compile(
            places,
            confidence,
            self.faults,
        )))
    }

    /// None after a mistake, `Some(None)` if a variable is not set.
    fn expanded(&mut self, place: &str, text: &str) -> Option<Option<String>> {
        self.faults
            .keep(&format!("{}{place}", self.at), expand(text, self.around.env))
    }

    fn pointer(&mut self, place: &str, text: &str) -> Option<Pointer> {
        self.faults
            .keep(&format!("{}{place}", self.at), Pointer::parse(text))
    }

    fn fault(&mut self, place: &str, message: &str) -> Outcome {
        self.faults.push(format!("{}{place}", self.at), message);
        Outcome::Faulty
    }
}

/// The scheme and the host must stand before the first placeholder: a subject never decides who is asked.
fn check_url(start: &str) -> Result<(), String> {
    let url = Url::parse(start).map_err(|_| "expected an absolute http or https URL".to_owned())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("expected an absolute http or https URL".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("credentials belong in a header: `Bearer {file:/path}`".to_owned());
    }
    let authority = start.split_once("://").map_or("", |(_, rest)| rest);
    if !authority.contains(['/', '?']) {
        return Err("expected a path after the host, before the first placeholder".to_owned());
    }
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    match host.parse().map(allowed) {
        Ok(Err(forbidden)) => Err(forbidden.to_string()),
        Ok(Ok(_)) | Err(_) => Ok(()),
    }
}
