//! `evidence.yaml` as it is written, and what has to hold of it.

use std::collections::{BTreeMap, BTreeSet};

use reeve_domain::observation::{EvidenceLevel, IssueType, Statement};
use serde::Deserialize;

use super::{Closing, EvidenceRules, Sayings, ways};
use crate::config::{ConfigError, Document, Span, suggestion};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawEvidence {
    formats: BTreeMap<String, RawSayings>,
    #[serde(default)]
    actors: BTreeMap<String, RawSayings>,
    agree_after: Span,
    closes: BTreeMap<IssueType, RawClosing>,
    actions: BTreeMap<String, Vec<Statement>>,
    attested: BTreeSet<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSayings {
    #[serde(default, rename = "E1")]
    e1: Vec<Statement>,
    #[serde(default, rename = "E2")]
    e2: Vec<Statement>,
    #[serde(default, rename = "E3")]
    e3: Vec<Statement>,
    #[serde(default, rename = "E4")]
    e4: Vec<Statement>,
    #[serde(default)]
    change_only: BTreeSet<Statement>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawClosing {
    by: Vec<Statement>,
    #[serde(default)]
    when_inactive: Vec<Statement>,
    #[serde(default)]
    attestable: bool,
}

impl RawEvidence {
    /// `asked` are the actions that tasks can ask for: each must be provable or rest on attestation.
    pub(crate) fn compile<'a>(
        mut self,
        document: &Document,
        asked: impl Iterator<Item = &'a str>,
        errors: &mut Vec<ConfigError>,
    ) -> EvidenceRules {
        self.check_actions(document, asked, errors);
        let formats = sayings(self.formats, (document, "/formats"), errors);
        let actors = sayings(self.actors, (document, "/actors"), errors);
        let mut closes = Vec::new();
        for issue_type in IssueType::ALL {
            match self.closes.remove(issue_type) {
                Some(raw) => closes.push(raw.compile((document, &format!("/closes/{issue_type}")), errors)),
                None => {
                    errors.push(document.error("/closes", format!("missing issue type `{issue_type}`")));
                    closes.push(Closing::default());
                }
            }
        }
        let (agree_after, actions, attested) = (self.agree_after, self.actions, self.attested);
        let said = Statement::ALL.iter();
        let ways = said.map(|one| (*one, ways(formats.values().chain(actors.values()), *one)));
        let ways = ways.collect();
        EvidenceRules {
            formats,
            actors,
            agree_after,
            closes,
            actions,
            attested,
            ways,
        }
    }

    fn check_actions<'a>(
        &self,
        document: &Document,
        asked: impl Iterator<Item = &'a str>,
        errors: &mut Vec<ConfigError>,
    ) {
        let known = || self.actions.keys().chain(&self.attested).map(String::as_str);
        let missing: BTreeSet<&str> = asked
            .filter(|action| !known().any(|name| name == *action))
            .collect();
        for action in missing {
            let message =
                format!("issues.yaml asks for the action `{action}`, but nothing here proves it done");
            errors.push(
                document
                    .error("/actions", message)
                    .meaning(suggestion(action, known())),
            );
        }
    }
}

impl RawSayings {
    fn compile(self, (document, pointer): (&Document, &str), errors: &mut Vec<ConfigError>) -> Sayings {
        let mut levels = BTreeMap::new();
        let said = [
            (EvidenceLevel::E1, self.e1),
            (EvidenceLevel::E2, self.e2),
            (EvidenceLevel::E3, self.e3),
            (EvidenceLevel::E4, self.e4),
        ];
        for (level, statements) in said {
            for statement in statements {
                if levels.insert(statement, level).is_some() {
                    let message = format!("`{statement}` stands twice: one statement has one level");
                    errors.push(document.error(&format!("{pointer}/{level}"), message));
                }
            }
        }
        if self
            .change_only
            .iter()
            .any(|statement| levels.get(statement) != Some(&EvidenceLevel::E3))
        {
            let at = format!("{pointer}/change_only");
            errors.push(document.error(&at, "only what is said at E3 can depend on a change"));
        }
        Sayings {
            levels,
            change_only: self.change_only,
        }
    }
}

impl RawClosing {
    fn compile(self, (document, pointer): (&Document, &str), errors: &mut Vec<ConfigError>) -> Closing {
        let alive = |statement: &&Statement| matches!(statement, Statement::Active | Statement::Used);
        if self
            .by
            .iter()
            .chain(&self.when_inactive)
            .any(|statement| alive(&statement))
        {
            errors.push(document.error(pointer, "a sign of life closes nothing"));
        }
        if self.by.is_empty() && !self.attestable {
            errors.push(document.error(
                pointer,
                "nothing can ever close this: name a statement or let it be attested",
            ));
        }
        Closing {
            by: self.by,
            when_inactive: self.when_inactive,
            attestable: self.attestable,
        }
    }
}

fn sayings(
    raw: BTreeMap<String, RawSayings>,
    (document, pointer): (&Document, &str),
    errors: &mut Vec<ConfigError>,
) -> BTreeMap<String, Sayings> {
    let compiled = raw.into_iter().map(|(name, raw)| {
        let at = format!("{pointer}/{name}");
        let sayings = raw.compile((document, &at), errors);
        (name, sayings)
    });
    compiled.collect()
}
