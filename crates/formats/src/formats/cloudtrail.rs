//! AWS CloudTrail: evidence alone. An event of the table, without `errorCode`, proves something about the object it
//! names; any other event says nothing.
//!
//! A new policy document counts only if it can be read and is narrow: that somebody wrote a policy proves nothing.
//! A security lake keeps the same events in OCSF; they say the same.

mod events;
pub(super) mod lake;
mod policy;

use std::borrow::Cow;

use reeve_domain::key::aws::{self, entitlement};
use reeve_domain::observation::{EvidenceLevel, Statement};
use reeve_domain::reject::{DropReason, Reject};
use reeve_domain::time::Timestamp;

use super::Format;
use crate::draft::{Build, Draft, Named, Place, Reading, Record, Report, SourceOf, SubjectOf, Times};
use crate::json::Json;
use crate::time;
use events::{EVENTS, scopes};

/// CloudTrail events, whatever they came in.
pub(super) const CLOUDTRAIL: Format = Format {
    id: "cloudtrail",
    version: 3,
    tool: "AWS CloudTrail",
    names: &[
        "eventVersion",
        "eventSource",
        "eventName",
        "eventTime",
        "eventID",
        "awsRegion",
        "errorCode",
        "errorMessage",
        "userIdentity",
        "accountId",
        "recipientAccountId",
        "requestParameters",
        "responseElements",
        "userName",
        "roleName",
        "groupName",
        "policyName",
        "policyArn",
        "policyDocument",
        "accessKeyId",
        "status",
        "secretId",
        "aRN",
        "arn",
        "forceDeleteWithoutRecovery",
        "additionalEventData",
        "SecretId",
        "class_uid",
        "metadata",
        "api",
        "unmapped",
        "names",
        "deletedParameters",
        "rotateImmediately",
        "insightDetails",
        "digestStartTime",
    ],
    statements: &[
        (Statement::Disabled, EvidenceLevel::E2),
        (Statement::Deleted, EvidenceLevel::E2),
        (Statement::Rotated, EvidenceLevel::E2),
        (Statement::PrivilegeReduced, EvidenceLevel::E2),
        (Statement::Active, EvidenceLevel::E2),
    ],
    detect: |json| {
        let is_event =
            json.has_all(&["eventSource", "eventName"]) && (json.has("eventVersion") || json.has("eventID"));
        is_event || lake::is_event(json) || is_about_the_trail(json)
    },
    records: |json| Ok(Report::one(json)),
    read,
};

/// What an event is about.
#[derive(Clone, Copy)]
enum Target {
    AccessKey,
    User,
    Role,
    Group,
    /// A policy is taken off: the attachment is gone, and its holder has less if the policy gave much.
    TakenFrom(Holder),
    /// A policy of the holder has a new document: it speaks of that policy alone, or of the holder too if it denies
    /// everything.
    Rewritten(Holder),
    /// Whatever an ARN in the request names.
    Arn(&'static str),
    /// A certificate of a server.
    Certificate,
    /// A stored parameter, or several.
    Parameters,
    Secret,
}

/// What the root user is called where a user is named.
const ROOT: &str = "AWS ROOT USER";

/// Who holds a policy.
#[derive(Clone, Copy)]
enum Holder {
    User,
    Role,
    Group,
}

/// What a trail writes beside events: the hashes of its files, and what it thinks unusual.
fn is_about_the_trail(json: &Json<'_>) -> bool {
    json.has_all(&["awsAccountId", "digestStartTime"]) || json.get("insightDetails").is_object()
}

fn read<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    if is_about_the_trail(record.json()) {
        return Ok(Reading::Dropped(DropReason::NoStatement));
    }
    let is_of_lake = lake::is_event(record.json());
    let event = match is_of_lake {
        true => lake::event(record),
        false => Event::of(record)?,
    };
    let known = EVENTS
        .iter()
        .find(|(from, known, ..)| *known == event.name && *from == event.source);
    let said = known
        .filter(|_| !event.failed)
        .and_then(|(_, _, target, says)| Some((*target, says(&event)?)));
    let Some((target, statement)) = said else {
        return Ok(Reading::Dropped(DropReason::NoStatement));
    };
    let subjects = match event.subjects(target, statement) {
        // A lake may keep that something happened, and not to what.
        Err(_) if is_of_lake => return Ok(Reading::Dropped(DropReason::NoStatement)),
        subjects => subjects?,
    };
    let drafts = subjects
        .into_iter()
        .map(|(named, statement)| event.draft(named, statement))
        .collect();
    Ok(Reading::observed(Vec::new(), drafts))
}

/// An event, in whatever it was kept.
struct Event<'d> {
    name: &'d str,
    source: &'d str,
    id: &'d str,
    region: &'d str,
    /// The account the event happened in.
    account: &'d str,
    observed_at: Option<Timestamp>,
    failed: bool,
    /// What was asked for; lakes and tables keep it as text.
    request: Cow<'d, Json<'d>>,
    response: Cow<'d, Json<'d>>,
    additional: &'d Json<'d>,
}

impl<'d> Event<'d> {
    fn of(record: &Record<'d>) -> Result<Self, Reject> {
        let json = record.json();
        let text = |name: &str| -> &'d str { json.get(name).text().unwrap_or_default() };
        let own = json
            .get("recipientAccountId")
            .text()
            .or(json.at(&["userIdentity", "accountId"]).text());
        Ok(Self {
            name: json.require_text(&["eventName"])?,
            source: json.require_text(&["eventSource"])?,
            id: text("eventID"),
            region: text("awsRegion"),
            account: own.or(record.carried.account.as_deref()).unwrap_or_default(),
            observed_at: time::of(json.get("eventTime")),
            failed: json.get("errorCode").scalar().is_some(),
            request: lake::whole([json.get("requestParameters")]),
            response: lake::whole([json.get("responseElements")]),
            additional: json.get("additionalEventData"),
        })
    }

    fn draft(&self, named: Named<'d>, statement: Statement) -> Draft<'d> {
        let source = SourceOf {
            rule: self.name.into(),
            reference: self.id.into(),
            serial: self.id.into(),
            ..SourceOf::default()
        };
        Draft {
            place: Place {
                region: Some(self.region)
                    .filter(|region| !region.is_empty())
                    .map(Cow::Borrowed),
                ..Place::default()
            },
            times: Times {
                observed_at: self.observed_at,
                ..Times::default()
            },
            statements: scopes(self.name)
                .into_iter()
                .map(|scope| (statement, scope))
                .collect(),
            ..Draft::new(SubjectOf::Named(named), source)
        }
    }

    fn subjects(&self, target: Target, statement: Statement) -> Result<Vec<(Named<'d>, Statement)>, Reject> {
        Ok(match target {
            Target::AccessKey => {
                let build: Build = |texts| aws::access_key(texts[0], Some(texts[1]));
                let texts = vec![self.parameter("accessKeyId")?, self.account.into()];
                vec![(Named { texts, build }, statement)]
            }
            Target::User => vec![(self.holder(Holder::User)?, statement)],
            Target::Role => vec![(self.holder(Holder::Role)?, statement)],
            Target::Group => vec![(self.holder(Holder::Group)?, statement)],
            Target::TakenFrom(holder) => {
                let mut subjects = vec![(self.attachment(holder)?, Statement::Deleted)];
                if !policy::gives_little(&self.policy()?) {
                    subjects.insert(0, (self.holder(holder)?, statement));
                }
                subjects
            }
            Target::Rewritten(holder) => {
                let mut subjects = vec![(self.attachment(holder)?, statement)];
                if self.document().is_some_and(policy::denies_everything) {
                    subjects.push((self.holder(holder)?, statement));
                }
                subjects
            }
            Target::Arn(field) => vec![(self.by_arn(self.parameter(field)?), statement)],
            Target::Certificate => {
                let name = self.parameter("serverCertificateName")?;
                let arn = format!("arn:aws:iam::{}:server-certificate/{name}", self.account);
                vec![(self.by_arn(arn.into()), statement)]
            }
            Target::Parameters => self.parameters(statement)?,
            Target::Secret => vec![(self.secret()?, statement)],
        })
    }

    fn holder(&self, holder: Holder) -> Result<Named<'d>, Reject> {
        let (field, build): (_, Build) = match holder {
            Holder::User => ("userName", |texts| match texts[1] == ROOT {
                true => aws::root(texts[0]),
                false => aws::user(texts[0], texts[1]),
            }),
            Holder::Role => ("roleName", |texts| aws::role(texts[0], texts[1])),
            Holder::Group => ("groupName", |texts| aws::group(texts[0], texts[1])),
        };
        let texts = vec![self.account.into(), self.parameter(field)?];
        Ok(Named { texts, build })
    }

    /// The policy as it is attached to its holder.
    fn attachment(&self, holder: Holder) -> Result<Named<'d>, Reject> {
        let (field, kind) = match holder {
            Holder::User => ("userName", "user"),
            Holder::Role => ("roleName", "role"),
            Holder::Group => ("groupName", "group"),
        };
        let texts = vec![
            self.account.into(),
            kind.into(),
            self.parameter(field)?,
            self.policy()?,
        ];
        let build: Build =
            |texts| entitlement::policy(texts[0], &format!("{}/{}", texts[1], texts[2]), texts[3]);
        Ok(Named { texts, build })
    }

    /// The policy that the event names.
    fn policy(&self) -> Result<Cow<'d, str>, Reject> {
        let arn = text_of(&self.request, "policyArn");
        match arn.as_deref().and_then(|arn| arn.rsplit('/').next()) {
            Some(name) => Ok(Cow::Owned(name.to_owned())),
            None => self.parameter("policyName"),
        }
    }

    /// By its ARN, which the response has also where the request has but a name.
    fn secret(&self) -> Result<Named<'d>, Reject> {
        let responded = ["aRN", "arn"]
            .iter()
            .find_map(|name| text_of(&self.response, name));
        let rotated = || self.additional.get("SecretId").text().map(Cow::Borrowed);
        let id = match responded.or_else(rotated) {
            Some(arn) => arn,
            None => self.parameter("secretId")?,
        };
        let texts = vec![id, self.region.into(), self.account.into()];
        let build: Build = |texts| match texts[0].starts_with("arn:") {
            true => aws::from_arn(texts[0], None),
            false => {
                let arn = format!(
                    "arn:aws:secretsmanager:{}:{}:secret:{}",
                    texts[1], texts[2], texts[0]
                );
                aws::from_arn(&arn, None)
            }
        };
        Ok(Named { texts, build })
    }

    fn by_arn(&self, arn: Cow<'d, str>) -> Named<'d> {
        Named {
            texts: vec![arn],
            build: |texts| aws::from_arn(texts[0], None),
        }
    }

    /// A name begins with a slash if it is a path, which is no part of the ARN. Of several, the answer tells which were
    /// there.
    fn parameters(&self, statement: Statement) -> Result<Vec<(Named<'d>, Statement)>, Reject> {
        let listed = match self.response.get("deletedParameters") {
            Json::Array(deleted) => deleted,
            _ => self.request.get("names").elements(),
        };
        let mut names: Vec<String> = listed.iter().filter_map(Json::text).map(str::to_owned).collect();
        if names.is_empty() && !self.request.has("names") {
            names.push(self.parameter("name")?.into_owned());
        }
        let named = names.into_iter().map(|name| {
            let name = name.trim_start_matches('/');
            let arn = format!("arn:aws:ssm:{}:{}:parameter/{name}", self.region, self.account);
            (self.by_arn(arn.into()), statement)
        });
        Ok(named.collect())
    }

    /// The policy that the event sets, whatever it is attached to.
    fn document(&self) -> Option<&str> {
        let names = ["policyDocument", "resourcePolicy"];
        names.iter().find_map(|name| self.request.get(name).text())
    }

    fn parameter(&self, name: &str) -> Result<Cow<'d, str>, Reject> {
        match (text_of(&self.request, name), self.request.require_text(&[name])) {
            (Some(text), _) => Ok(text),
            (None, Ok(text)) => Ok(Cow::Owned(text.to_owned())),
            (None, Err(reject)) => Err(Reject {
                path: Some(format!("/requestParameters/{name}")),
                ..reject
            }),
        }
    }
}

/// A text of an object that is in the record, or was text in it.
fn text_of<'d>(json: &Cow<'d, Json<'d>>, name: &str) -> Option<Cow<'d, str>> {
    match json {
        Cow::Borrowed(json) => json.get(name).text().map(Cow::Borrowed),
        Cow::Owned(json) => json.get(name).text().map(|text| Cow::Owned(text.to_owned())),
    }
}
