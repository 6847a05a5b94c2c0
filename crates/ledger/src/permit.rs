//! Who may say what about a task: a say-so closes nothing, and nobody approves their own request.

use reeve_domain::event::{
    ActorKind, AttestationBody, Disowned, ExceptionBody, FalsePositiveBody, GateBody, PreCheckBody,
    Reassigned, TaskEvent, What,
};
use reeve_domain::observation::Validity;
use reeve_domain::reject::{Reason, Reject};
use reeve_domain::task::Task;
use reeve_domain::time::Timestamp;
use reeve_policy::Policy;

use crate::bounds::{TEXT_CHARS_MAX, cut};
use crate::words::{Said, Told};

/// What a judgement looks at.
pub(crate) struct Court<'a> {
    pub(crate) task: &'a Task,
    pub(crate) told: &'a Told,
    pub(crate) validity: Validity,
    pub(crate) policy: &'a Policy,
    pub(crate) now: Timestamp,
}

impl Court<'_> {
    /// The word an event gives; none for a remark. Evidence is judged elsewhere.
    pub(crate) fn judge(&self, event: &TaskEvent) -> Result<Option<Said>, Reject> {
        Ok(Some(match &event.what {
            What::Acknowledged => Said::Acknowledged,
            What::Claimed(_) => self.claim(event)?,
            What::Disowned(body) => self.disowning(event, body)?,
            What::Reassigned(body) => self.reassignment(event, body)?,
            What::Blocked(body) => Said::Blocked { reason: body.reason },
            What::ApprovalRequested(body) => Said::Requested {
                gate: self.gate(body)?,
            },
            What::Approved(body) => self.approval(event, body)?,
            What::Denied(body) => Said::Denied {
                gate: self.decided(event, body)?,
            },
            What::PreCheck(body) => self.pre_check(body)?,
            What::Attestation(body) => self.attestation(event, body)?,
            What::FalsePositive(body) => self.false_positive(event, body)?,
            What::ExceptionRequested(body) => self.exception_request(event, body),
            What::ExceptionApproved(body) => self.exception_approval(event, body)?,
            What::ExceptionRevoked(body) => {
                self.may_except(event)?;
                Said::ExceptionRevoked {
                    id: short(&body.exception_id),
                }
            }
            What::Note(_) | What::Evidence(_) => return Ok(None),
            What::Link(_) | What::Unlink(_) | What::Merge(_) | What::Unmerge(_) | What::Sighting(_) => {
                return Err(denied("not a word about a task"));
            }
        }))
    }

    /// Whoever names the next one reassigns.
    fn disowning(&self, event: &TaskEvent, body: &Disowned) -> Result<Said, Reject> {
        if body.to.is_some() && !self.policy.events().may_reassign(&event.actor) {
            return Err(denied("this kind of actor reassigns nothing"));
        }
        let resolver = self.task.owners.resolver.as_ref();
        Ok(Said::Disowned {
            to: body.to.as_deref().map(short),
            was: resolver.map(|owner| owner.reference.clone()),
        })
    }

    fn reassignment(&self, event: &TaskEvent, body: &Reassigned) -> Result<Said, Reject> {
        if !self.policy.events().may_reassign(&event.actor) {
            return Err(denied("this kind of actor reassigns nothing"));
        }
        let to = short(&body.to);
        if to.is_empty() {
            return Err(invalid("an owner to go to"));
        }
        let [kind, contact] = [&body.to_type, &body.contact].map(|text| text.as_deref().map(short));
        Ok(Said::Reassigned { to, kind, contact })
    }

    fn claim(&self, event: &TaskEvent) -> Result<Said, Reject> {
        if self.told.approvers.contains(&event.actor.id) {
            return Err(denied("who approved may not execute"));
        }
        Ok(Said::Claimed)
    }

    fn gate(&self, body: &GateBody) -> Result<String, Reject> {
        let known = self.task.path.gates.iter().any(|gate| gate.name == body.gate);
        if known {
            Ok(body.gate.clone())
        } else {
            Err(invalid("a gate of this task's path"))
        }
    }

    /// A gate is decided by a person who neither asked nor executes.
    fn decided(&self, event: &TaskEvent, body: &GateBody) -> Result<String, Reject> {
        let gate = self.gate(body)?;
        if !self.policy.events().may_approve(&event.actor) {
            return Err(denied("this kind of actor decides no gates"));
        }
        if self.told.requesters.get(&gate) == Some(&event.actor.id) {
            return Err(denied("nobody decides their own request"));
        }
        if self.executes(&event.actor.id) {
            return Err(denied("who executes may not decide"));
        }
        Ok(gate)
    }

    fn approval(&self, event: &TaskEvent, body: &GateBody) -> Result<Said, Reject> {
        let gate = self.decided(event, body)?;
        if self
            .told
            .requesters
            .get(&gate)
            .is_some_and(|requester| self.told.claimants.contains(requester))
        {
            return Err(denied("who executes may not have asked"));
        }
        Ok(Said::Passed { gate })
    }

    fn executes(&self, actor: &str) -> bool {
        let resolver = self.task.owners.resolver.as_ref();
        self.told.claimants.contains(actor) || resolver.is_some_and(|owner| owner.reference == actor)
    }

    fn pre_check(&self, body: &PreCheckBody) -> Result<Said, Reject> {
        let mut checks = self.task.actions.iter().flat_map(|action| &action.pre_checks);
        if !checks.any(|check| check.name == body.name) {
            return Err(invalid("a pre-check of this task"));
        }
        Ok(Said::PreCheck {
            name: body.name.clone(),
            result: body.result,
        })
    }

    fn attestation(&self, event: &TaskEvent, body: &AttestationBody) -> Result<Said, Reject> {
        if !self.policy.may_attest(self.task.issue_type) {
            return Err(denied("machine evidence can exist: a document does not close it"));
        }
        let document = short(&body.document);
        if document.is_empty() {
            return Err(invalid("a document reference"));
        }
        let reviewer = body
            .reviewer
            .as_deref()
            .map_or_else(|| event.actor.id.clone(), short);
        if reviewer.is_empty() || self.executes(&reviewer) {
            return Err(denied("the reviewer may not be who claims the work"));
        }
        if !self.policy.events().may_attest(&event.actor) {
            return Err(denied("this kind of actor reviews nothing"));
        }
        Ok(Said::Attested { document, reviewer })
    }

    fn false_positive(&self, event: &TaskEvent, body: &FalsePositiveBody) -> Result<Said, Reject> {
        if !self.policy.events().may_call_false_positive(&event.actor) {
            return Err(denied("this kind of actor may not say so"));
        }
        if short(&body.reason).is_empty() {
            return Err(invalid("a reason"));
        }
        if self.validity == Validity::Active {
            return Err(denied("it is verified live"));
        }
        let alone = body
            .second
            .as_deref()
            .is_none_or(|second| second.is_empty() || second == event.actor.id);
        if alone && self.policy.events().needs_second_person(self.task.priority.band) {
            return Err(denied("this band needs a second person"));
        }
        let expires_at = self.within(body.expires_at, self.policy.events().false_positive_max_s)?;
        Ok(Said::FalsePositive { expires_at })
    }

    fn exception_request(&self, event: &TaskEvent, body: &ExceptionBody) -> Said {
        let sender = event.actor.id.clone();
        let requester = body.requester.as_deref().map(short);
        Said::ExceptionRequested {
            id: short(&body.exception_id),
            sender: Some(sender.clone())
                .filter(|sender| requester.as_ref().is_some_and(|named| named != sender)),
            requester: requester.unwrap_or(sender),
            expires_at: body.expires_at,
            control: body
                .compensating_control
                .as_ref()
                .is_some_and(|control| !control.is_empty()),
        }
    }

    /// A person approves what another one has asked for; a system that keeps its own requests names who did.
    fn exception_approval(&self, event: &TaskEvent, body: &ExceptionBody) -> Result<Said, Reject> {
        self.may_except(event)?;
        let id = short(&body.exception_id);
        let asked = self.told.asked.get(&id);
        let named = body
            .requester
            .as_deref()
            .map(short)
            .filter(|name| !name.is_empty());
        match (asked, &named) {
            (None, _) if event.actor.kind == ActorKind::Human => {
                return Err(invalid("an exception that was requested"));
            }
            (None, None) => return Err(invalid("a requester")),
            _ => {}
        }
        let approver = &event.actor.id;
        let is_own =
            asked.is_some_and(|asked| asked.by.contains(approver)) || named.as_ref() == Some(approver);
        if is_own || self.executes(approver) {
            return Err(denied("nobody approves their own exception"));
        }
        if self.validity == Validity::Active {
            return Err(denied("no exception hides what is verified live"));
        }
        let expires_at = body
            .expires_at
            .or(asked.and_then(|asked| asked.expires_at))
            .ok_or_else(|| invalid("an expiry"))?;
        let expires_at = self.within(expires_at, self.policy.events().exception_max_s)?;
        let control = body
            .compensating_control
            .as_ref()
            .is_some_and(|control| !control.is_empty());
        Ok(Said::ExceptionApproved {
            id,
            expires_at,
            control: control || asked.is_some_and(|asked| asked.control),
        })
    }

    fn may_except(&self, event: &TaskEvent) -> Result<(), Reject> {
        let may = self.policy.events().may_except(&event.actor);
        if may {
            Ok(())
        } else {
            Err(denied("this kind of actor grants and revokes no exception"))
        }
    }

    fn within(&self, expires_at: Timestamp, seconds_max: i64) -> Result<Timestamp, Reject> {
        if expires_at <= self.now || expires_at > self.now.plus_seconds(seconds_max) {
            return Err(invalid("an expiry in the future, within the longest allowed"));
        }
        Ok(expires_at)
    }
}

pub(crate) fn denied(detail: &str) -> Reject {
    Reject::document(Reason::NotPermitted, detail)
}

pub(crate) fn invalid(expected: &str) -> Reject {
    Reject::document(Reason::InvalidEvent, format!("expected {expected}"))
}

fn short(text: &str) -> String {
    cut(text, TEXT_CHARS_MAX)
}
