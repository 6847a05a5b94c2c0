//! Every case as the ledger has it, read from outside.

use reeve_ledger::Partition;
use reeve_log::Topic;
use reeve_policy::Policy;

use crate::exit::Failure;
use crate::reach::Reach;

/// All cases of all partitions.
///
/// # Errors
/// The log cannot be read, or a newer reeve wrote the ledger.
pub fn all(reach: &Reach, policy: &Policy) -> Result<Partition, Failure> {
    let mut cases = Partition::default();
    let mut refused = None;
    reach.scan(Topic::Ledger, &mut |record| {
        let key = record.key.as_deref().unwrap_or_default();
        if let Err(error) = cases.restore(key, record.value.as_deref(), policy) {
            refused.get_or_insert(format!("ledger/{}/{}: {error}", record.partition, record.offset));
        }
    })?;
    match refused {
        None => Ok(cases),
        Some(text) => Err(Failure::Internal(text)),
    }
}
