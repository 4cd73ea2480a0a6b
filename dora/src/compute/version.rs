//! Version lines: which release is the next patch level of which.

/// A version as its name states it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Version<'a> {
    /// What stands before and after the numbers: releases of one line have the same.
    around: (&'a str, &'a str),
    /// The numbers but the last: `1.4` is the line of `1.4.0`, `1.4.1` and of `1.4` itself.
    line: Vec<u64>,
    /// The patch level.
    patch: u64,
}

impl<'a> Version<'a> {
    /// The version that a tag or release names: `v1.4.0`, `1.4`, `package@1.4.0`, `curl-8_4_0`.
    pub fn parse(name: &'a str) -> Option<Self> {
        // the numbers are the first run of digits that has a dot or underscore between digits
        let bytes = name.as_bytes();
        let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
        let mut start = 0;
        loop {
            start += name.get(start..)?.find(|c: char| c.is_ascii_digit())?;
            let mut end = start;
            while digit(end) || (matches!(bytes.get(end), Some(b'.' | b'_')) && digit(end + 1)) {
                end += 1;
            }
            let numbers: Option<Vec<u64>> =
                name.get(start..end)?.split(['.', '_']).map(|part| part.parse().ok()).collect();
            match numbers?.as_slice() {
                [_] => start = end,
                [major, minor] => return Self::new(name, start, end, &[*major, *minor], 0),
                [line @ .., patch] => return Self::new(name, start, end, line, *patch),
                [] => return None,
            }
        }
    }

    fn new(name: &'a str, start: usize, end: usize, line: &[u64], patch: u64) -> Option<Self> {
        let before = name.get(..start)?;
        let before = before.strip_suffix(['v', 'V']).unwrap_or(before);
        Some(Self { around: (before, name.get(end..)?), line: line.to_vec(), patch })
    }

    /// The next patch level.
    pub fn next(&self) -> Self {
        Self { patch: self.patch.saturating_add(1), ..self.clone() }
    }

    /// What stands around the numbers: releases of one product have the same.
    pub const fn product(&self) -> (&'a str, &'a str) {
        self.around
    }

    /// Whether the numbers are the date of a release of this year: `2026.11.02`, `20261102.1`, `26.11`. A day has
    /// no patch level.
    pub fn is_calendar(&self, year: i32) -> bool {
        let (Some(first), Some(second)) = (self.line.first(), self.line.get(1)) else { return false };
        let is_year = (1900..2100).contains(first) || (19_000_101..21_000_101).contains(first);
        let short = u64::try_from(year.rem_euclid(100)).is_ok_and(|short| short == *first);
        is_year || (short && (1..=12).contains(second))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_patch_level_is_of_the_same_line() {
        for (name, next, is) in [
            ("1.4.0", "1.4.1", true),
            ("v1.4.0", "v1.4.1", true),
            ("v1.4.0", "1.4.1", true),
            ("curl-8_4_0", "curl-8_4_1", true),
            ("1.4", "1.4.1", true),
            ("v1.9.9", "v1.9.10", true),
            ("package@1.4.0", "package@1.4.1", true),
            ("release-1.4.0", "release-1.4.1", true),
            ("32.1.2-jre", "32.1.3-jre", true),
            ("py3-1.4.0", "py3-1.4.1", true),
            ("1.4.0", "1.4.2", false),
            ("1.4.0", "1.5.0", false),
            ("1.4.0", "1.5.1", false),
            ("1.4.0", "2.4.1", false),
            ("1.4.1", "1.4.0", false),
            ("1.4.0", "1.4.0", false),
            ("1.4.0-rc1", "1.4.1", false),
            ("1.4.0", "1.4.1-rc1", false),
            ("one@1.4.0", "two@1.4.1", false),
        ] {
            let version = Version::parse(name).unwrap();
            assert_eq!(version.next() == Version::parse(next).unwrap(), is, "{name} {next}");
        }
    }

    #[test]
    fn a_date_is_no_patch_level() {
        for (name, calendar) in [
            ("2026.11.02", true),
            ("v2026.11", true),
            ("20261102.1", true),
            ("26.11.2", true),
            ("release-26.04", true),
            ("26.13.2", false),
            ("25.11.2", false),
            ("1.4.1", false),
            ("2100.1.1", false),
        ] {
            assert_eq!(Version::parse(name).unwrap().is_calendar(2026), calendar, "{name}");
        }
    }

    #[test]
    fn a_name_without_a_dotted_number_is_no_version() {
        for name in ["", "latest", "v1", "build-77", "1.", "99999999999999999999.1.1", "é1"] {
            assert_eq!(Version::parse(name), None, "{name}");
        }
    }
}
