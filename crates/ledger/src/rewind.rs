//! Where the inputs of a restored partition begin: not before what its cases have seen, or all of it would pass for
//! repeats.

use crate::api::InputTopic;
use crate::partition::Partition;

/// An input that would begin before what was seen of it: its topic was made anew, or its offsets were moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rewound {
    /// Which input.
    pub topic: InputTopic,
    /// Where it would begin.
    pub begins: i64,
    /// The last offset that a case has seen.
    pub seen: i64,
}

impl Partition {
    /// The inputs begin at these offsets. Call it after [`Self::verify`], whose proof says whether one was allowed to
    /// begin anew; `allowed` allows it from now on, until no case remembers more.
    ///
    /// # Errors
    /// The first input that would begin before what was seen, unless it may.
    pub fn begin(&mut self, inputs: &[(InputTopic, i64)], allowed: bool) -> Result<Option<Rewound>, Rewound> {
        let rewound = inputs.iter().find_map(|input| self.rewound(*input));
        match rewound {
            Some(refused) if !allowed && !self.anew => return Err(refused),
            _ => self.anew = rewound.is_some(),
        }
        for kept in self.cases.values_mut() {
            inputs
                .iter()
                .for_each(|(topic, begins)| kept.case.applied.forget(*topic, *begins));
        }
        Ok(rewound)
    }

    fn rewound(&self, (topic, begins): (InputTopic, i64)) -> Option<Rewound> {
        let seen = self.cases().filter_map(|case| case.applied.of(topic));
        let seen = seen.max().filter(|seen| *seen >= begins)?;
        Some(Rewound { topic, begins, seen })
    }
}
