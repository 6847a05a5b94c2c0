//! Inputs that begin before what the cases have seen of them: the restore says so, or goes on as told.

use reeve_ledger::{InputTopic, Partition, Rewound};
use reeve_log::{RestoreError, Topic};

use crate::input::input_topic;

/// Lets the inputs begin, unless that takes new records for repeats and nobody has told that they are new.
pub(crate) fn begin(
    cases: &mut Partition,
    partition: i32,
    inputs: &[(Topic, i64)],
    accept_loss: bool,
) -> Result<(), RestoreError> {
    let inputs: Vec<_> = inputs
        .iter()
        .map(|(topic, at)| (input_topic(*topic), *at))
        .collect();
    let begun = cases.begin(&inputs, accept_loss);
    if let Some(rewound) = begun.map_err(|rewound| refused(partition, rewound))? {
        let error = refused(partition, rewound);
        tracing::warn!(%partition, %error, "an input begins anew; its records are taken for new ones, as told");
    }
    Ok(())
}

fn refused(partition: i32, rewound: Rewound) -> RestoreError {
    RestoreError::Rewound {
        partition,
        topic: match rewound.topic {
            InputTopic::Findings => Topic::Findings,
            InputTopic::TaskEvents => Topic::TaskEvents,
        },
        begins: rewound.begins,
        seen: rewound.seen,
    }
}
