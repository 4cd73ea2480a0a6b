//! The keys of work items that people write into subjects of commits and titles of changes.

/// What in a text can be the key of a work item, in order, each once: `PROJ-12` in any letter case and in
/// any brackets, given in capitals, and `#12`. Whether there is such a work item, only the work items can
/// be recognized: `UTF-8` has the same form.
#[must_use]
pub fn work_item_keys(text: &str) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    let signs = text.char_indices().filter(|(_, sign)| matches!(sign, '-' | '#'));
    for (at, sign) in signs {
        let (before, after) = (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default());
        let Some(number) = number(after) else { continue };
        let name = before.rsplit(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next().unwrap_or_default();
        let key = match sign {
            // `other/repository#12` is one of another repository
            '#' if before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '&' | '#')) => {
                continue;
            }
            '#' => format!("#{number}"),
            _ if name.len() < 2 || !name.starts_with(|c: char| c.is_ascii_alphabetic()) => continue,
            _ if before.strip_suffix(name).is_some_and(|rest| rest.ends_with(char::is_alphanumeric)) => continue,
            _ => format!("{}-{number}", name.to_ascii_uppercase()),
        };
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// The number that a text begins with, if it is one that is counted with and nothing more of a word.
fn number(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at_checked(end)?;
    let word_goes_on = rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    (!number.is_empty() && number.len() < 10 && !number.starts_with('0') && !word_goes_on).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_in_any_company() {
        for (text, expected) in [
            ("[ALOY-12] Fix it", vec!["ALOY-12"]),
            ("aloy-12: fix; see ALOY-13,ALOY-12", vec!["ALOY-12", "ALOY-13"]),
            ("Merge branch 'bo/ALOY-7-basket'", vec!["ALOY-7"]),
            ("Merge pull request #41 from bo/basket", vec!["#41"]),
            ("Fix #3 (#41)", vec!["#3", "#41"]),
            ("MY_TEAM2-9.", vec!["MY_TEAM2-9"]),
            ("été-ALOY-1", vec!["ALOY-1"]),
        ] {
            assert_eq!(work_item_keys(text), expected, "{text}");
        }
        for no in [
            "", "-", "#", "A-1", "X1-", "ALOY-0", "ALOY-01", "ALOY-1a", "2012-10", "a/b#4", "&#39;", "ALOY--1",
            "éALOY-1",
        ] {
            assert_eq!(work_item_keys(no), Vec::<String>::new(), "{no}");
        }
    }
}
