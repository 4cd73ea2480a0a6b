//! What is searched for: a text as people have it, which may be a web address, and the kinds of things that are wanted.

use std::collections::BTreeSet;

use kernel::strum::{VariantArray, VariantNames};
use kernel::{SearchKind, commit_ids};
use serde::Deserialize;
use store::queries::SearchText;
use utoipa::IntoParams;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

use super::lists::RowLimitText;
use super::parameters::matching;
use super::text::{Text, read};
use super::{Invalid, LIMIT, Parameter, RowLimit};

/// The characters of a text that is searched for, at most.
const CHARACTERS_MAX: usize = 200;
/// The words of it that are searched for, at most.
const WORDS_MAX: usize = 10;

/// A text that is searched for.
#[derive(Clone, Debug)]
pub struct SearchTerms(pub SearchText);
/// Kinds of things, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchKinds(pub BTreeSet<SearchKind>);

/// A text that is searched for, as it was given.
pub type SearchTermsText = Text<SearchTerms>;
/// Kinds of things, as they were given.
pub type SearchKindsText = Text<SearchKinds>;

/// What is searched for.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SearchQuestion {
    /// A key, a number, a version, a name, the beginning of a commit's id, words of a title, or a web address.
    #[param(inline)]
    pub q: SearchTermsText,
    /// Only things of these kinds, separated by commas; all but `person` without it.
    #[param(inline)]
    pub kinds: Option<SearchKindsText>,
    /// How many things at most, 1 to 200; 50 without it.
    #[param(inline)]
    pub limit: Option<RowLimitText>,
}

/// A text, the kinds of things that are wanted, and how many at most.
pub type Searched = (SearchText, BTreeSet<SearchKind>, u32);

impl SearchQuestion {
    /// Returns what is searched for.
    pub fn searched(&self) -> Result<Searched, Invalid> {
        let SearchTerms(text) = self.q.read("q")?;
        let kinds = read("kinds", self.kinds.as_ref())?.map(|SearchKinds(kinds)| kinds);
        let limit = read("limit", self.limit.as_ref())?.map_or(LIMIT, |RowLimit(limit)| limit);
        Ok((text, kinds.unwrap_or_else(all_kinds), limit))
    }
}

/// The kinds of things that are searched for unless asked otherwise: all but persons, whose views are recorded.
pub(crate) fn all_kinds() -> BTreeSet<SearchKind> {
    let kinds = <SearchKind as VariantArray>::VARIANTS.iter().copied();
    kinds.filter(|kind| *kind != SearchKind::Person).collect()
}

impl Parameter for SearchTerms {
    const NAME: &'static str = "SearchTerms";
    const TEXT: &'static str = "A text of 1 to 200 characters.";

    fn read(text: &str) -> Result<Self, String> {
        let is_good = !text.is_empty() && text.chars().count() <= CHARACTERS_MAX && !text.contains('\0');
        is_good.then(|| Self(understood(text))).ok_or_else(|| format!("a text of 1 to {CHARACTERS_MAX} characters"))
    }

    fn schema() -> RefOr<Schema> {
        matching(&format!(r"^[^\u0000]{{1,{CHARACTERS_MAX}}}$"))
    }
}

impl Parameter for SearchKinds {
    const NAME: &'static str = "SearchKinds";
    const TEXT: &'static str = "Kinds of things, separated by commas.";

    fn read(text: &str) -> Result<Self, String> {
        let kinds: Result<BTreeSet<SearchKind>, _> =
            text.split(',').map(|word| word.trim().parse::<SearchKind>()).collect();
        kinds.map(Self).map_err(|_| format!("kinds of things, separated by commas: {}", words().join(", ")))
    }

    fn schema() -> RefOr<Schema> {
        let word = format!("({})", words().join("|"));
        matching(&format!("^{word}(,{word})*$"))
    }
}

fn words() -> &'static [&'static str] {
    <SearchKind as VariantNames>::VARIANTS
}

/// What a text may mean.
fn understood(text: &str) -> SearchText {
    let text = of_address(text.trim()).unwrap_or_else(|| text.trim().to_owned());
    let words = text.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
    let digits = text.rsplit_once('@').map_or(text.as_str(), |(_, digits)| digits);
    SearchText {
        words: words.take(WORDS_MAX).map(str::to_owned).collect(),
        number: number(&text),
        commits: commit_ids(digits),
        text,
    }
}

/// The number of a change that a text names, with how the id of the change ends.
fn number(text: &str) -> Option<(i64, String)> {
    let (repository, digits) = text.rsplit_once('#').unwrap_or(("", text));
    let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    let number = digits.parse().ok().filter(|_| is_number)?;
    let end = if repository.is_empty() { format!("#{number}") } else { format!("/{repository}#{number}") };
    Some((number, end))
}

/// What a web address leads to: the key of a change, the id of a commit, or else its last part.
fn of_address(text: &str) -> Option<String> {
    let address = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | "-")).collect();
    let named = |names: &[&str]| {
        let at = parts.iter().position(|part| names.contains(part))?;
        Some((parts.get(..at)?.join("/"), *parts.get(at + 1)?))
    };
    if let Some((repository, number)) = named(&["pull", "merge_requests", "pull-requests", "issues"]) {
        return Some(format!("{repository}#{number}"));
    }
    if let Some((_, commit)) = named(&["commit", "commits"]) {
        return Some(commit.to_owned());
    }
    parts.last().map(|part| (*part).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_means_a_number_a_commit_or_words() {
        let SearchTerms(text) = SearchTerms::read(" shop#41 ").unwrap();
        assert_eq!((text.text.as_str(), text.number), ("shop#41", Some((41, "/shop#41".to_owned()))));
        assert_eq!(understood("41").number, Some((41, "#41".to_owned())));
        assert_eq!(understood("#x").number, None);
        assert!(understood("9fceb02d").commits.is_some() && understood("a/b@9fceb02d").commits.is_some());
        assert!(understood("9fceb0").commits.is_none());
        assert_eq!(understood("PAY-12: round it's totals").words, ["PAY", "12", "round", "it", "s", "totals"]);
        assert!(understood(" % ").words.is_empty());
    }

    #[test]
    fn a_web_address_is_what_it_leads_to() {
        for (address, text) in [
            ("https://github.com/octo/shop/pull/41/files", "github.com/octo/shop#41"),
            ("https://gitlab.com/a/b/c/-/merge_requests/7#note_1", "gitlab.com/a/b/c#7"),
            ("https://github.com/octo/shop/commit/9fceb02d", "9fceb02d"),
            ("http://jira.example/browse/PAY-12?focus=1", "PAY-12"),
        ] {
            assert_eq!(understood(address).text, text, "{address}");
        }
    }

    #[test]
    fn what_is_too_long_or_no_kind_is_refused() {
        assert!(SearchTerms::read(&"é".repeat(200)).is_ok());
        for text in ["", &"x".repeat(201), "a\0b"] {
            assert!(SearchTerms::read(text).is_err(), "{text}");
        }
        let SearchKinds(kinds) = SearchKinds::read("work_item,change, change").unwrap();
        assert_eq!(kinds, BTreeSet::from([SearchKind::Change, SearchKind::WorkItem]));
        assert!(SearchKinds::read("change,user").unwrap_err().contains("work_item"));
    }
}
