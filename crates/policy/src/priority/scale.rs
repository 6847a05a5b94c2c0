//! From a value to points: a word of a closed list, or a number on a staircase.

/// How a factor turns its value into points.
#[derive(Clone, Debug)]
pub(super) enum Scale {
    /// Points per word, in the order of the fact's words.
    Words(Vec<i32>),
    /// Points up to a value, else `over`; `unknown` where there is no value.
    Steps {
        up_to: Vec<(u64, i32)>,
        over: i32,
        unknown: i32,
    },
}

impl Scale {
    /// The most it can give.
    pub(super) fn max(&self) -> i32 {
        match self {
            Self::Words(points) => points.iter().copied().max().unwrap_or(0),
            Self::Steps { over, unknown, .. } => {
                self.known_steps().chain([*over, *unknown]).max().unwrap_or(0)
            }
        }
    }

    /// The points of a number, and between which steps it lies: `≤ 7`, `> 90`.
    pub(super) fn step(&self, value: u64) -> i32 {
        match self {
            Self::Steps { up_to, over, .. } => up_to
                .iter()
                .find(|(limit, _)| value <= *limit)
                .map_or(*over, |(_, points)| *points),
            Self::Words(_) => 0,
        }
    }

    /// The points of a word by its place in the list.
    pub(super) fn word(&self, index: usize) -> i32 {
        match self {
            Self::Words(points) => points.get(index).copied().unwrap_or(0),
            Self::Steps { .. } => 0,
        }
    }

    /// The points where nothing is known of a number.
    pub(super) fn unknown(&self) -> i32 {
        match self {
            Self::Steps { unknown, .. } => *unknown,
            Self::Words(_) => 0,
        }
    }

    /// The points of the steps in their order, without `over`.
    pub(super) fn known_steps(&self) -> impl Iterator<Item = i32> + '_ {
        let steps: &[(u64, i32)] = match self {
            Self::Steps { up_to, .. } => up_to,
            Self::Words(_) => &[],
        };
        steps.iter().map(|(_, points)| *points)
    }
}
