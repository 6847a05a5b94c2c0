//! How long a batch is collected for: long enough that its transaction costs little beside it, and no longer.

use std::time::Duration;

/// A batch is collected for so many times what its transaction costs: a tenth of the time is spent on transactions.
const PER_COST: u32 = 9;
/// Below this a poll of the client spins.
const SHORTEST: Duration = Duration::from_millis(5);

/// The usual cost of a transaction, of which recent ones count most.
#[derive(Debug, Default)]
pub(super) struct Linger {
    cost: Option<Duration>,
}

impl Linger {
    /// A transaction took so long.
    pub(super) fn note(&mut self, took: Duration) {
        self.cost = Some(self.cost.map_or(took, |cost| (cost * 3 + took) / 4));
    }

    /// How long to collect, at most `longest`; before the first transaction that.
    pub(super) fn wait(&self, longest: Duration) -> Duration {
        self.cost
            .map_or(longest, |cost| (cost * PER_COST).max(SHORTEST).min(longest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: Duration = Duration::from_millis(100);
    const fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_batch_waits_in_proportion_to_what_its_transaction_costs() {
        let mut linger = Linger::default();
        assert_eq!(linger.wait(LONGEST), LONGEST);
        linger.note(millis(4));
        assert_eq!(linger.wait(LONGEST), millis(36));
        linger.note(millis(8));
        assert_eq!(linger.wait(LONGEST), millis(45));
    }

    #[test]
    fn a_batch_never_waits_longer_than_it_may_nor_so_short_that_the_client_spins() {
        let mut linger = Linger::default();
        linger.note(millis(400));
        assert_eq!(linger.wait(LONGEST), LONGEST);
        (0..40).for_each(|_| linger.note(Duration::from_micros(50)));
        assert_eq!(linger.wait(LONGEST), SHORTEST);
        assert_eq!(linger.wait(millis(2)), millis(2));
    }
}
