//! Whether each inventory answers at all: asked about a subject that nobody has.

use std::collections::BTreeMap;
use std::time::Duration;

use reeve_domain::context::SourceStatus;
use reeve_domain::key::{Case, Class, Confidence, Subject, SubjectKey};
use reeve_domain::observation::Location;
use reeve_domain::time::Timestamp;

use super::Inventories;
use crate::ask::{Ask, Freshness};
use crate::covers::Covers;

const NOBODY: &str = "reeve-check";

impl Inventories {
    /// Asks each inventory about a subject that it covers and nobody has, and waits at most `deadline` for each:
    /// its name and what came; none if its request needs something that such a subject lacks. Must run inside a
    /// tokio runtime.
    pub async fn probe(&self, deadline: Duration, now: Timestamp) -> Vec<(String, Option<SourceStatus>)> {
        let mut told = Vec::new();
        for member in self.members.iter() {
            let status = match stranger(&member.covers) {
                Some(subject) => self.one(&subject, &member.name, deadline, now).await,
                None => None,
            };
            told.push((member.name.clone(), status));
        }
        told
    }

    async fn one(
        &self,
        subject: &Subject,
        name: &str,
        deadline: Duration,
        now: Timestamp,
    ) -> Option<SourceStatus> {
        let location = nowhere();
        let ask = Ask {
            location: Some(&location),
            freshness: Freshness::Renewed,
            ..Ask::about(subject)
        };
        let known = self.lookup(&[ask], deadline, now).await;
        let mut sources = known.iter().flat_map(|known| &known.context.sources);
        sources
            .find(|source| source.inventory == name)
            .map(|source| source.status)
    }
}

fn stranger(covers: &Covers) -> Option<Subject> {
    let class = covers.first_class().unwrap_or(Class::Identity);
    let provider = covers.first_provider().unwrap_or("aws");
    let key = SubjectKey::of(class, provider, "check", &[NOBODY], Case::Sensitive).ok()?;
    Some(Subject {
        key,
        class,
        provider: provider.to_owned(),
        kind: "check".to_owned(),
        display: NOBODY.to_owned(),
        attributes: BTreeMap::from([("account".to_owned(), "000000000000".to_owned())]),
        confidence: Confidence::Low,
    })
}

fn nowhere() -> Location {
    let text = Some(NOBODY.into());
    Location {
        repository: text.clone(),
        path: text.clone(),
        commit: text.clone(),
        resource: text.clone(),
        region: text,
        ..Location::default()
    }
}
