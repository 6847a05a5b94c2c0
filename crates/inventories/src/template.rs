//! Texts with `${VAR}` from the environment and `{placeholders}` from the subject.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reeve_domain::key::SubjectKey;

use crate::ask::Ask;

/// Everything but RFC 3986's unreserved characters.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What a placeholder stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Variable {
    Key,
    Class,
    Provider,
    Type,
    Attribute(String),
    Repository,
    Path,
    Commit,
    Resource,
    Region,
}

impl Variable {
    pub(crate) fn named(name: &str) -> Result<Self, String> {
        Ok(match name {
            "subject.key" => Self::Key,
            "subject.class" => Self::Class,
            "subject.provider" => Self::Provider,
            "subject.type" => Self::Type,
            "location.repository" => Self::Repository,
            "location.path" => Self::Path,
            "location.commit" => Self::Commit,
            "location.resource" => Self::Resource,
            "location.region" => Self::Region,
            _ => match name.strip_prefix("subject.attributes.") {
                Some(attribute) if !attribute.is_empty() => Self::Attribute(attribute.to_owned()),
                _ => return Err(UNKNOWN_PLACEHOLDER.to_owned()),
            },
        })
    }

    /// Its value, if the subject has one.
    pub(crate) fn value<'a>(&self, ask: &Ask<'a>, key: &'a SubjectKey) -> Option<&'a str> {
        let own = *key == ask.subject.key;
        let value = match self {
            Self::Key => Some(key.as_str()),
            Self::Class => Some(key.class().as_str()),
            Self::Provider => Some(if own {
                &ask.subject.provider
            } else {
                key.provider()
            }),
            Self::Type => Some(if own { &ask.subject.kind } else { key.kind() }),
            Self::Attribute(name) => ask.subject.attributes.get(name).map(String::as_str),
            Self::Repository => ask.location?.repository.as_deref(),
            Self::Path => ask.location?.path.as_deref(),
            Self::Commit => ask.location?.commit.as_deref(),
            Self::Resource => ask.location?.resource.as_deref(),
            Self::Region => ask.location?.region.as_deref(),
        };
        value.filter(|value| !value.is_empty())
    }
}

const UNKNOWN_PLACEHOLDER: &str = "expected one of {subject.key}, {subject.class}, {subject.provider}, \
     {subject.type}, {subject.attributes.<name>}, {location.repository}, {location.path}, {location.commit}, \
     {location.resource}, {location.region}";

/// A text with placeholders.
#[derive(Clone, Debug)]
pub(crate) struct Template(Vec<Piece>);

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Variable(Variable),
}

impl Template {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let named = |piece: Cut<'_>| match piece {
            Cut::Text(text) => Ok(Piece::Text(text.to_owned())),
            Cut::Braced(name) => Variable::named(name).map(Piece::Variable),
        };
        cut(text)?
            .into_iter()
            .map(named)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether it differs from subject to subject.
    pub(crate) fn varies(&self) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Variable(_)))
    }

    /// The text up to the first placeholder.
    pub(crate) fn fixed_start(&self) -> &str {
        match self.0.first() {
            Some(Piece::Text(text)) => text,
            _ => "",
        }
    }

    /// The text with every value percent-encoded; none if a value is missing or would climb in a path.
    pub(crate) fn render_url(&self, ask: &Ask<'_>, key: &SubjectKey) -> Option<String> {
        self.render(ask, key, |value| {
            let climbs = value.bytes().all(|byte| byte == b'.');
            (!climbs).then(|| utf8_percent_encode(value, ENCODED).into())
        })
    }

    /// The text with every value as it is; none if a value is missing.
    pub(crate) fn render_text(&self, ask: &Ask<'_>, key: &SubjectKey) -> Option<String> {
        self.render(ask, key, |value| Some(value.into()))
    }

    fn render(
        &self,
        ask: &Ask<'_>,
        key: &SubjectKey,
        encode: impl for<'v> Fn(&'v str) -> Option<Cow<'v, str>>,
    ) -> Option<String> {
        let mut out = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Variable(variable) => out.push_str(&encode(variable.value(ask, key)?)?),
            }
        }
        Some(out)
    }
}

/// A part of a text: plain, or what stood between braces.
pub(crate) enum Cut<'a> {
    Text(&'a str),
    Braced(&'a str),
}

/// Cuts a text at its `{…}`.
pub(crate) fn cut(text: &str) -> Result<Vec<Cut<'_>>, String> {
    let mut cuts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, tail) = after.split_once('}').ok_or("a `{` without its `}`")?;
        cuts.push(Cut::Text(before));
        cuts.push(Cut::Braced(name));
        rest = tail;
    }
    cuts.push(Cut::Text(rest));
    cuts.retain(|piece| !matches!(piece, Cut::Text("")));
    Ok(cuts)
}

/// The text with `${VAR}` and `${VAR:-default}` replaced; none if a variable without a default is unset or empty.
pub(crate) fn expand(text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<Option<String>, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, tail) = after.split_once('}').ok_or("a `${` without its `}`")?;
        let (name, default) = name
            .split_once(":-")
            .map_or((name, None), |(name, default)| (name, Some(default)));
        let set = env(name).filter(|value| !value.is_empty());
        let Some(value) = set.or_else(|| default.map(str::to_owned)) else {
            return Ok(None);
        };
        out.push_str(before);
        out.push_str(&value);
        rest = tail;
    }
    out.push_str(rest);
    Ok(Some(out))
}
