//! Named points at which a test lets the process die or a transaction abort; all of them are off by default.

use std::str::FromStr;
use std::thread;
use std::time::Duration;

/// Where in a commit the process can be made to die.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// Before the transaction is opened.
    BeforeBegin,
    /// After half of the records were handed to the client.
    MidProduce,
    /// After the offsets joined the transaction, before it is committed.
    AfterSendOffsets,
    /// While the commit is under way.
    DuringCommit,
    /// After the commit, before anybody knows of it.
    AfterCommit,
}

impl Point {
    const ALL: [(Self, &'static str); 5] = [
        (Self::BeforeBegin, "before_begin"),
        (Self::MidProduce, "mid_produce"),
        (Self::AfterSendOffsets, "after_send_offsets"),
        (Self::DuringCommit, "during_commit"),
        (Self::AfterCommit, "after_commit"),
    ];
}

/// What goes wrong on purpose, written `mid_produce:abort@3` (the process dies in the third transaction) or
/// `abort_every:3` (each third transaction is aborted), separated by commas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failpoints {
    /// The process dies at this point of its n-th transaction, counted from 1.
    pub die_at: Option<(Point, u32)>,
    /// Each n-th transaction is aborted after all of it was written.
    pub abort_every: Option<u32>,
}

impl Failpoints {
    /// Dies here, if that was asked for.
    pub(crate) fn pass(&self, point: Point, transaction: u32) {
        if self.die_at != Some((point, transaction)) {
            return;
        }
        if point == Point::DuringCommit {
            // Not joined: it ends the process that would join it.
            drop(thread::spawn(|| {
                thread::park_timeout(Duration::from_micros(500));
                std::process::abort();
            }));
        } else {
            std::process::abort();
        }
    }

    /// Whether this transaction has to be aborted.
    pub(crate) fn aborts(&self, transaction: u32) -> bool {
        self.abort_every
            .is_some_and(|n| n > 0 && transaction.is_multiple_of(n))
    }
}

impl FromStr for Failpoints {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut points = Self::default();
        for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            points.add(item).ok_or_else(|| expected(item))?;
        }
        Ok(points)
    }
}

impl Failpoints {
    fn add(&mut self, item: &str) -> Option<()> {
        let (name, rest) = item.split_once(':')?;
        if name == "abort_every" {
            self.abort_every = Some(count(rest)?);
        } else {
            let (point, _) = Point::ALL.into_iter().find(|(_, known)| *known == name)?;
            let nth = match rest.split_once('@') {
                Some(("abort", nth)) => count(nth)?,
                None if rest == "abort" => 1,
                _ => return None,
            };
            self.die_at = Some((point, nth));
        }
        Some(())
    }
}

fn count(text: &str) -> Option<u32> {
    text.parse().ok().filter(|n| *n > 0)
}

fn expected(item: &str) -> String {
    let names: Vec<&str> = Point::ALL.iter().map(|(_, name)| *name).collect();
    format!(
        "`{item}`: expected POINT:abort@N or abort_every:N, where POINT is one of {}",
        names.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_and_a_rhythm_can_be_written_together() {
        let points: Failpoints = "mid_produce:abort@3, abort_every:2".parse().unwrap();
        assert_eq!(points.die_at, Some((Point::MidProduce, 3)));
        assert!(points.aborts(4) && !points.aborts(5));
    }

    #[test]
    fn nothing_happens_unless_asked_for() {
        let points: Failpoints = "".parse().unwrap();
        assert_eq!(points, Failpoints::default());
        assert!(!points.aborts(1));
        points.pass(Point::BeforeBegin, 1);
    }

    #[test]
    fn what_is_not_a_point_is_refused_with_what_is() {
        for text in [
            "somewhere:abort",
            "mid_produce:sleep",
            "mid_produce:abort@0",
            "abort_every:x",
        ] {
            assert!(
                text.parse::<Failpoints>().unwrap_err().contains("before_begin"),
                "{text}"
            );
        }
    }
}
