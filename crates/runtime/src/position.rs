//! Finds the line of a TOML text at which a key stands.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The line (from 1) of the key at `path`, or of the nearest table above it that stands in the text.
pub(crate) fn line_of(text: &str, path: &[String]) -> Option<usize> {
    let table = DeTable::parse(text).ok()?;
    let mut offset = None;
    let mut here: Option<&Spanned<DeValue<'_>>> = None;
    for (depth, part) in path.iter().enumerate() {
        let next = match (depth, here.map(Spanned::get_ref)) {
            (0, _) => entry(table.get_ref(), part),
            (_, Some(DeValue::Table(table))) => entry(table, part),
            (_, Some(DeValue::Array(array))) => {
                part.parse().ok().and_then(|index: usize| array.get(index)).map(|value| (value.span().start, value))
            }
            _ => None,
        };
        let Some((start, value)) = next else { break };
        offset = Some(start);
        here = Some(value);
    }
    offset.map(|offset| line(text, offset))
}

fn entry<'a, 'i>(table: &'a DeTable<'i>, key: &str) -> Option<(usize, &'a Spanned<DeValue<'i>>)> {
    table.iter().find(|(name, _)| name.get_ref() == key).map(|(name, value)| (name.span().start, value))
}

/// The line (from 1) of a byte offset.
pub(crate) fn line(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_in_tables_and_lists_are_found() {
        let text = "[server]\nlisten = 1\n\n[[team]]\nname = \"a\"\n\n[[team]]\nname = \"b\"\nparent = \"x\"\n";
        for (path, expected) in [
            ("server.listen", Some(2)),
            ("team.1.parent", Some(9)),
            ("team.0.parent", Some(4)),
            ("server.nothing", Some(1)),
            ("dora.bots", None),
        ] {
            let path: Vec<String> = path.split('.').map(str::to_owned).collect();
            assert_eq!(line_of(text, &path), expected, "{path:?}");
        }
    }
}
