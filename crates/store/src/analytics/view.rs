//! A view that BI tools read, and its columns with the comments of their declarations.

use std::collections::BTreeMap;

use kernel::catalog::{Column, Declared, Holds};

use crate::declared::{native, quoted};

/// A view of the schemas.
#[derive(Clone, Debug)]
pub struct View {
    /// Its name.
    pub name: &'static str,
    /// What a row is.
    pub comment: &'static str,
    /// The columns that no two rows have the same values in; of a null they have no more than one.
    pub key: &'static [&'static str],
    /// Its columns, in their order. New ones are added at the end.
    pub columns: Vec<ViewColumn>,
    /// What it is selected from, of the tables of the tenant.
    pub(super) from: String,
}

/// A column of a view.
#[derive(Clone, Debug)]
pub struct ViewColumn {
    /// Its name.
    pub name: &'static str,
    /// The type of PostgreSQL.
    pub native: &'static str,
    /// What it is.
    pub comment: String,
    /// The view and the column that it refers to.
    pub references: Option<(&'static str, &'static str)>,
    pub(super) expression: String,
}

/// The condition that what belongs to a service may be seen. What belongs to none is seen by who may see everything.
pub(super) fn may_see(service: &str) -> String {
    format!(
        "((select v.everything from analytics_viewer v)
          or {service} in (select visible.service from analytics_visible_service visible))"
    )
}

/// The services of an array that may be named.
pub(super) fn visible_services(services: &str) -> String {
    visible(services, "select visible.service from analytics_visible_service visible")
}

/// The teams of an array that may be named.
pub(super) fn visible_teams(teams: &str) -> String {
    visible(teams, "select visible.team from analytics_visible_team visible")
}

fn visible(names: &str, all: &str) -> String {
    format!(
        "case when (select v.everything from analytics_viewer v) then {names}
         else array(select x from unnest({names}) x where x in ({all})) end"
    )
}

/// A column of its own.
pub(super) fn column(
    name: &'static str,
    native: &'static str,
    expression: impl Into<String>,
    comment: &str,
) -> ViewColumn {
    ViewColumn { name, native, comment: comment.to_owned(), references: None, expression: expression.into() }
}

impl ViewColumn {
    /// The same, which refers to a column of a view.
    pub(super) fn to(mut self, view: &'static str, column: &'static str) -> Self {
        self.references = Some((view, column));
        self
    }

    /// The same, which is null unless the role may see the names of accounts.
    pub(super) fn of_people(mut self) -> Self {
        self.expression = format!("case when (select v.people from analytics_viewer v) then {} end", self.expression);
        self
    }
}

/// The service that a row belongs to and the team that owns it, where the tables `service` and `analytics_service` are
/// known by these aliases.
pub(super) fn owners(service: &str, owner: &str) -> [ViewColumn; 2] {
    [
        column("service", "text", service, "The service.").to("service", "service"),
        column("team", "text", format!("{owner}.team"), "The team that owns the service.").to("team", "team"),
    ]
}

/// A duration, as an interval and in seconds, of an expression in microseconds.
pub(super) fn duration(
    (interval, seconds): (&'static str, &'static str),
    expression: &str,
    comment: &str,
) -> [ViewColumn; 2] {
    let text = comment.trim_end_matches('.');
    [
        column(interval, "interval", format!("({expression}) * interval '1 microsecond'"), comment),
        column(
            seconds,
            "double precision",
            format!("({expression})::double precision / 1000000"),
            &format!("{text}, in seconds."),
        ),
    ]
}

/// How many microseconds lie between two times; null where a clock ran backwards.
pub(super) fn between(from: &str, to: &str) -> String {
    format!("case when {to} >= {from} then (extract(epoch from {to} - {from}) * 1000000)::bigint end")
}

/// The columns of a kind of fact, whose table has an alias.
pub(super) struct OfFact {
    alias: &'static str,
    columns: &'static [Column],
    texts: BTreeMap<String, String>,
}

impl OfFact {
    pub(super) fn new<T: Declared>(alias: &'static str) -> Self {
        Self { alias, columns: T::KIND.columns, texts: T::KIND.texts() }
    }

    /// Its column of a name; `shown` is what the view calls it.
    pub(super) fn named(&self, name: &'static str, shown: &'static str) -> ViewColumn {
        let holds = self.columns.iter().find(|column| column.name == name).map_or(Holds::Text, |column| column.holds);
        let stored = format!("{}.{}", self.alias, quoted(name));
        let (native, expression) = match holds {
            Holds::Sha => ("text", hex(&stored)),
            Holds::Shas => ("text[]", hex_list(&stored)),
            holds => (native(holds), stored),
        };
        column(shown, native, expression, &self.text(name))
    }

    /// The columns of these names, which the view calls the same.
    pub(super) fn all(&self, names: &[&'static str]) -> Vec<ViewColumn> {
        names.iter().map(|name| self.named(name, name)).collect()
    }

    fn text(&self, name: &str) -> String {
        self.texts.get(name).cloned().unwrap_or_default()
    }
}

/// An object id in hex.
pub(super) fn hex(stored: &str) -> String {
    format!("encode({stored}, 'hex')")
}

fn hex_list(stored: &str) -> String {
    format!(
        "case when {stored} is not null then array(select encode(id, 'hex')
         from unnest({stored}) with ordinality as ids (id, nth) order by nth) end"
    )
}

/// The columns of metric facts, whose table has an alias.
pub(super) struct OfMetricFact {
    alias: &'static str,
    texts: BTreeMap<String, String>,
}

impl OfMetricFact {
    pub(super) const fn new(alias: &'static str, texts: BTreeMap<String, String>) -> Self {
        Self { alias, texts }
    }

    /// Its column of a name and a type; `shown` is what the view calls it.
    pub(super) fn named(&self, name: &str, shown: &'static str, native: &'static str) -> ViewColumn {
        column(shown, native, format!("{}.{}", self.alias, quoted(name)), &self.text(name))
    }

    /// The columns of these names and types, which the view calls the same.
    pub(super) fn all(&self, columns: &[(&'static str, &'static str)]) -> Vec<ViewColumn> {
        columns.iter().map(|(name, native)| self.named(name, name, native)).collect()
    }

    pub(super) fn text(&self, name: &str) -> String {
        self.texts.get(name).cloned().unwrap_or_default()
    }

    /// Evidence as a text: each with its rule, what met it and its id.
    pub(super) fn evidence(&self, name: &str, shown: &'static str) -> ViewColumn {
        let stored = format!("{}.{}", self.alias, quoted(name));
        let expression = format!(
            "(select string_agg(concat_ws(' ', one ->> 'rule', one ->> 'what', one ->> 'id'), '; ' order by nth)
              from jsonb_array_elements(case jsonb_typeof({stored}) when 'array' then {stored}
                                        when 'object' then jsonb_build_array({stored}) else '[]' end)
                   with ordinality as evidence (one, nth))"
        );
        column(shown, "text", expression, &format!("{} The rule, what met it, and its id.", self.text(name)))
    }
}
