//! How much to read for a transaction: more than one output partition may get, where what is written spreads over many.
//!
//! What is in flight to one partition is bounded where it is produced; a transaction costs a broker milliseconds, so it
//! is worth filling.

/// A full batch may be so many times larger than the first.
const GROWN_MAX: usize = 8;

/// How many bytes the fullest output partition gets for a thousand that are read, recent batches counting most.
#[derive(Debug, Default)]
pub(super) struct Size {
    fullest: Option<usize>,
}

impl Size {
    /// A batch of `read` bytes gave the fullest partition `written`. What says little, because it was small, is left out.
    pub(super) fn note(&mut self, bytes_max: usize, read: usize, written: usize) {
        if read > 0 && read >= bytes_max / 2 {
            let seen = written * 1_000 / read;
            self.fullest = Some(self.fullest.map_or(seen, |known| (known * 3 + seen) / 4));
        }
    }

    /// How many bytes to read: `bytes_max`, or more while no partition gets more than that.
    pub(super) fn limit(&self, bytes_max: usize) -> usize {
        let fits = |fullest: usize| bytes_max.saturating_mul(1_000) / fullest.max(1);
        let most = bytes_max.saturating_mul(GROWN_MAX);
        self.fullest
            .map_or(bytes_max, |fullest| fits(fullest).clamp(bytes_max, most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_grows_until_its_fullest_output_partition_is_full() {
        let mut size = Size::default();
        assert_eq!(size.limit(800), 800);
        size.note(800, 800, 200);
        assert_eq!(size.limit(800), 3_200, "it writes to four partitions");
        (0..40).for_each(|_| size.note(800, 800, 1_600));
        assert_eq!(
            size.limit(800),
            800,
            "it writes twice as much to each as it reads"
        );
    }

    #[test]
    fn a_batch_does_not_grow_without_end_and_a_small_one_says_nothing() {
        let mut size = Size::default();
        size.note(800, 800, 0);
        assert_eq!(size.limit(800), 6_400);
        size.note(800, 10, 80_000);
        assert_eq!(size.limit(800), 6_400);
    }
}
