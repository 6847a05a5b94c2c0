//! Every source's severity on one scale of 0–100; it is shown with a finding and never scored.

use reeve_domain::observation::SourceSeverity;

const UNKNOWN: u8 = 40;

/// What the words of the scanners mean.
const WORDS: &[(&str, u8)] = &[
    ("critical", 90),
    ("fatal", 90),
    ("high", 70),
    ("error", 70),
    ("medium", 50),
    ("moderate", 50),
    ("warning", 50),
    ("warn", 50),
    ("low", 30),
    ("note", 30),
    ("informational", 10),
    ("information", 10),
    ("info", 10),
    ("none", 10),
];

/// Whether a word is known, in any case of its letters.
pub(crate) fn is_word(word: &str) -> bool {
    WORDS.iter().any(|(name, _)| name.eq_ignore_ascii_case(word))
}

/// A severity given by a word; an unknown word keeps its label and the score of unknown. The label is whole here: what is
/// cut before it is scrubbed may hide half a secret.
pub(crate) fn of_word(word: &str) -> SourceSeverity {
    let known = WORDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
    let score = known.map_or(UNKNOWN, |(_, score)| *score);
    SourceSeverity {
        label: word.to_owned(),
        score,
    }
}

/// A severity that the source already gives on a scale of 0–100.
pub(crate) fn of_score(score: u64) -> SourceSeverity {
    let score = u8::try_from(score.min(100)).unwrap_or(100);
    SourceSeverity {
        label: score.to_string(),
        score,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_known_in_any_spelling_and_unknown_ones_keep_their_label() {
        assert_eq!(of_word("CRITICAL").score, 90);
        assert_eq!(of_word("Informational").score, 10);
        let unknown = of_word("Apocalyptic");
        assert_eq!((unknown.label.as_str(), unknown.score), ("Apocalyptic", 40));
        assert_eq!(of_score(4_000).score, 100);
    }
}
