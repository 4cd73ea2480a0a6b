//! Which known names were probably meant by one that is not known.

use std::fmt;

/// How many names are suggested.
const LIMIT: usize = 3;
/// How many names are listed where none is near.
const LISTED: usize = 5;
/// How alike two names are that one may be a typing mistake of: 0 to 1.
const ALIKE: f64 = 0.8;
/// For longer names nothing is looked for: what it costs grows with the product of both lengths.
const LONGEST_CHARS: usize = 100;
/// How alike a name is that differs in case only.
const SAME: f64 = 3.0;

/// A name that is not known, and those that were probably meant; where none is near, some of those that there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownName {
    /// The name that was asked for.
    pub name: String,
    /// Names that there are and that are like it, the most alike first.
    pub near: Vec<String>,
    /// Names that there are, where none is near: the first five.
    pub others: Vec<String>,
    /// How many more there are.
    pub more: usize,
}

impl UnknownName {
    /// Looks for what was probably meant among the known names.
    pub fn new<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<&str> = known.into_iter().collect();
        let near = owned(nearest(name, known.iter().copied()));
        let listed = if near.is_empty() { known.get(..LISTED).unwrap_or(&known) } else { &[] };
        let more = if near.is_empty() { known.len() - listed.len() } else { 0 };
        Self { name: name.to_owned(), near, others: owned(listed.iter().copied()), more }
    }

    /// Returns what was expected, ended by the names that were probably meant: `a service; did you mean `shop`?`.
    #[must_use]
    pub fn expected(&self, expected: &str) -> String {
        self.suggestion().map_or_else(|| expected.to_owned(), |suggestion| format!("{expected}; {suggestion}"))
    }

    /// The question that ends an error: `did you mean …?`, if anything is near.
    #[must_use]
    pub fn suggestion(&self) -> Option<String> {
        (!self.near.is_empty()).then(|| format!("did you mean {}?", quoted(&self.near, " or ")))
    }

    /// What ends an error: the question of [`Self::suggestion`], or, where nothing is near, what there is:
    /// ``there are `a`, `b` and 3 more``.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let all = self.others.len() + self.more;
        let listing = || {
            let verb = if all == 1 { "is" } else { "are" };
            let more = if self.more > 0 { format!(" and {} more", self.more) } else { String::new() };
            (all > 0).then(|| format!("there {verb} {}{more}", quoted(&self.others, ", ")))
        };
        self.suggestion().or_else(listing)
    }
}

/// Names in backquotes, separated by commas: the first `most`, then how many more there are.
#[must_use]
pub fn listed(names: &[&str], most: usize) -> String {
    let first = quoted(&owned(names.iter().take(most).copied()), ", ");
    match names.len().saturating_sub(most) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

fn owned<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    names.into_iter().map(str::to_owned).collect()
}

fn quoted(names: &[String], between: &str) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(between)
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.name)?;
        self.hint().map_or(Ok(()), |hint| write!(f, "; {hint}"))
    }
}

/// The known names that were probably meant, the best first, at most three: those whose last parts are the name
/// (`uv` of `github.com/astral-sh/uv`, `throughput` of `change_throughput`), then those that are written alike. Where
/// one differs in case only, that one alone; for a name of more than 100 characters none.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    if name.chars().nth(LONGEST_CHARS).is_some() {
        return Vec::new();
    }
    let asked = name.to_lowercase();
    let likeness = |candidate: &str| {
        let candidate = candidate.to_lowercase();
        let is_end =
            candidate.strip_suffix(&asked).is_some_and(|before| before.is_empty() || before.ends_with(['/', '_']));
        let last = candidate.rsplit('/').next().unwrap_or_default();
        let alike = strsim::jaro_winkler(&asked, &candidate).max(strsim::jaro_winkler(&asked, last));
        match is_end && !asked.is_empty() {
            true if candidate == asked => SAME,
            true => 2.0,
            false => alike,
        }
    };
    let mut near: Vec<(f64, &str)> = known.into_iter().map(|known| (likeness(known), known)).collect();
    let least = if near.iter().any(|(likeness, _)| *likeness >= SAME) { SAME } else { ALIKE };
    near.retain(|(likeness, _)| *likeness > ALIKE && *likeness >= least);
    near.sort_by(|one, other| other.0.total_cmp(&one.0).then_with(|| one.1.cmp(other.1)));
    near.into_iter().take(LIMIT).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_names_some_are_listed_and_the_others_counted() {
        let names = ["a", "b", "c"];
        assert_eq!(listed(&names, 3), "`a`, `b`, `c`");
        assert_eq!(listed(&names, 2), "`a`, `b` and 1 more");
        assert_eq!(listed(&[], 2), "");
    }

    const KNOWN: [&str; 4] =
        ["github.com/astral-sh/uv", "github.com/astral-sh/ruff", "checkout", "gitlab.com/shop/ui/uv"];

    #[test]
    fn the_end_of_a_name_and_a_typing_mistake_are_recognized() {
        assert_eq!(nearest("uv", KNOWN), ["github.com/astral-sh/uv", "gitlab.com/shop/ui/uv"]);
        assert_eq!(nearest("astral-sh/UV", KNOWN)[..1], ["github.com/astral-sh/uv"]);
        assert_eq!(nearest("chekout", KNOWN), ["checkout"]);
        assert_eq!(nearest("rufff", KNOWN), ["github.com/astral-sh/ruff"]);
        assert_eq!(nearest("throughput", ["change_throughput", "size"]), ["change_throughput"]);
        assert!(nearest("payments", KNOWN).is_empty());
        assert!(nearest("", KNOWN).is_empty());
    }

    #[test]
    fn a_name_that_differs_in_case_only_is_the_one_that_was_meant() {
        let known = ["checkout", "checkouts", "shop/checkout"];
        assert_eq!(nearest("Checkout", known), ["checkout"]);
        assert_eq!(nearest("Shop/Checkout", known), ["shop/checkout"]);
    }

    #[test]
    fn for_a_very_long_name_nothing_is_looked_for() {
        let (longest, longer) = ("é".repeat(100), "é".repeat(101));
        assert_eq!(nearest(&longest, [longest.as_str()]), [longest.as_str()]);
        assert!(nearest(&longer, [longer.as_str()]).is_empty());
    }

    #[test]
    fn an_unknown_name_is_shown_with_what_was_meant() {
        let unknown = UnknownName::new("chekout", KNOWN);
        assert_eq!(unknown.to_string(), "`chekout`; did you mean `checkout`?");
        assert_eq!(unknown.expected("a service"), "a service; did you mean `checkout`?");
        assert_eq!(UnknownName::new("zzz", KNOWN).expected("a service"), "a service");
    }

    #[test]
    fn where_nothing_is_near_some_of_what_there_is_is_named() {
        assert_eq!(UnknownName::new("nope", []).to_string(), "`nope`");
        assert_eq!(UnknownName::new("nope", ["checkout"]).to_string(), "`nope`; there is `checkout`");
        assert_eq!(UnknownName::new("nope", ["cart", "shop"]).to_string(), "`nope`; there are `cart`, `shop`");
        let many: Vec<String> = (100..112).map(|number| format!("service-{number}")).collect();
        let unknown = UnknownName::new("nope", many.iter().map(String::as_str)).to_string();
        let listed = "`service-100`, `service-101`, `service-102`, `service-103`, `service-104` and 7 more";
        assert_eq!(unknown, format!("`nope`; there are {listed}"));
    }
}
