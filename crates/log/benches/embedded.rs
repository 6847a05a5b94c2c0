//! Records per second through the embedded log.
fn main() {}
