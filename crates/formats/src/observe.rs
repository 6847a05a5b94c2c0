//! From drafts to observations, in one place: scrub, key, date, number, name.

mod subject;

use std::borrow::Cow;

use data_encoding::BASE32_NOPAD;
use reeve_domain::alert::RawAlert;
use reeve_domain::key::{KEY_VERSION, KeyError, Resolved};
use reeve_domain::observation::{
    Evidence, EvidenceScope, Finding, IssueType, Location, Observation, Provenance, Receipt, ReceiptScope,
    Redaction, Source, Statement, TimeQuality,
};
use reeve_domain::reject::DropReason;
use reeve_domain::text::clean;
use reeve_domain::time::Timestamp;
use sha2::{Digest, Sha256};

use crate::canary;
use crate::draft::{Draft, Place, Problem, ReceiptDraft, SourceOf, Times};
use crate::envelope::Carried;
use crate::formats::Format;
use crate::scrub::{self, Scrubber};
use crate::settings::Settings;
use crate::url;
use subject::{Home, telling};

const TITLE_CHARS_MAX: usize = 256;
const WORD_CHARS_MAX: usize = 256;
const LABEL_CHARS_MAX: usize = 32;
const REFERENCE_CHARS_MAX: usize = 512;
const PLACE_CHARS_MAX: usize = 1_024;
const ID_CHARS: usize = 26;
const HASH_CHARS: usize = 52;

/// What all drafts of one record share.
pub(crate) struct Scene<'s> {
    pub(crate) settings: &'s Settings,
    pub(crate) alert: &'s RawAlert<'s>,
    pub(crate) format: Speaker<'s>,
    pub(crate) carried: &'s Carried,
    /// Which record of the alert, from 0.
    pub(crate) index: u32,
    pub(crate) indexes: Indexes,
}

/// Which format speaks, built in or mapped.
#[derive(Clone, Copy)]
pub(crate) struct Speaker<'s> {
    /// Its id on the wire.
    pub(crate) id: &'static str,
    /// The product, where the record does not name it.
    pub(crate) tool: &'s str,
    /// Version of its reader.
    pub(crate) version: u32,
}

impl<'s> Speaker<'s> {
    /// A built-in format.
    pub(crate) fn of(format: &'s Format) -> Self {
        Self {
            id: format.id,
            tool: format.tool,
            version: format.version,
        }
    }
}

/// The next free `provenance.index` of every kind.
#[derive(Clone, Copy, Default)]
pub(crate) struct Indexes {
    finding: u32,
    evidence: u32,
    receipt: u32,
}

/// What became of a record's drafts.
pub(crate) enum Observed {
    /// At least one observation.
    Some {
        observations: Vec<Observation>,
        redactions: u32,
        unmapped: u32,
    },
    /// Understood, and nobody's task.
    Nothing(DropReason),
    /// No draft has a subject; what was expected.
    NoSubject(String),
}

/// Makes the observations of one record.
pub(crate) fn observe(secrets: &[Cow<'_, str>], drafts: Vec<Draft<'_>>, scene: &mut Scene<'_>) -> Observed {
    let scrubber = Scrubber::new(secrets, scene.settings.scrub);
    let mut observations = Vec::with_capacity(drafts.len());
    let (mut unmapped, mut error) = (0, None);
    let mut subjects = 0;
    for draft in drafts {
        match Clean::of(&draft, &scrubber, scene) {
            Ok(clean) => {
                subjects += 1;
                unmapped += u32::from(draft.problem.as_ref().is_some_and(|problem| problem.unmapped));
                clean.observe(draft, &scrubber, scene, &mut observations);
            }
            Err(KeyError::NotASubject) => {}
            Err(other) => error = Some(other),
        }
    }
    match (observations.is_empty(), subjects, error) {
        (false, ..) => Observed::Some {
            observations,
            redactions: scrubber.count(),
            unmapped,
        },
        (true, 0, Some(error)) => Observed::NoSubject(error.to_string()),
        (true, 0, None) => Observed::Nothing(DropReason::NotIdentityRelevant),
        (true, ..) => Observed::Nothing(DropReason::NoStatement),
    }
}

/// Makes the receipt of one scope; its texts are scrubbed like any other.
pub(crate) fn receipt(draft: ReceiptDraft, scene: &mut Scene<'_>) -> Receipt {
    let scrubber = Scrubber::new(&[], scene.settings.scrub);
    let scrubbed = |text: &str| {
        let text = url::without_userinfo(text);
        clean(&scrubber.text(&text), PLACE_CHARS_MAX)
    };
    let source = Source {
        format: scene.format.id.to_owned(),
        tool: scene.format.tool.to_owned(),
        rule: scrubbed(&draft.rule),
        ..Source::default()
    };
    let scope = ReceiptScope {
        id: scrubbed(&draft.scope.id),
        ruleset: scrubbed(&draft.scope.ruleset),
        reference: draft.scope.reference.as_deref().map(scrubbed),
        ..draft.scope
    };
    let (observed_at, _) = observed_at(draft.observed_at, scene);
    let index = take(&mut scene.indexes.receipt, scene.index);
    Receipt {
        scope,
        observed_at,
        source,
        provenance: provenance(scene, index),
    }
}

/// A draft whose texts may leave, and whose subject has a key.
struct Clean {
    resolved: Resolved,
    source: Source,
    serial: String,
    location: Location,
}

impl Clean {
    fn of(draft: &Draft<'_>, scrubber: &Scrubber, scene: &Scene<'_>) -> Result<Self, KeyError> {
        let place = without_secrets(&draft.place, scrubber);
        let source = source(&draft.source, scrubber, scene.format);
        let serial = scrubber.text(&draft.source.serial).into_owned();
        let sender = scene.carried.sender.as_deref().map(|name| scrubber.text(name));
        let named = draft.source.named.as_deref().map(|name| scrubber.text(name));
        let resolved = Home {
            place: &place,
            rule: telling(&source.rule, named.as_deref()),
            serial: &serial,
            sender: sender.as_deref(),
            origin: &scene.alert.origin,
        }
        .subject(draft, scrubber, scene)?;
        Ok(Self {
            resolved,
            source,
            serial,
            location: shown(&place),
        })
    }

    fn observe(
        self,
        draft: Draft<'_>,
        scrubber: &Scrubber,
        scene: &mut Scene<'_>,
        out: &mut Vec<Observation>,
    ) {
        for (statement, scope) in &draft.statements {
            out.extend(self.evidence(*statement, scope, draft.times, scrubber, scene));
        }
        if let Some(problem) = draft.problem {
            let finding = self.finding(&problem, draft.times, scrubber, scene);
            if out.iter().any(|other| is_same_sighting(other, &finding)) {
                return;
            }
            scene.indexes.finding = finding.provenance.index + 1;
            out.push(Observation::Finding(Box::new(finding)));
        }
    }

    fn finding(self, problem: &Problem<'_>, times: Times, scrubber: &Scrubber, scene: &Scene<'_>) -> Finding {
        let honeytoken = problem.honeytoken || canary::is_decoy(&self.resolved);
        let issue_type = match (honeytoken, problem.issue_type) {
            (true, IssueType::SecretExposed) => IssueType::HoneytokenTriggered,
            (_, issue_type) => issue_type,
        };
        let finding_id = self.id("f", issue_type.as_str());
        let (observed_at, time_quality) = observed_at(times.observed_at, scene);
        let first = times.first_detected_at.unwrap_or(observed_at);
        let index = scene.index.max(scene.indexes.finding);
        let mut source_severity = problem.severity.clone();
        source_severity.label = clean(&scrubber.text(&source_severity.label), LABEL_CHARS_MAX);
        Finding {
            finding_id,
            key_version: KEY_VERSION,
            subject: self.resolved.subject,
            aliases: self.resolved.aliases,
            links: self.resolved.links,
            issue_type,
            title: clean(&scrubber.text(&problem.title), TITLE_CHARS_MAX),
            validity: problem.validity,
            exposure: problem.exposure,
            source_severity,
            source: self.source,
            location: self.location,
            honeytoken,
            frameworks: scene
                .settings
                .frameworks
                .get(&issue_type)
                .cloned()
                .unwrap_or_default(),
            exposed_since: times.exposed_since.filter(|since| *since <= observed_at),
            first_detected_at: first.min(observed_at),
            observed_at,
            time_quality,
            redaction: Redaction {
                version: scrub::VERSION,
                count: scrubber.count(),
            },
            provenance: provenance(scene, index),
        }
    }

    /// None if the format may not say that.
    fn evidence(
        &self,
        statement: Statement,
        scope: &EvidenceScope,
        times: Times,
        scrubber: &Scrubber,
        scene: &mut Scene<'_>,
    ) -> Option<Observation> {
        let level = scene.settings.levels.of(scene.format.id, statement)?;
        let scope = match scope {
            EvidenceScope::WholeSubject => EvidenceScope::WholeSubject,
            EvidenceScope::Rule(rule) => EvidenceScope::Rule(clean(&scrubber.text(rule), WORD_CHARS_MAX)),
        };
        let (observed_at, time_quality) = observed_at(times.observed_at, scene);
        let said = format!("{statement}|{}|{observed_at}", String::from(scope.clone()));
        let index = take(&mut scene.indexes.evidence, scene.index);
        Some(Observation::Evidence(Box::new(Evidence {
            evidence_id: self.id("e", &said),
            key_version: KEY_VERSION,
            subject: self.resolved.subject.clone(),
            aliases: self.resolved.aliases.clone(),
            statement,
            scope,
            level,
            source: self.source.clone(),
            observed_at,
            time_quality,
            errored: false,
            provenance: provenance(scene, index),
        })))
    }

    /// The same source finding has the same id in every scan: no line, no time, no provenance is in it.
    fn id(&self, prefix: &str, what: &str) -> String {
        let Location {
            repository,
            path,
            commit,
            resource,
            region,
            line: _,
        } = &self.location;
        let place =
            [repository, path, commit, resource, region].map(|part| part.as_deref().unwrap_or_default());
        let source = [what, &self.source.format, &self.source.rule, &self.serial];
        let parts = || {
            [self.resolved.subject.key.as_str()]
                .into_iter()
                .chain(source)
                .chain(place)
        };
        let mut text = Vec::with_capacity(parts().map(|part| part.len() + 1).sum());
        for part in parts() {
            text.extend_from_slice(part.as_bytes());
            text.push(0);
        }
        let mut id = String::with_capacity(prefix.len() + 1 + HASH_CHARS);
        id.push_str(prefix);
        id.push('-');
        BASE32_NOPAD.encode_append(&Sha256::digest(&text), &mut id);
        id.truncate(prefix.len() + 1 + ID_CHARS);
        id.make_ascii_lowercase();
        id
    }
}

/// One result may name a subject twice, as a user and by the user's key: that is one sighting. Two places are two.
fn is_same_sighting(other: &Observation, finding: &Finding) -> bool {
    let Observation::Finding(other) = other else {
        return false;
    };
    let (here, there) = (&finding.location, &other.location);
    other.subject.key == finding.subject.key
        && other.issue_type == finding.issue_type
        && (&there.repository, &there.path, there.line, &there.commit)
            == (&here.repository, &here.path, here.line, &here.commit)
}

fn source(source: &SourceOf<'_>, scrubber: &Scrubber, format: Speaker<'_>) -> Source {
    let page = source.url.as_deref().map(|page| {
        let page = url::without_userinfo(page);
        clean(&scrubber.text(&page), PLACE_CHARS_MAX)
    });
    Source {
        format: format.id.to_owned(),
        tool: match &source.tool {
            Some(tool) => clean(&scrubber.text(tool), WORD_CHARS_MAX),
            None => format.tool.to_owned(),
        },
        rule: clean(&scrubber.text(&source.rule), WORD_CHARS_MAX),
        reference: clean(&scrubber.text(&source.reference), REFERENCE_CHARS_MAX),
        url: page,
    }
}

fn without_secrets<'p>(place: &'p Place<'_>, scrubber: &Scrubber) -> Place<'p> {
    let scrubbed = |part: &'p Option<Cow<'_, str>>| part.as_deref().map(|text| scrubber.text(text));
    let repository = place
        .repository
        .as_deref()
        .map(|text| match url::without_userinfo(text) {
            Cow::Borrowed(text) => scrubber.text(text),
            Cow::Owned(text) => Cow::Owned(scrubber.text(&text).into_owned()),
        });
    Place {
        repository,
        path: scrubbed(&place.path),
        line: place.line,
        commit: scrubbed(&place.commit),
        resource: scrubbed(&place.resource),
        region: scrubbed(&place.region),
    }
}

fn shown(place: &Place<'_>) -> Location {
    let text = |part: &Option<Cow<'_, str>>| part.as_deref().map(|text| clean(text, PLACE_CHARS_MAX));
    Location {
        repository: text(&place.repository),
        path: text(&place.path),
        line: place.line,
        commit: text(&place.commit),
        resource: text(&place.resource),
        region: text(&place.region),
    }
}

/// The record's own time, else the envelope's, else the broker's; never in the future.
fn observed_at(own: Option<Timestamp>, scene: &Scene<'_>) -> (Timestamp, TimeQuality) {
    let received_at = scene.alert.received_at;
    match own.or(scene.carried.time).map(|at| at.clamped(received_at)) {
        Some((at, false)) => (at, TimeQuality::Source),
        Some((_, true)) | None => (received_at, TimeQuality::Broker),
    }
}

fn provenance(scene: &Scene<'_>, index: u32) -> Provenance {
    Provenance {
        origin: scene.alert.origin.clone(),
        index,
        format_version: scene.format.version,
    }
}

/// The record's index where it is free, else the next one behind it: unique, and the record's own where each record
/// gives one observation of a kind.
fn take(next: &mut u32, record: u32) -> u32 {
    let index = record.max(*next);
    *next = index + 1;
    index
}
