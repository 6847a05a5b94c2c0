//! Rule or category → issue type, by tables of words: the word that stands first in the table wins.

use aho_corasick::{AhoCorasick, MatchKind};
use reeve_domain::observation::IssueType;

/// What a word of a table says: an issue type, or that the finding concerns no identity.
pub(crate) type Meaning = Option<IssueType>;

/// A table of words, in any case, ready to be looked for in one scan of a text.
pub(crate) struct Words {
    finder: AhoCorasick,
    meanings: Vec<Meaning>,
}

impl Words {
    /// Compiles a table; earlier entries win over later ones.
    pub(crate) fn new(table: &[(&str, Meaning)]) -> Self {
        let finder = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .build(table.iter().map(|(word, _)| word))
            .expect("some dozens of short words make a small automaton");
        Self {
            finder,
            meanings: table.iter().map(|(_, meaning)| *meaning).collect(),
        }
    }

    /// The meaning of the best word in any of the texts; none if no word of the table is in them.
    pub(crate) fn find<'t>(&self, texts: impl IntoIterator<Item = &'t str>) -> Option<Meaning> {
        let words = texts
            .into_iter()
            .flat_map(|text| self.finder.find_overlapping_iter(text));
        let best = words.map(|word| word.pattern().as_usize()).min()?;
        self.meanings.get(best).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_of_the_table_wins_wherever_it_stands() {
        let words = Words::new(&[
            ("mfa", Some(IssueType::WeakAuthentication)),
            ("cve-", None),
            ("root", Some(IssueType::RootUse)),
        ]);
        assert_eq!(
            words.find(["Root without MFA"]),
            Some(Some(IssueType::WeakAuthentication))
        );
        assert_eq!(words.find(["x", "CVE-2024-1"]), Some(None));
        assert_eq!(words.find(["nothing"]), None);
    }
}
