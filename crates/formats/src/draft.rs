//! What a format says of a record, before anything is keyed, scrubbed or dated: drafts of observations.

use std::borrow::Cow;

use reeve_domain::key::{KeyError, Rel, Resolved, Strength};
use reeve_domain::observation::{
    EvidenceScope, Exposure, IssueType, ReceiptScope, SourceSeverity, Statement, Validity,
};
use reeve_domain::reject::DropReason;
use reeve_domain::secret::{AliasKind, ValueHints};
use reeve_domain::time::Timestamp;

use crate::envelope::Carried;
use crate::json::Json;

/// The results that one object of a format holds, and what its scan covered.
pub(crate) struct Report<'d> {
    /// Each becomes exactly one item.
    pub(crate) results: Vec<Found<'d>>,
    /// One for each scope that the report says it has covered.
    pub(crate) receipts: Vec<ReceiptDraft>,
}

/// One result of a report, with the objects around it.
pub(crate) struct Found<'d> {
    /// The result.
    pub(crate) json: &'d Json<'d>,
    /// What it stands in, outermost first: the report, a run, a target.
    #[allow(
        dead_code,
        reason = "part of the interface of formats; those without parents do not look"
    )]
    pub(crate) within: Vec<&'d Json<'d>>,
    /// Its key, where results are the values of an object.
    #[allow(
        dead_code,
        reason = "part of the interface of formats; those of arrays do not look"
    )]
    pub(crate) key: Option<&'d str>,
}

impl<'d> SubjectOf<'d> {
    /// A secret of which nothing is known but its value.
    pub(crate) fn value(value: impl Into<Cow<'d, str>>) -> Self {
        Self::Value {
            value: value.into(),
            half: None,
            hints: ValueHints::default(),
            otherwise: None,
        }
    }
}

impl<'d> Report<'d> {
    /// The object is the result.
    pub(crate) fn one(json: &'d Json<'d>) -> Self {
        Self::of(std::iter::once(json))
    }

    /// Results without anything around them that matters.
    pub(crate) fn of(results: impl Iterator<Item = &'d Json<'d>>) -> Self {
        let results = results
            .map(|json| Found {
                json,
                within: Vec::new(),
                key: None,
            })
            .collect();
        Self {
            results,
            receipts: Vec::new(),
        }
    }
}

/// A scan that ran, whatever it found.
pub(crate) struct ReceiptDraft {
    pub(crate) scope: ReceiptScope,
    pub(crate) rule: String,
    pub(crate) observed_at: Option<Timestamp>,
}

impl ReceiptDraft {
    /// The same of a report of which not everything could be read, or was hidden by a click at the source: what it no
    /// longer shows may still be there.
    pub(crate) fn of_report(mut self, whole: bool) -> Self {
        self.scope.complete &= whole;
        self
    }
}

/// One result as a format reads it.
pub(crate) struct Record<'d> {
    /// The result, and what it stands in.
    pub(crate) found: Found<'d>,
    /// What the envelopes said.
    pub(crate) carried: &'d Carried,
}

impl<'d> Record<'d> {
    /// The result itself.
    pub(crate) fn json(&self) -> &'d Json<'d> {
        self.found.json
    }
}

/// What one result means.
pub(crate) enum Reading<'d> {
    /// At least one subject.
    Observed {
        /// Values that must not leave: everything else is scrubbed of them.
        secrets: Vec<Cow<'d, str>>,
        /// One a subject.
        drafts: Vec<Draft<'d>>,
    },
    /// Understood, and nobody's task.
    Dropped(DropReason),
}

impl<'d> Reading<'d> {
    /// Observations, and the secrets that the record held.
    pub(crate) fn observed(secrets: Vec<Cow<'d, str>>, drafts: Vec<Draft<'d>>) -> Self {
        Self::Observed { secrets, drafts }
    }
}

/// Everything that a result says of one subject.
pub(crate) struct Draft<'d> {
    /// What it is about.
    pub(crate) subject: SubjectOf<'d>,
    /// Other keys of the subject, and other subjects it touches; one that cannot be made is left out.
    pub(crate) also: Vec<Also<'d>>,
    /// Known besides the key.
    pub(crate) attributes: Vec<(&'static str, Cow<'d, str>)>,
    /// Who reported it.
    pub(crate) source: SourceOf<'d>,
    /// Where it was found.
    pub(crate) place: Place<'d>,
    /// When.
    pub(crate) times: Times,
    /// What is wrong, if something is.
    pub(crate) problem: Option<Problem<'d>>,
    /// What is proven or claimed.
    pub(crate) statements: Vec<(Statement, EvidenceScope)>,
}

impl<'d> Draft<'d> {
    /// A subject of which nothing is said yet.
    pub(crate) fn new(subject: SubjectOf<'d>, source: SourceOf<'d>) -> Self {
        Self {
            subject,
            also: Vec::new(),
            attributes: Vec::new(),
            source,
            place: Place::default(),
            times: Times::default(),
            problem: None,
            statements: Vec::new(),
        }
    }

    /// The same, with what is wrong with the subject.
    pub(crate) fn having(self, issue_type: IssueType, title: impl Into<Cow<'d, str>>) -> Self {
        Self {
            problem: Some(Problem::new(issue_type, title)),
            ..self
        }
    }

    /// The same, with proof for the whole subject.
    pub(crate) fn proving(self, statement: Statement) -> Self {
        self.stating(statement, EvidenceScope::WholeSubject)
    }

    /// The same, with proof for one issue of the subject.
    pub(crate) fn proving_for(self, statement: Statement, issue_type: IssueType) -> Self {
        self.stating(statement, EvidenceScope::Rule(format!("issue:{issue_type}")))
    }

    fn stating(self, statement: Statement, scope: EvidenceScope) -> Self {
        Self {
            statements: vec![(statement, scope)],
            ..self
        }
    }
}

/// What a draft is about.
pub(crate) enum SubjectOf<'d> {
    /// A secret by its value as it was reported: it is normalized later. Where the value is masked or none at all,
    /// `otherwise`, and without that the place and the rule.
    Value {
        /// As reported.
        value: Cow<'d, str>,
        /// The secret half beside an access key id, where the source reports it apart.
        half: Option<Cow<'d, str>>,
        /// What is known besides; rule and time are filled in.
        hints: ValueHints<'d>,
        /// The subject of a value that is none.
        otherwise: Option<Named<'d>>,
    },
    /// A secret of which the source carries a hash alone; what is no hash of that kind is known by its place.
    Hash {
        /// Of what the hash is.
        kind: HashKind,
        /// In hex; it goes into the secrets too, as weak values can be guessed from it.
        hex: Cow<'d, str>,
    },
    /// A secret whose value the source does not carry: whatever lies in the place.
    Place,
    /// Any other subject.
    Named(Named<'d>),
}

/// The hashes that sources carry in place of a value.
#[derive(Clone, Copy)]
pub(crate) enum HashKind {
    /// SHA-256: gives the key of the value itself.
    Sha256,
    /// Another one: gives a key that the value has as an alias.
    Alias(AliasKind),
}

/// A builder of `reeve_domain::key` over as many texts as its [`Named`] has.
pub(crate) type Build = fn(&[&str]) -> Result<Resolved, KeyError>;

/// Raw texts, and the builder that makes a subject from them once they are scrubbed.
pub(crate) struct Named<'d> {
    pub(crate) texts: Vec<Cow<'d, str>>,
    pub(crate) build: Build,
}

impl<'d> Named<'d> {
    /// `build` gets as many texts as are given here, in this order.
    pub(crate) fn new<const N: usize>(texts: [&'d str; N], build: Build) -> Self {
        Self {
            texts: texts.into_iter().map(Cow::Borrowed).collect(),
            build,
        }
    }
}

/// Another key of the subject, or another subject.
pub(crate) enum Also<'d> {
    /// The same subject, known or possible.
    Alias(Strength, Named<'d>),
    /// Another subject.
    Link(Rel, Named<'d>),
}

/// Who reported it.
#[derive(Clone, Default)]
pub(crate) struct SourceOf<'d> {
    /// The product, where it is not the format's own.
    pub(crate) tool: Option<Cow<'d, str>>,
    /// The rule, control or detector.
    pub(crate) rule: Cow<'d, str>,
    /// What the rule is called, where its id may be no more than a number.
    pub(crate) named: Option<Cow<'d, str>>,
    /// The source's own id of the finding, as it is shown.
    pub(crate) reference: Cow<'d, str>,
    /// What tells this finding from others of the same subject, rule and place, if the source has something that
    /// stays the same from scan to scan; often the reference.
    pub(crate) serial: Cow<'d, str>,
    /// A page about it.
    pub(crate) url: Option<Cow<'d, str>>,
}

/// Where it was found, as the source writes it.
#[derive(Clone, Default)]
pub(crate) struct Place<'d> {
    pub(crate) repository: Option<Cow<'d, str>>,
    pub(crate) path: Option<Cow<'d, str>>,
    pub(crate) line: Option<u64>,
    pub(crate) commit: Option<Cow<'d, str>>,
    /// A cloud resource, a page, a channel, an image.
    pub(crate) resource: Option<Cow<'d, str>>,
    pub(crate) region: Option<Cow<'d, str>>,
}

/// The three times of a finding; what is not known is the broker's time.
#[derive(Clone, Copy, Default)]
pub(crate) struct Times {
    /// Since when it could have been seen: shown only.
    pub(crate) exposed_since: Option<Timestamp>,
    /// The first scanner report.
    pub(crate) first_detected_at: Option<Timestamp>,
    /// This report.
    pub(crate) observed_at: Option<Timestamp>,
}

/// What is wrong with a subject.
pub(crate) struct Problem<'d> {
    pub(crate) issue_type: IssueType,
    /// The rule is in no table, the issue type is the default: counted.
    pub(crate) unmapped: bool,
    pub(crate) title: Cow<'d, str>,
    pub(crate) validity: Validity,
    pub(crate) exposure: Exposure,
    pub(crate) severity: SourceSeverity,
    pub(crate) honeytoken: bool,
}

impl<'d> Problem<'d> {
    /// A problem of unknown validity, exposure and severity.
    pub(crate) fn new(issue_type: IssueType, title: impl Into<Cow<'d, str>>) -> Self {
        Self {
            issue_type,
            unmapped: false,
            title: title.into(),
            validity: Validity::Unknown,
            exposure: Exposure::Unknown,
            severity: SourceSeverity::default(),
            honeytoken: false,
        }
    }
}
