//! What a walk does with mappings: reads by them, and tells why.

use reeve_domain::alert::RawAlert;

use super::{Depth, Walk, note};
use crate::explain::{ExplainedObject, OBJECTS_MAX, explain_object};
use crate::json::Json;
use crate::mapping::Mapping;
use crate::observe::Speaker;
use crate::settings::Settings;

/// What each format says of each object of an alert.
pub(crate) fn walk_explained(alert: &RawAlert<'_>, settings: &Settings) -> Vec<ExplainedObject> {
    let mut walk = Walk::of(alert, settings);
    walk.explained = Some(Vec::new());
    walk.alert();
    walk.explained.unwrap_or_default()
}

impl Walk<'_> {
    pub(super) fn explain(&mut self, json: &Json<'_>) {
        let index = self.parsed.records;
        if let Some(explained) = &mut self.explained
            && explained.len() < OBJECTS_MAX
        {
            explained.push(explain_object(json, &self.settings.mappings, index));
        }
    }

    pub(super) fn mapped<'d>(&mut self, mapping: &'d Mapping, json: &'d Json<'d>, depth: &Depth) {
        note(&mut self.parsed.formats, mapping.name());
        let speaker = Speaker {
            id: mapping.name(),
            tool: mapping.tool(),
            version: mapping.version(),
        };
        match mapping.records(json) {
            Ok(records) => records
                .iter()
                .for_each(|record| self.reading(speaker, record.read(), depth)),
            Err(reject) => {
                let index = self.parsed.records;
                self.reject(reject.within(speaker.id, index));
            }
        }
    }
}
