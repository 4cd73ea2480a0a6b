//! Writes the facts of one kind into their table, whatever the kind: statements follow from its declaration. A row is
//! replaced by a better version only; of times that a kind keeps, the earliest or latest that any version had stays.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use kernel::catalog::{Column, FieldValue, Holds, Keep, Kind};
use sqlx::postgres::{PgArguments, Postgres};
use sqlx::query::QueryAs;
use sqlx::{AssertSqlSafe, PgConnection};

use super::array::{sha_array, text_array};
use super::concern::Concern;
use super::partial::OF_MANY;
use super::row::{CHUNK, Changed, Row, best, in_microseconds};
use crate::StoreError;
use crate::declared::{list, native, quoted};

/// The columns beside those of the declaration: which version a row holds.
const VERSION: [(&str, &str); 3] = [("completeness", "smallint"), ("version_at", "timestamptz"), ("digest", "bigint")];

/// How many rows a statement changed, and what has to be computed again.
type Answer = (i64, Vec<String>);

type Statement<'q> = QueryAs<'q, Postgres, Answer, PgArguments>;

/// Writes facts of a kind.
pub(super) async fn write(
    connection: &mut PgConnection,
    kind: &'static Kind,
    rows: Vec<Row<'_>>,
) -> Result<Changed, StoreError> {
    let mut changed = Changed::default();
    let concern = Concern::of(kind);
    let kept = Kept::of(kind, &rows);
    let statement = upsert(kind, &concern);
    for rows in best(rows).chunks(CHUNK) {
        let mut query: Statement<'_> = sqlx::query_as(AssertSqlSafe(statement.clone()));
        for (position, column) in kind.columns.iter().enumerate() {
            query = match kept.iter().find(|kept| kept.position == position) {
                Some(kept) => query.bind(rows.iter().map(|row| kept.get(row.id())).collect::<Vec<_>>()),
                None => bind(query, column, rows.iter().map(|row| row.record.value(position))),
            };
        }
        query = query
            .bind(rows.iter().map(|row| row.completeness).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.version_at).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.digest).collect::<Vec<_>>());
        changed.add(query.fetch_one(&mut *connection).await?);
    }
    // of those that are not replaced, as the row holds a better version
    let ids: BTreeSet<&str> = kept.iter().flat_map(Kept::ids).collect();
    let ids: Vec<&str> = ids.into_iter().collect();
    for ids in ids.chunks(CHUNK) {
        let mut query: Statement<'_> = sqlx::query_as(AssertSqlSafe(keep(kind, &kept, &concern))).bind(ids);
        for kept in &kept {
            query = query.bind(ids.iter().map(|id| kept.get(id)).collect::<Vec<_>>());
        }
        changed.add(query.fetch_one(&mut *connection).await?);
    }
    Ok(changed)
}

/// The time of a column that stays, by the id of the thing, in whole microseconds, as the database has them.
struct Kept<'a> {
    position: usize,
    column: &'static Column,
    times: BTreeMap<&'a str, DateTime<Utc>>,
}

impl<'a> Kept<'a> {
    fn of(kind: &'static Kind, rows: &[Row<'a>]) -> Vec<Self> {
        let columns = kind.columns.iter().enumerate().filter(|(_, column)| column.keep != Keep::Newest);
        columns.map(|(position, column)| Self { position, column, times: times(rows, position, column.keep) }).collect()
    }

    fn get(&self, id: &str) -> Option<DateTime<Utc>> {
        self.times.get(id).copied()
    }

    fn ids(&self) -> impl Iterator<Item = &'a str> {
        self.times.keys().copied()
    }
}

fn times<'a>(rows: &[Row<'a>], position: usize, keep: Keep) -> BTreeMap<&'a str, DateTime<Utc>> {
    let mut times = BTreeMap::new();
    for row in rows {
        if let FieldValue::Time(at) = row.record.value(position) {
            let at = in_microseconds(at);
            let known = times.entry(row.id()).or_insert(at);
            *known = if keep == Keep::Latest { at.max(*known) } else { at.min(*known) };
        }
    }
    times
}

/// Inserts rows out of one array a column, or replaces those that are older, and those that were completed from many
/// parts by what was completed later.
fn upsert(kind: &Kind, concern: &Concern) -> String {
    let names: Vec<&str> = kind.columns.iter().map(|column| column.name).chain(VERSION.map(|(name, _)| name)).collect();
    let names = list(names.iter().map(|name| quoted(name)));
    let selected = kind.columns.iter().map(|column| match column.holds {
        Holds::Texts | Holds::Shas => format!("{}::{}", quoted(column.name), native(column.holds)),
        _ => quoted(column.name),
    });
    let selected = list(selected.chain(VERSION.map(|(name, _)| quoted(name))));
    let types = kind.columns.iter().map(|column| match column.holds {
        // `unnest` would flatten an array of arrays
        Holds::Texts | Holds::Shas => "text",
        holds => native(holds),
    });
    let types = types.chain(VERSION.map(|(_, native)| native));
    let arrays = list(types.zip(1..).map(|(native, number)| format!("${number}::{native}[]")));
    let set = kind.other_columns().map(|(_, column)| {
        let name = quoted(column.name);
        match joined(column.keep) {
            None => format!("{name} = excluded.{name}"),
            Some(join) => format!("{name} = {join}(excluded.{name}, t.{name})"),
        }
    });
    let set = list(set.chain(VERSION.map(|(name, _)| format!("{name} = excluded.{name}"))));
    let (table, key) = (quoted(kind.name), list(kind.key_columns().map(|column| quoted(column.name))));
    let returned = concern.returned(kind);
    format!(
        "with written as (
             insert into {table} as t ({names})
             select {selected} from unnest({arrays}) as n ({names})
             on conflict ({key}) do update set {set}
             where (excluded.completeness, excluded.version_at, excluded.digest)
                 > (t.completeness, t.version_at, t.digest)
                or (excluded.completeness, excluded.version_at, excluded.digest, {OF_MANY})
                 = (t.completeness, t.version_at, t.digest, t.digest)
             returning {returned}
         )
         select (select count(*) from written), {}",
        concern.subjects(kind)
    )
}

/// Sets the times that stay in rows that hold a better version.
fn keep(kind: &Kind, kept: &[Kept<'_>], concern: &Concern) -> String {
    let table = quoted(kind.name);
    let id = list(kind.key_columns().map(|column| quoted(column.name)));
    let names: Vec<String> = kept.iter().map(|kept| quoted(kept.column.name)).collect();
    let arrays = list((2..).zip(kept).map(|(number, _)| format!("${number}::timestamptz[]")));
    let set = kept
        .iter()
        .zip(&names)
        .filter_map(|(kept, name)| Some(format!("{name} = {}(t.{name}, n.{name})", joined(kept.column.keep)?)));
    let moves = kept.iter().zip(&names).map(|(kept, name)| match kept.column.keep {
        Keep::Latest => format!("n.{name} > coalesce(t.{name}, '-infinity')"),
        Keep::Earliest | Keep::Newest => format!("n.{name} < coalesce(t.{name}, 'infinity')"),
    });
    format!(
        "with written as (
             update {table} as t set {} from unnest($1::text[], {arrays}) as n (id, {})
             where t.{id} = n.id and ({})
             returning {}
         )
         select (select count(*) from written), {}",
        list(set),
        names.join(", "),
        moves.collect::<Vec<_>>().join(" or "),
        concern.returned(kind),
        concern.subjects_now()
    )
}

/// How two times of a column become one.
pub(super) fn joined(keep: Keep) -> Option<&'static str> {
    match keep {
        Keep::Newest => None,
        Keep::Earliest => Some("least"),
        Keep::Latest => Some("greatest"),
    }
}

/// Binds the values of a column as one array. What is not of the column's type becomes null, which only a declaration
/// that contradicts itself could bring about.
fn bind<'q, 'a: 'q>(
    query: Statement<'q>,
    column: &Column,
    values: impl Iterator<Item = FieldValue<'a>>,
) -> Statement<'q> {
    macro_rules! array {
        ($($pattern:pat => $value:expr),+ $(,)?) => {
            query.bind(values.map(|value| match value { $($pattern => Some($value),)+ _ => None }).collect::<Vec<_>>())
        };
    }
    match column.holds {
        Holds::Text => array!(FieldValue::Text(text) => text),
        Holds::Texts => array!(FieldValue::Texts(texts) => text_array(texts.iter().map(AsRef::as_ref))),
        Holds::Sha => array!(FieldValue::Sha(bytes) => bytes),
        Holds::Shas => array!(FieldValue::Shas(shas) => sha_array(&shas)),
        Holds::Int => array!(FieldValue::Int(number) => number),
        Holds::Float => array!(FieldValue::Float(number) => number),
        Holds::Bool => array!(FieldValue::Bool(truth) => truth),
        Holds::Time => array!(FieldValue::Time(at) => at),
    }
}
