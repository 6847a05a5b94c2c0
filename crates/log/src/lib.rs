//! The log and segment traits, the loop that drives them, and the embedded log.
