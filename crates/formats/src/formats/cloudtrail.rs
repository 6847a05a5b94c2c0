//! AWS CloudTrail: evidence alone. An event of the table, without `errorCode`, proves something about the object it
//! names; any other event says nothing.
//!
//! A new policy document counts only if it can be read and is narrow: that somebody wrote a policy proves nothing.

mod events;
mod policy;

use std::borrow::Cow;

use reeve_domain::key::aws::{self, entitlement};
use reeve_domain::observation::{EvidenceLevel, Statement};
use reeve_domain::reject::{DropReason, Reject};

use super::Format;
use crate::draft::{Build, Draft, Named, Place, Reading, Record, Report, SourceOf, SubjectOf, Times};
use crate::json::Json;
use crate::time;
use events::{EVENTS, scopes};

/// CloudTrail events, whatever they came in.
pub(super) const CLOUDTRAIL: Format = Format {
    id: "cloudtrail",
    version: 1,
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
    ],
    statements: &[
        (Statement::Disabled, EvidenceLevel::E2),
        (Statement::Deleted, EvidenceLevel::E2),
        (Statement::Rotated, EvidenceLevel::E2),
        (Statement::PrivilegeReduced, EvidenceLevel::E2),
        (Statement::Active, EvidenceLevel::E2),
    ],
    detect: |json| {
        json.has_all(&["eventSource", "eventName"]) && (json.has("eventVersion") || json.has("eventID"))
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
    /// A policy is taken off: the attachment is gone, its holder has less.
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

/// Who holds a policy.
#[derive(Clone, Copy)]
enum Holder {
    User,
    Role,
    Group,
}

fn read<'d>(record: &Record<'d>) -> Result<Reading<'d>, Reject> {
    let event = Event::of(record);
    let name = event.json.require_text(&["eventName"])?;
    let source = event.json.require_text(&["eventSource"])?;
    let known = EVENTS
        .iter()
        .find(|(from, known, ..)| *known == name && *from == source);
    let failed = !event.json.get("errorCode").is_null();
    let said = known
        .filter(|_| !failed)
        .and_then(|(_, _, target, says)| Some((*target, says(&event)?)));
    let Some((target, statement)) = said else {
        return Ok(Reading::Dropped(DropReason::NoStatement));
    };
    let subjects = event.subjects(target, statement)?;
    let drafts = subjects
        .into_iter()
        .map(|(named, statement)| event.draft(name, named, statement))
        .collect();
    Ok(Reading::observed(Vec::new(), drafts))
}

struct Event<'d> {
    json: &'d Json<'d>,
    /// The account the event happened in.
    account: &'d str,
}

impl<'d> Event<'d> {
    fn of(record: &Record<'d>) -> Self {
        let json = record.json();
        let own = json
            .get("recipientAccountId")
            .text()
            .or(json.at(&["userIdentity", "accountId"]).text());
        let account = own.or(record.carried.account.as_deref()).unwrap_or_default();
        Self { json, account }
    }

    fn draft(&self, name: &'d str, named: Named<'d>, statement: Statement) -> Draft<'d> {
        let id = self.json.get("eventID").text().unwrap_or_default();
        let source = SourceOf {
            rule: name.into(),
            reference: id.into(),
            serial: id.into(),
            ..SourceOf::default()
        };
        let observed_at = time::of(self.json.get("eventTime"));
        Draft {
            place: Place {
                region: self.json.get("awsRegion").text().map(Cow::Borrowed),
                ..Place::default()
            },
            times: Times {
                observed_at,
                ..Times::default()
            },
            statements: scopes(name).into_iter().map(|scope| (statement, scope)).collect(),
            ..Draft::new(SubjectOf::Named(named), source)
        }
    }

    fn subjects(&self, target: Target, statement: Statement) -> Result<Vec<(Named<'d>, Statement)>, Reject> {
        Ok(match target {
            Target::AccessKey => {
                let texts = [self.parameter("accessKeyId")?, self.account];
                vec![(
                    Named::new(texts, |texts| aws::access_key(texts[0], Some(texts[1]))),
                    statement,
                )]
            }
            Target::User => vec![(self.holder(Holder::User)?, statement)],
            Target::Role => vec![(self.holder(Holder::Role)?, statement)],
            Target::Group => vec![(self.holder(Holder::Group)?, statement)],
            Target::TakenFrom(holder) => {
                vec![
                    (self.holder(holder)?, statement),
                    (self.attachment(holder)?, Statement::Deleted),
                ]
            }
            Target::Rewritten(holder) => {
                let mut subjects = vec![(self.attachment(holder)?, statement)];
                if self.document().is_some_and(policy::denies_everything) {
                    subjects.push((self.holder(holder)?, statement));
                }
                subjects
            }
            Target::Arn(field) => vec![(self.by_arn(self.parameter(field)?.into()), statement)],
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
            Holder::User => ("userName", |texts| aws::user(texts[0], texts[1])),
            Holder::Role => ("roleName", |texts| aws::role(texts[0], texts[1])),
            Holder::Group => ("groupName", |texts| aws::group(texts[0], texts[1])),
        };
        Ok(Named::new([self.account, self.parameter(field)?], build))
    }

    /// The policy as it is attached to its holder.
    fn attachment(&self, holder: Holder) -> Result<Named<'d>, Reject> {
        let (field, kind) = match holder {
            Holder::User => ("userName", "user"),
            Holder::Role => ("roleName", "role"),
            Holder::Group => ("groupName", "group"),
        };
        let arn = self.json.at(&["requestParameters", "policyArn"]).text();
        let policy = match arn.and_then(|arn| arn.rsplit('/').next()) {
            Some(name) => name,
            None => self.parameter("policyName")?,
        };
        let texts = [self.account, kind, self.parameter(field)?, policy];
        Ok(Named::new(texts, |texts| {
            entitlement::policy(texts[0], &format!("{}/{}", texts[1], texts[2]), texts[3])
        }))
    }

    /// By its ARN, which the response has also where the request has but a name.
    fn secret(&self) -> Result<Named<'d>, Reject> {
        let response = self.json.get("responseElements");
        let rotated = self.json.at(&["additionalEventData", "SecretId"]).text();
        let arn = response
            .get("aRN")
            .text()
            .or(response.get("arn").text())
            .or(rotated);
        let id = match arn {
            Some(arn) => arn,
            None => self.parameter("secretId")?,
        };
        let region = self.json.get("awsRegion").text().unwrap_or_default();
        Ok(Named::new([id, region, self.account], |texts| {
            match texts[0].starts_with("arn:") {
                true => aws::from_arn(texts[0], None),
                false => {
                    let arn = format!(
                        "arn:aws:secretsmanager:{}:{}:secret:{}",
                        texts[1], texts[2], texts[0]
                    );
                    aws::from_arn(&arn, None)
                }
            }
        }))
    }

    fn by_arn(&self, arn: Cow<'d, str>) -> Named<'d> {
        Named {
            texts: vec![arn],
            build: |texts| aws::from_arn(texts[0], None),
        }
    }

    /// A name begins with a slash if it is a path, which is no part of the ARN.
    fn parameters(&self, statement: Statement) -> Result<Vec<(Named<'d>, Statement)>, Reject> {
        let listed = self.json.at(&["requestParameters", "names"]).elements();
        let mut names: Vec<&str> = listed.iter().filter_map(Json::text).collect();
        if names.is_empty() {
            names.push(self.parameter("name")?);
        }
        let region = self.json.get("awsRegion").text().unwrap_or_default();
        let named = names.into_iter().map(|name| {
            let name = name.trim_start_matches('/');
            let arn = format!("arn:aws:ssm:{region}:{}:parameter/{name}", self.account);
            (self.by_arn(arn.into()), statement)
        });
        Ok(named.collect())
    }

    /// The policy that the event sets, whatever it is attached to.
    fn document(&self) -> Option<&'d str> {
        let request = self.json.get("requestParameters");
        let names = ["policyDocument", "resourcePolicy"];
        names.iter().find_map(|name| request.get(name).text())
    }

    fn parameter(&self, name: &str) -> Result<&'d str, Reject> {
        self.json.require_text(&["requestParameters", name])
    }
}
