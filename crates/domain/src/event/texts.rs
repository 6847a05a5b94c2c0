//! Every text of an event that a person or a ticket system may have pasted something into.

use super::{Disowned, External, Note, Reassigned, TaskEvent, What};

impl TaskEvent {
    /// Gives each text to `clean` and puts in its place what comes back, if anything does. Left alone are ids and keys,
    /// which events are told apart by, and what partitions tell each other, which was cleaned when it came in.
    pub fn clean_texts(&mut self, mut clean: impl FnMut(&str) -> Option<String>) {
        let mut clean = |text: &mut String| {
            if let Some(cleaned) = clean(text) {
                *text = cleaned;
            }
        };
        clean(&mut self.actor.id);
        if let Some(external) = &mut self.external {
            of_ticket(external, &mut clean);
        }
        of_body(&mut self.what, &mut clean);
    }
}

fn of_ticket(external: &mut External, clean: &mut dyn FnMut(&mut String)) {
    let External {
        system,
        id,
        url,
        status,
    } = external;
    let given = [url, status].into_iter().filter_map(Option::as_mut);
    [system, id].into_iter().chain(given).for_each(clean);
}

fn of_body(what: &mut What, clean: &mut dyn FnMut(&mut String)) {
    let (needed, given): (Vec<&mut String>, Vec<&mut Option<String>>) = match what {
        What::Acknowledged
        | What::Link(_)
        | What::Unlink(_)
        | What::Merge(_)
        | What::Unmerge(_)
        | What::Sighting(_) => return,
        What::Claimed(Note { note }) | What::Note(Note { note }) => (vec![], vec![note]),
        What::Disowned(Disowned { to, note }) => (vec![], vec![to, note]),
        What::Reassigned(Reassigned {
            to,
            to_type,
            contact,
            note,
        }) => (vec![to], vec![to_type, contact, note]),
        What::Blocked(body) => (vec![], vec![&mut body.note]),
        What::ApprovalRequested(body) | What::Approved(body) | What::Denied(body) => {
            (vec![&mut body.gate], vec![&mut body.note])
        }
        What::ExceptionRequested(body) | What::ExceptionApproved(body) | What::ExceptionRevoked(body) => (
            vec![&mut body.exception_id],
            vec![
                &mut body.reason,
                &mut body.requester,
                &mut body.compensating_control,
            ],
        ),
        What::Evidence(body) => (vec![&mut body.reference], vec![]),
        What::Attestation(body) => (vec![&mut body.document], vec![&mut body.reviewer, &mut body.note]),
        What::FalsePositive(body) => (vec![&mut body.reason], vec![&mut body.second]),
        What::PreCheck(body) => (vec![&mut body.name], vec![]),
    };
    let given = given.into_iter().filter_map(Option::as_mut);
    needed.into_iter().chain(given).for_each(clean);
}
