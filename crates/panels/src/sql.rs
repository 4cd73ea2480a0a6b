//! Statements with places for the values of filters.

use chrono::{DateTime, SecondsFormat, Utc};

/// How a tool writes the values of filters. What it writes is an operand: an expression of several parts is in
/// parentheses.
pub trait Dialect {
    /// The beginning of the time range: an expression of type `timestamptz`.
    fn from(&self) -> String;
    /// The end of the time range, which is not part of it: an expression of type `timestamptz`.
    fn to(&self) -> String;
    /// The team that is chosen: an expression of type `text`, null where none is.
    fn team(&self) -> String;
    /// The service that is chosen: an expression of type `text`, null where none is.
    fn service(&self) -> String;
}

/// Values written into the statement.
#[derive(Clone, Debug)]
pub struct Literals {
    /// The beginning of the time range.
    pub from: DateTime<Utc>,
    /// Its end.
    pub to: DateTime<Utc>,
    /// The team.
    pub team: Option<String>,
    /// The service.
    pub service: Option<String>,
}

impl Literals {
    fn time(at: DateTime<Utc>) -> String {
        format!("timestamptz '{}'", at.to_rfc3339_opts(SecondsFormat::Micros, true))
    }

    fn text(text: Option<&str>) -> String {
        text.map_or_else(|| "null::text".to_owned(), |text| format!("'{}'::text", text.replace('\'', "''")))
    }
}

impl Dialect for Literals {
    fn from(&self) -> String {
        Self::time(self.from)
    }

    fn to(&self) -> String {
        Self::time(self.to)
    }

    fn team(&self) -> String {
        Self::text(self.team.as_deref())
    }

    fn service(&self) -> String {
        Self::text(self.service.as_deref())
    }
}

/// The filters that each dashboard has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// From when to when.
    Time,
    /// A team, with the teams that are part of it.
    Team,
    /// A service.
    Service,
}

impl Filter {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Time, Self::Team, Self::Service];
    /// The length of the time range that a dashboard is opened with.
    pub const DEFAULT_DAYS: u32 = 90;

    /// Its title.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Time => "Time range",
            Self::Team => "Team",
            Self::Service => "Service",
        }
    }

    /// The column of the statement that lists what can be chosen; a time is not chosen from a list.
    #[must_use]
    pub const fn column(self) -> Option<&'static str> {
        match self {
            Self::Time => None,
            Self::Team => Some("team"),
            Self::Service => Some("service"),
        }
    }

    /// The statement that lists what can be chosen, one column of text.
    #[must_use]
    pub const fn choices(self) -> Option<&'static str> {
        match self {
            Self::Time => None,
            Self::Team => Some("select team from team order by team"),
            Self::Service => Some("select service from service order by service"),
        }
    }
}

/// A part of a statement.
#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Text(String),
    From,
    To,
    Team,
    Service,
    /// The condition that a column is in the time range.
    Time(String),
    /// The condition that a column is a service that is chosen, or one of the team that is chosen.
    Owner(String),
}

impl Piece {
    /// A placeholder by what is between its braces.
    fn placeholder(text: &str) -> Result<Self, String> {
        let column = |column: &str| {
            let is_column = column
                .split('.')
                .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
            if is_column { Ok(column.to_owned()) } else { Err(format!("`{column}` in `{{{text}}}` is no column")) }
        };
        match text.split_once(": ") {
            None => match text {
                "from" => Ok(Self::From),
                "to" => Ok(Self::To),
                "team" => Ok(Self::Team),
                "service" => Ok(Self::Service),
                _ => Err(format!(
                    "there is no placeholder `{{{text}}}`; expected {{from}}, {{to}}, {{team}}, {{service}}, \
                     {{time: COLUMN}} or {{owner: COLUMN}}"
                )),
            },
            Some(("time", name)) => column(name).map(Self::Time),
            Some(("owner", name)) => column(name).map(Self::Owner),
            Some((word, _)) => Err(format!("`{word}` in `{{{text}}}` is neither time nor owner")),
        }
    }

    const fn uses(&self, filter: Filter) -> bool {
        match filter {
            Filter::Time => matches!(self, Self::From | Self::To | Self::Time(_)),
            Filter::Team => matches!(self, Self::Team | Self::Owner(_)),
            Filter::Service => matches!(self, Self::Service | Self::Owner(_)),
        }
    }

    fn render(&self, dialect: &dyn Dialect) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::From => dialect.from(),
            Self::To => dialect.to(),
            Self::Team => dialect.team(),
            Self::Service => dialect.service(),
            Self::Time(column) => format!("({column} >= {} and {column} < {})", dialect.from(), dialect.to()),
            Self::Owner(column) => {
                let (team, service) = (dialect.team(), dialect.service());
                format!(
                    "({team} is null or {column} in (select owned.service from service owned where {team} = any (owned.teams)))\n\
                     \x20     and ({service} is null or {column} = {service})"
                )
            }
        }
    }
}

/// A statement with placeholders.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Template(Vec<Piece>);

impl Template {
    /// Reads a statement; an error says what is wrong with it. Tools put the statement into others, or have marks of
    /// their own for brackets and dollars.
    pub(crate) fn parse(sql: &str) -> Result<Self, String> {
        let sql = sql.trim();
        for (mark, reason) in [
            (";", "a statement ends without one"),
            ("[[", "Metabase has a meaning of its own for it"),
            ("$", "Grafana has a meaning of its own for it"),
            ("%", "Superset has a meaning of its own for it"),
            ("--", "a tool may put the statement on one line"),
        ] {
            if sql.contains(mark) {
                return Err(format!("the statement has `{mark}`: {reason}"));
            }
        }
        let (mut pieces, mut rest) = (Vec::new(), sql);
        while let Some((text, behind)) = rest.split_once('{') {
            let (placeholder, behind) =
                behind.split_once('}').ok_or_else(|| "the statement has a `{` without `}`".to_owned())?;
            pieces.push(Piece::Text(text.to_owned()));
            pieces.push(Piece::placeholder(placeholder)?);
            rest = behind;
        }
        if rest.contains('}') {
            return Err("the statement has a `}` without `{`".to_owned());
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self(pieces))
    }

    pub(crate) fn uses(&self, filter: Filter) -> bool {
        self.0.iter().any(|piece| piece.uses(filter))
    }

    pub(crate) fn render(&self, dialect: &dyn Dialect) -> String {
        self.0.iter().map(|piece| piece.render(dialect)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(team: Option<&str>, service: Option<&str>) -> Literals {
        let [from, to] = ["2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z"].map(|text| text.parse().unwrap());
        Literals { from, to, team: team.map(str::to_owned), service: service.map(str::to_owned) }
    }

    #[test]
    fn placeholders_become_the_expressions_of_the_tool() {
        let template = Template::parse("select 1 from x where {time: x.at} and y = {team}").unwrap();
        assert_eq!(
            template.render(&chosen(Some("it's"), None)),
            "select 1 from x where (x.at >= timestamptz '2026-01-01T00:00:00.000000Z' \
             and x.at < timestamptz '2026-04-01T00:00:00.000000Z') and y = 'it''s'::text"
        );
        assert_eq!(Filter::ALL.map(|filter| template.uses(filter)), [true, true, false]);
        let owned = Template::parse("select 1 from x where {owner: service}").unwrap();
        let rendered = owned.render(&chosen(None, Some("shop")));
        assert!(rendered.contains("null::text is null or service in"), "{rendered}");
        assert!(rendered.contains("service = 'shop'::text"), "{rendered}");
        assert_eq!(Filter::ALL.map(|filter| owned.uses(filter)), [false, true, true]);
    }

    #[test]
    fn a_wrong_statement_is_refused_with_its_reason() {
        for (sql, reason) in [
            ("select {form}", "there is no placeholder `{form}`"),
            ("select {time: at or true}", "is no column"),
            ("select {when: at}", "neither time nor owner"),
            ("select {from", "without `}`"),
            ("select 1}", "without `{`"),
            ("select 1;", "ends without one"),
            ("select a[[1]]", "Metabase"),
            ("select 1 -- one", "on one line"),
            ("select '$1'", "Grafana"),
            ("select 5 % 2", "Superset"),
        ] {
            let error = Template::parse(sql).unwrap_err();
            assert!(error.contains(reason), "{sql}: {error}");
        }
    }
}
