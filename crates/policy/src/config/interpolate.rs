//! `${NAME}` and `${NAME:-default}` in the text of a file, from an environment that the caller hands in.

use super::ConfigError;

/// Puts variables into a file's text before it is parsed.
///
/// `${NAME}` is the variable's value, `${NAME:-default}` the default where it is unset or empty, `$${` a literal `${`.
/// Comments are left alone. Inside double and single quotes the value is escaped for them; outside quotes it must
/// not hold what YAML would read as structure. Lines stay where they are; columns behind a variable may move.
///
/// # Errors
/// A variable that is not set and has no default, one that would break the YAML around it, an unclosed `${`.
pub fn interpolate(
    file: &str,
    text: &str,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<String, Vec<ConfigError>> {
    let mut out = String::with_capacity(text.len());
    let mut errors = Vec::new();
    let mut quote = None;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let mut rest = line;
        while let Some(c) = rest.chars().next() {
            let column = line.len() - rest.len();
            let before = &line[..column];
            if quote.is_none() && c == '#' && before.chars().next_back().is_none_or(char::is_whitespace) {
                out.push_str(rest);
                break;
            }
            if let Some(literal) = rest.strip_prefix("$${") {
                out.push_str("${");
                rest = literal;
                continue;
            }
            if let Some(opened) = rest.strip_prefix("${") {
                let (found, after) = variable(opened, env, quote);
                match found {
                    Ok(value) => out.push_str(&value),
                    Err(message) => errors.push(ConfigError {
                        file: file.to_owned(),
                        line: index as u64 + 1,
                        column: before.chars().count() as u64 + 1,
                        message,
                        suggestion: None,
                    }),
                }
                rest = after;
                continue;
            }
            quote = quote_after(quote, before, c);
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    if errors.is_empty() { Ok(out) } else { Err(errors) }
}

/// What stands for the variable that begins at `opened`, and what follows it.
fn variable<'a>(
    opened: &'a str,
    env: &dyn Fn(&str) -> Option<String>,
    quote: Option<char>,
) -> (Result<String, String>, &'a str) {
    let line = opened.split('\n').next().unwrap_or_default();
    let Some(end) = line.find('}') else {
        return (
            Err("`${` without `}` on the same line".to_owned()),
            &opened[line.len()..],
        );
    };
    let after = &opened[end + 1..];
    let (name, default) = match line[..end].split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (&line[..end], None),
    };
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(word) {
        return (Err("expected `${NAME}` or `${NAME:-default}`".to_owned()), after);
    }
    let found = match (
        env(name).filter(|value| !value.is_empty() || default.is_none()),
        default,
    ) {
        (Some(value), _) => fitted(name, &value, quote),
        (None, Some(default)) => Ok(default.to_owned()),
        (None, None) => Err(format!(
            "the variable `{name}` is not set; `${{{name}:-…}}` would give a default"
        )),
    };
    (found, after)
}

/// The value as it has to stand in this place; never quoted in the error.
fn fitted(name: &str, value: &str, quote: Option<char>) -> Result<String, String> {
    if value.chars().any(char::is_control) {
        return Err(format!(
            "the value of the variable `{name}` holds a line break or a control character"
        ));
    }
    match quote {
        Some('"') => Ok(value.replace('\\', "\\\\").replace('"', "\\\"")),
        Some(_) => Ok(value.replace('\'', "''")),
        None if is_plain(value) => Ok(value.to_owned()),
        None => Err(format!(
            "the value of the variable `{name}` needs quotes here: write `\"${{{name}}}\"`"
        )),
    }
}

fn is_plain(value: &str) -> bool {
    let allowed = |c: char| c.is_alphanumeric() || "_-./:@+=,~".contains(c);
    let starts = |c: char| c.is_alphanumeric() || "_./~".contains(c);
    value.chars().all(allowed) && value.chars().next().is_none_or(starts) && !value.ends_with(':')
}

/// The quote we are in after `c`. A quote opens only where a value can begin, so that `don't` opens none.
fn quote_after(quote: Option<char>, before: &str, c: char) -> Option<char> {
    match quote {
        Some('"') if c == '"' && !escaped(before) => None,
        Some('\'') if c == '\'' => None,
        None if matches!(c, '"' | '\'') && opens(before, c) => Some(c),
        _ => quote,
    }
}

fn escaped(before: &str) -> bool {
    before.chars().rev().take_while(|c| *c == '\\').count() % 2 == 1
}

fn opens(before: &str, c: char) -> bool {
    // A doubled quote inside single quotes closes and opens again.
    let doubled = c == '\'' && before.ends_with('\'');
    doubled
        || before
            .chars()
            .next_back()
            .is_none_or(|last| last.is_whitespace() || "[{,:(".contains(last))
}

#[cfg(test)]
mod tests {
    use super::interpolate;

    fn with(text: &str) -> Result<String, Vec<String>> {
        let env = |name: &str| match name {
            "HOST" => Some("kafka-1:9092".to_owned()),
            "EVIL" => Some("x\", injected: \"y".to_owned()),
            "LINES" => Some("a\nb: c".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        interpolate("f.yaml", text, &env).map_err(|errors| errors.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_variable_is_its_value_or_its_default() {
        assert_eq!(
            with("a: ${HOST}\nb: ${NONE:-6}\n").unwrap(),
            "a: kafka-1:9092\nb: 6\n"
        );
        assert_eq!(with("a: \"${EMPTY:-d}/${EMPTY}\"").unwrap(), "a: \"d/\"");
        assert_eq!(with("a: $${HOST}").unwrap(), "a: ${HOST}");
    }

    #[test]
    fn a_value_cannot_break_out_of_its_quotes_and_is_never_shown() {
        assert_eq!(with("a: \"${EVIL}\"").unwrap(), "a: \"x\\\", injected: \\\"y\"");
        for text in ["a: ${EVIL}", "a: ${LINES}", "a: \"${LINES}\""] {
            let errors = with(text).unwrap_err();
            assert!(
                !errors[0].contains("injected") && !errors[0].contains("b: c"),
                "{errors:?}"
            );
        }
    }

    #[test]
    fn comments_are_left_alone_and_every_unset_variable_is_told() {
        assert_eq!(
            with("# ${NONE}\na: 1 # ${NONE\n").unwrap(),
            "# ${NONE}\na: 1 # ${NONE\n"
        );
        assert_eq!(
            with("a: ${NONE}\nb: [1, ${NADA}]\n").unwrap_err(),
            [
                "f.yaml:1:4: the variable `NONE` is not set; `${NONE:-…}` would give a default",
                "f.yaml:2:8: the variable `NADA` is not set; `${NADA:-…}` would give a default",
            ]
        );
    }

    #[test]
    fn an_apostrophe_inside_a_word_opens_no_quote() {
        assert_eq!(
            with("a: don't\nb: \"${EVIL}\" # it's ${NONE}\n")
                .unwrap()
                .lines()
                .count(),
            2
        );
    }
}
