//! `routes.yaml` as it is written, and what has to hold of it.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::template::Template;
use super::trial::RawTrial;
use super::{Conditional, Destination, Routes, Trial, lint};
use crate::config::{ConfigError, Document, suggestion};
use crate::issues::Issues;
use crate::matcher::{Field, Matches, RawMatches};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRoutes {
    #[serde(default)]
    queues: Vec<RawQueue>,
    routes: Vec<RawRoute>,
    fallback: RawDestination,
    #[serde(default)]
    tests: Vec<RawTrial>,
}

/// A queue that is no owner's, with the one who answers for it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawQueue {
    name: String,
    owner: String,
    /// Nobody in particular looks into it.
    #[serde(default)]
    generic: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRoute {
    name: String,
    #[serde(rename = "match")]
    matches: Option<RawMatches>,
    queue: String,
    channel: Channel,
    target: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDestination {
    name: String,
    queue: String,
    channel: Channel,
    target: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Channel {
    Ticket,
    Page,
    Chat,
    Mail,
    Webhook,
}

impl Channel {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ticket => "ticket",
            Self::Page => "page",
            Self::Chat => "chat",
            Self::Mail => "mail",
            Self::Webhook => "webhook",
        }
    }
}

impl RawRoutes {
    /// `issues` tell which classes an issue type can be about.
    pub(crate) fn compile(
        self,
        document: &Document,
        issues: &Issues,
        errors: &mut Vec<ConfigError>,
    ) -> (Routes, Vec<Trial>) {
        self.check_names(document, errors);
        check_queues(&self.queues, document, errors);
        let queues = self.queues;
        let mut routes = Vec::new();
        for (index, raw) in self.routes.into_iter().enumerate() {
            let at = format!("/routes/{index}");
            let matches = Matches::compile(
                raw.matches,
                Field::FOR_ROUTES,
                (document, &format!("{at}/match")),
                errors,
            );
            let written = RawDestination {
                name: raw.name,
                queue: raw.queue,
                channel: raw.channel,
                target: raw.target,
            };
            let destination = written.compile(false, &queues, (document, &at), errors);
            routes.push(Conditional { matches, destination });
        }
        let fallback = self
            .fallback
            .compile(true, &queues, (document, "/fallback"), errors);
        let named = routes
            .iter()
            .map(|route| (route.destination.name.as_str(), &route.matches));
        lint::unreachable(&named.collect::<Vec<_>>(), issues, document, errors);
        let names: Vec<&str> = routes
            .iter()
            .map(|route| route.destination.name.as_str())
            .chain([fallback.name.as_str()])
            .collect();
        let trials = self.tests.into_iter().enumerate();
        let trials = trials
            .map(|(index, raw)| raw.compile(&names, (document, &format!("/tests/{index}")), errors))
            .collect();
        (Routes { routes, fallback }, trials)
    }

    fn check_names(&self, document: &Document, errors: &mut Vec<ConfigError>) {
        let mut names = BTreeSet::from([self.fallback.name.as_str()]);
        for (index, route) in self.routes.iter().enumerate() {
            if !names.insert(&route.name) {
                errors.push(document.error(&format!("/routes/{index}/name"), "this name stands twice"));
            }
        }
    }
}

impl RawDestination {
    fn compile(
        self,
        is_fallback: bool,
        queues: &[RawQueue],
        (document, pointer): (&Document, &str),
        errors: &mut Vec<ConfigError>,
    ) -> Destination {
        let at = format!("{pointer}/queue");
        let queue = template(&self.queue, (document, &at), errors);
        if let Some(name) = queue.as_ref().and_then(Template::fixed) {
            check_fixed(name, is_fallback, queues, (document, &at), errors);
        }
        let target = match &self.target {
            Some(target) => template(target, (document, &format!("{pointer}/target")), errors),
            None => queue.clone(),
        };
        let nothing = || Template::parse("-").expect("a dash is a template");
        Destination {
            name: self.name,
            queue: queue.unwrap_or_else(nothing),
            channel: self.channel.as_str().to_owned(),
            target: target.unwrap_or_else(nothing),
        }
    }
}

fn template(
    text: &str,
    (document, pointer): (&Document, &str),
    errors: &mut Vec<ConfigError>,
) -> Option<Template> {
    match Template::parse(text) {
        Ok(template) => Some(template),
        Err((message, meant)) => {
            errors.push(document.error(pointer, message).meaning(meant));
            None
        }
    }
}

/// A queue that is the same for every task must have someone who answers for it; only the fallback may go where nobody
/// in particular looks.
fn check_fixed(
    name: &str,
    is_fallback: bool,
    queues: &[RawQueue],
    (document, pointer): (&Document, &str),
    errors: &mut Vec<ConfigError>,
) {
    match queues.iter().find(|queue| queue.name == name) {
        Some(queue) if queue.generic && !is_fallback => {
            errors.push(document.error(
                pointer,
                "only the fallback may go to a generic queue: route to an owner",
            ));
        }
        Some(_) => {}
        None => {
            let meant = suggestion(name, queues.iter().map(|queue| queue.name.as_str()));
            let message = "a queue that is no owner's must stand under `queues` with its owner";
            errors.push(document.error(pointer, message).meaning(meant));
        }
    }
}

fn check_queues(queues: &[RawQueue], document: &Document, errors: &mut Vec<ConfigError>) {
    for (index, queue) in queues.iter().enumerate() {
        if queue.owner.trim().is_empty() {
            errors.push(document.error(&format!("/queues/{index}/owner"), "every queue has an owner"));
        }
    }
}
