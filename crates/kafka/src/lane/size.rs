//! How much to read for a transaction: more than one output partition may get, where what is written spreads over many.
//!
//! What is in flight to one partition is bounded where it is produced; a transaction costs a broker milliseconds, so it
//! is worth filling.

/// A full batch may be so many times larger than the first.
const GROWN_MAX: usize = 8;

/// What batches have given the fullest output partition, recent ones counting most.
#[derive(Debug, Default)]
pub(super) struct Size {
    bytes_max: usize,
    /// Bytes of the batch that is under way.
    read: usize,
    /// Bytes written to the fullest partition for a thousand that are read.
    fullest: Option<usize>,
}

impl Size {
    /// A batch of so many bytes is under way.
    pub(super) const fn read(&mut self, bytes: usize) {
        self.read = bytes;
    }

    /// It gave the fullest partition so many. What says little, because it was small, is left out.
    pub(super) fn wrote(&mut self, bytes: usize) {
        let read = std::mem::take(&mut self.read);
        if read > 0 && read >= self.bytes_max / 2 {
            let seen = bytes * 1_000 / read;
            self.fullest = Some(self.fullest.map_or(seen, |known| (known * 3 + seen) / 4));
        }
    }

    /// How many bytes to read: `bytes_max`, or more while no partition gets more than that.
    pub(super) fn limit(&mut self, bytes_max: usize) -> usize {
        self.bytes_max = bytes_max;
        let fits = |fullest: usize| bytes_max.saturating_mul(1_000) / fullest.max(1);
        let most = bytes_max.saturating_mul(GROWN_MAX);
        self.fullest
            .map_or(bytes_max, |fullest| fits(fullest).clamp(bytes_max, most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(size: &mut Size, read: usize, wrote: usize) -> usize {
        size.read(read);
        size.wrote(wrote);
        size.limit(800)
    }

    #[test]
    fn a_batch_grows_until_its_fullest_output_partition_is_full() {
        let mut size = Size::default();
        assert_eq!(size.limit(800), 800);
        assert_eq!(after(&mut size, 800, 200), 3_200, "it writes to four partitions");
        let last = (0..40).map(|_| after(&mut size, 800, 1_600)).last();
        assert_eq!(last, Some(800), "it writes twice as much to each as it reads");
    }

    #[test]
    fn a_batch_does_not_grow_without_end_and_a_small_one_says_nothing() {
        let mut size = Size::default();
        assert_eq!(size.limit(800), 800);
        assert_eq!(after(&mut size, 800, 0), 6_400);
        assert_eq!(after(&mut size, 10, 80_000), 6_400);
        size.wrote(80_000);
        assert_eq!(size.limit(800), 6_400, "what a tick writes has no batch");
    }
}
