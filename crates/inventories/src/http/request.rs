//! The request of one inventory and where its answer stands, compiled.

use std::sync::Arc;

use reeve_domain::context::SourceStatus;
use reeve_domain::key::SubjectKey;
use reqwest::Url;
use serde_json::Value;

use super::exchange::Exchange;
use super::slot::{Found, Held};
use crate::ask::Ask;
use crate::mapping::{Mapping, Pointer};
use crate::merge::Reply;
use crate::raw::{RawCache, RawLimits};
use crate::template::Template;

const URL_BYTES_MAX: usize = 8 * 1024;

/// Everything an HTTP inventory is made of.
pub(crate) struct HttpParts {
    pub(crate) template: RequestTemplate,
    pub(crate) exchange: Exchange,
    pub(crate) cache: RawCache,
    pub(crate) limits: RawLimits,
}

/// What is asked and how the answer is read.
#[derive(Debug)]
pub(crate) struct RequestTemplate {
    pub(crate) url: Template,
    pub(crate) at: Pointer,
    pub(crate) wheres: Vec<(Pointer, Template)>,
    pub(crate) mapping: Mapping,
}

/// A request for one subject.
#[derive(Clone, Debug)]
pub(crate) struct Rendered {
    /// The URL as text: subjects that ask the same share the answer.
    pub(crate) cache_key: String,
    pub(crate) url: Url,
    /// What the element must say, where the answer is a list.
    pub(crate) wheres: Vec<String>,
}

impl RequestTemplate {
    /// None if a placeholder has no value, or the URL would be too long.
    pub(crate) fn render(&self, ask: &Ask<'_>, key: &SubjectKey) -> Option<Rendered> {
        let cache_key = self
            .url
            .render_url(ask, key)
            .filter(|url| url.len() <= URL_BYTES_MAX)?;
        let url = Url::parse(&cache_key).ok()?;
        let wheres = self
            .wheres
            .iter()
            .map(|(_, template)| template.render_text(ask, key));
        Some(Rendered {
            cache_key,
            url,
            wheres: wheres.collect::<Option<_>>()?,
        })
    }

    /// What an answer's JSON says; an error if it is no answer.
    pub(crate) fn found(&self, body: &Value, rendered: &Rendered) -> Result<Found, &'static str> {
        match self.at.of(body) {
            Some(Value::Null) => Ok(Found::Absent),
            Some(object @ Value::Object(_)) => Ok(Found::Answer(Arc::new(self.mapping.answer(object, None)))),
            Some(Value::Array(rows)) if rows.iter().all(Value::is_object) => Ok(self.in_rows(rows, rendered)),
            _ => Err("there is no object at `at`"),
        }
    }

    /// If every subject finds another element, all are kept; else only the one that was found.
    fn in_rows(&self, rows: &[Value], rendered: &Rendered) -> Found {
        if self.wheres.iter().any(|(_, template)| template.varies()) {
            return Found::Rows(rows.into());
        }
        match self.row(rows, rendered) {
            Some(row) => Found::Answer(Arc::new(self.mapping.answer(row, None))),
            None => Found::Absent,
        }
    }

    fn row<'v>(&self, rows: &'v [Value], rendered: &Rendered) -> Option<&'v Value> {
        let fits = |row: &&Value| {
            let mut wanted = self
                .wheres
                .iter()
                .map(|(pointer, _)| pointer)
                .zip(&rendered.wheres);
            wanted.all(|(pointer, text)| pointer.of(row).is_some_and(|value| says(value, text)))
        };
        rows.iter().find(fits)
    }

    /// The reply that a held answer gives to one request.
    pub(crate) fn reply(&self, held: &Held, rendered: &Rendered) -> Reply {
        let row = match &held.found {
            Found::Answer(answer) => return Reply::found(Arc::clone(answer), held.as_of),
            Found::Absent => None,
            Found::Rows(rows) => self.row(rows, rendered),
        };
        match row {
            Some(row) => Reply::found(Arc::new(self.mapping.answer(row, None)), held.as_of),
            None => Reply {
                status: SourceStatus::Absent,
                as_of: Some(held.as_of),
                answer: None,
            },
        }
    }
}

fn says(value: &Value, text: &str) -> bool {
    match value {
        Value::String(said) => said == text,
        Value::Number(said) => said.to_string() == text,
        Value::Bool(said) => said.to_string() == text,
        _ => false,
    }
}
