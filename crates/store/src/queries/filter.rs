//! Which rows of a list are read.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::{Postgres, QueryBuilder};

use super::listed::ListOf;

/// Services with their repositories. What belongs to neither is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Owners {
    /// Names of services.
    pub services: Vec<String>,
    /// Ids of the repositories of these services, and names of the projects of their teams.
    pub repositories: Vec<String>,
}

/// Which rows; what is `None` or empty is left open. Columns are named as the table has them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct RowFilter {
    /// Only what belongs to these.
    pub owners: Option<Arc<Owners>>,
    /// At this time or later, by the time of the list.
    pub from: Option<DateTime<Utc>>,
    /// Before this time.
    pub to: Option<DateTime<Utc>>,
    /// A text that one of the columns of texts holds, in upper or lower case.
    pub search: Option<String>,
    /// Columns that hold one of these texts.
    pub words: Vec<(&'static str, Vec<String>)>,
    /// Columns that hold one of these texts, in upper or lower case.
    pub folded: Vec<(&'static str, Vec<String>)>,
    /// Columns that are true, or false.
    pub flags: Vec<(&'static str, bool)>,
    /// Columns that have a value, or have none.
    pub present: Vec<(&'static str, bool)>,
}

impl RowFilter {
    /// Only what belongs to these, if any are given.
    #[must_use]
    pub fn of(owners: Option<Arc<Owners>>) -> Self {
        Self { owners, ..Self::default() }
    }

    /// Adds the conditions of the list and of this filter to a statement that has one already.
    pub(super) fn push(&self, list: &ListOf, into: &mut QueryBuilder<Postgres>) {
        if !list.condition.is_empty() {
            into.push(" and ").push(list.condition);
        }
        if let Some(from) = self.from {
            into.push(format!(" and {} >= ", list.time())).push_bind(from);
        }
        if let Some(to) = self.to {
            into.push(format!(" and {} < ", list.time())).push_bind(to);
        }
        if let Some(owners) = &self.owners {
            into.push(" and ");
            push_owners(list.owners, owners, into);
        }
        for (column, words) in &self.words {
            into.push(format!(" and t.{column} = any (")).push_bind(words.clone()).push(")");
        }
        for (column, words) in &self.folded {
            into.push(format!(" and lower(t.{column}) in (select lower(asked.word) from unnest("));
            into.push_bind(words.clone()).push(") as asked (word))");
        }
        for (column, flag) in &self.flags {
            into.push(format!(" and t.{column} = ")).push_bind(*flag);
        }
        for (column, is_present) in &self.present {
            into.push(format!(" and t.{column} is {}null", if *is_present { "not " } else { "" }));
        }
        if let Some(text) = &self.search {
            let pattern = pattern(text);
            into.push(" and (false");
            for column in list.searched {
                into.push(format!(" or t.{column} ilike ")).push_bind(pattern.clone());
            }
            into.push(")");
        }
    }
}

/// The condition of a list that rows belong to services `$S` or to repositories `$R`. Without one they belong to none.
fn push_owners(condition: &str, owners: &Owners, into: &mut QueryBuilder<Postgres>) {
    if condition.is_empty() {
        into.push("false");
        return;
    }
    let mut rest = condition;
    into.push("(");
    while let Some((before, after)) = rest.split_once('$') {
        into.push(before);
        let is_services = after.starts_with('S');
        into.push_bind(if is_services { owners.services.clone() } else { owners.repositories.clone() });
        rest = after.get(1..).unwrap_or_default();
    }
    into.push(rest).push(")");
}

/// The pattern of texts that hold this one.
fn pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_searched_for_has_no_wildcards() {
        assert_eq!(pattern("100 % of a_b\\c"), "%100 \\% of a\\_b\\\\c%");
    }

    #[test]
    fn what_belongs_to_no_service_is_in_no_list_of_services() {
        let sql = |condition: &str| {
            let mut into = QueryBuilder::new("");
            push_owners(condition, &Owners::default(), &mut into);
            into.into_string()
        };
        assert_eq!(sql(""), "false");
        assert_eq!(sql("t.a = any ($S) or t.b = any ($R)"), "(t.a = any ($1) or t.b = any ($2))");
    }
}
