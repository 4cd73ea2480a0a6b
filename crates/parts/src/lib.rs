//! Parts that some tests need and that a machine may not have. A test without its part is skipped and says so;
//! where `SEI_REQUIRE` names the part, the test fails instead.

use std::path::PathBuf;

/// A part, named in `SEI_REQUIRE` by the text beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A browser that runs the page.
    Chromium,
    /// The directory of recorded inputs, `SEI_CORPUS`.
    Corpus,
    /// Clones of public repositories, `SEI_HISTORIES`.
    Histories,
    /// The right to mount file systems.
    Mount,
    /// The right to run programs as another user.
    Root,
    /// The PostgreSQL extension TimescaleDB.
    TimescaleDb,
}

const NAMES: [(&str, Part); 6] = [
    ("chromium", Part::Chromium),
    ("corpus", Part::Corpus),
    ("histories", Part::Histories),
    ("mount", Part::Mount),
    ("root", Part::Root),
    ("timescaledb", Part::TimescaleDb),
];

/// Says that a test is skipped because a part is missing.
///
/// # Panics
/// When `SEI_REQUIRE` names the part, or something that is no part.
pub fn missing(part: Part, why: &str) {
    let required = required(&variable("SEI_REQUIRE").unwrap_or_default());
    assert!(!required.contains(&part), "SEI_REQUIRE names this part, and it is missing: {why}");
    println!("skipped: {why}");
}

/// The directory of recorded inputs, if there is one.
///
/// # Panics
/// When there is none and `SEI_REQUIRE` names `corpus`.
#[must_use]
pub fn corpus() -> Option<PathBuf> {
    directory("SEI_CORPUS", Part::Corpus)
}

/// What an environment variable names, if it is set: a path, or several.
///
/// # Panics
/// When it is not set and `SEI_REQUIRE` names the part.
#[must_use]
pub fn directory(name: &str, part: Part) -> Option<PathBuf> {
    let found = variable(name);
    if found.is_none() {
        missing(part, &format!("{name} is not set"));
    }
    found.map(PathBuf::from)
}

#[expect(clippy::disallowed_methods, reason = "what tests find on a machine is no setting of the program")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn required(list: &str) -> Vec<Part> {
    let names = list.split(',').map(str::trim).filter(|name| !name.is_empty());
    names
        .map(|name| {
            let known = NAMES.iter().find(|(known, _)| *known == name);
            known.map_or_else(|| panic!("SEI_REQUIRE names `{name}`; parts are {}", all()), |(_, part)| *part)
        })
        .collect()
}

fn all() -> String {
    NAMES.map(|(name, _)| name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_named_with_commas_between() {
        assert_eq!(required(""), []);
        assert_eq!(required("corpus, chromium"), [Part::Corpus, Part::Chromium]);
    }

    #[test]
    #[should_panic(expected = "names `corpse`; parts are chromium, corpus, histories, mount, root, timescaledb")]
    fn a_name_that_is_no_part_is_an_error() {
        required("corpus,corpse");
    }
}
