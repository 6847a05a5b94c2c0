//! Who an event names: a blank is nobody, and a blank beside a name would make two people of one.

use super::{RawEvent, What};

/// Where the event names nobody, and what was expected there.
pub(super) fn unnamed(event: &RawEvent) -> Option<(&'static str, &'static str)> {
    if event.event_id.trim().is_empty() {
        return Some(("/event_id", "`event_id` is blank"));
    }
    let expected = "`actor.id` is blank, or has blanks around it";
    (!is_name(&event.actor.id)).then_some(("/actor/id", expected))
}

/// The same for the second person that a body names.
pub(super) fn unnamed_in(what: &What) -> Option<(&'static str, &'static str)> {
    let (path, expected, name) = match what {
        What::Attestation(body) => ("/body/reviewer", "`reviewer` is no name", &body.reviewer),
        What::FalsePositive(body) => ("/body/second", "`second` is no name", &body.second),
        What::ExceptionRequested(body) | What::ExceptionApproved(body) => {
            ("/body/requester", "`requester` is no name", &body.requester)
        }
        _ => return None,
    };
    let blank = name.as_deref().is_some_and(|name| !is_name(name));
    blank.then_some((path, expected))
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.trim() == text
}
