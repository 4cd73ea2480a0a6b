//! Repositories that have another id now. Facts that name the old id are stored under the new one, whether they come
//! before or after it is known that the repository moved, so both orders give the same rows.

use std::borrow::Cow;
use std::collections::BTreeMap;

use kernel::Fact;
use kernel::catalog::{Column, Form, Holds, Kind};
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection};

use super::row::{Changed, Row, StorableFact};
use super::table::joined;
use crate::StoreError;
use crate::declared::{list, quoted};

/// Begins selectors of incidents that name a repository.
const OF_REPOSITORY: &str = "repository:";

/// Whether a column holds ids of repositories, or selectors, which may name one.
fn names_repositories(column: &Column) -> bool {
    column.moves || column.form == Form::Selector
}

/// Which ids have moved where.
#[derive(Default)]
pub(super) struct Moves(BTreeMap<String, String>);

impl Moves {
    /// Those that are known. One is void if something moved to its old id later, or was created there.
    pub(super) async fn read(connection: &mut PgConnection) -> Result<Self, StoreError> {
        let known = sqlx::query!(
            "select id, new_id from moved m
             where id <> new_id and not exists (
                 select from moved later
                 where later.new_id = m.id and later.id <> m.id
                   and (later.version_at, later.id) > (m.version_at, m.id))"
        )
        .fetch_all(connection)
        .await?;
        Ok(Self(known.into_iter().map(|row| (row.id, row.new_id)).collect()))
    }

    /// The id that something of this id has now; `None` if it is the same.
    fn renamed(&self, id: &str) -> Option<String> {
        let mut current = Cow::Borrowed(id);
        // a move that is not void leads to a place that nothing left later, so this ends; the bound is for good measure
        for _ in 0..self.0.len() {
            let Some(next) = self.step(&current) else { break };
            current = Cow::Owned(next);
        }
        match current {
            Cow::Owned(moved) => Some(moved),
            Cow::Borrowed(_) => None,
        }
    }

    /// By the move of the longest path that the id begins with.
    fn step(&self, id: &str) -> Option<String> {
        let ends = id.match_indices(['/', '#']).map(|(end, _)| end).chain([id.len()]);
        let mut ends: Vec<usize> = ends.collect();
        ends.reverse();
        ends.into_iter().find_map(|end| {
            let (path, rest) = id.split_at_checked(end)?;
            let to = self.0.get(path)?;
            Some(format!("{to}{rest}"))
        })
    }

    /// Facts with the ids that they have now.
    pub(super) fn apply(&self, storables: &mut [StorableFact<'_>]) -> Result<(), StoreError> {
        if self.0.is_empty() {
            return Ok(());
        }
        for storable in storables.iter_mut().filter(|storable| !matches!(*storable.fact, Fact::Moved(_))) {
            let mut value = serde_json::to_value(&*storable.fact).map_err(super::row::unstorable)?;
            if self.rename_fields(storable.fact.record().kind(), &mut value) {
                storable.fact = Cow::Owned(serde_json::from_value(value).map_err(super::row::unstorable)?);
            }
        }
        Ok(())
    }

    /// The text of a column with the id that is in it now; `None` if it is the same.
    fn renamed_in(&self, column: &Column, text: &str) -> Option<String> {
        if column.moves {
            return self.renamed(text);
        }
        let selector = kernel::incident_selector(text)?;
        Some(format!("{OF_REPOSITORY}{}", self.renamed(selector.strip_prefix(OF_REPOSITORY)?)?))
    }

    fn rename_fields(&self, kind: &Kind, fact: &mut Value) -> bool {
        let mut changed = false;
        let Some(fields) = fact.as_object_mut() else { return false };
        for column in kind.columns.iter().filter(|column| names_repositories(column)) {
            let values = match fields.get_mut(column.name) {
                Some(Value::Array(values)) => values.iter_mut().collect(),
                Some(value) => vec![value],
                None => continue,
            };
            for value in values {
                if let Some(renamed) = value.as_str().and_then(|text| self.renamed_in(column, text)) {
                    *value = Value::String(renamed);
                    changed = true;
                }
            }
        }
        changed
    }
}

/// Keeps what moved, and takes the rows along that were stored under the old ids.
pub(super) async fn write(connection: &mut PgConnection, rows: &[Row<'_>]) -> Result<Changed, StoreError> {
    let mut changed = Changed::default();
    let mut news = Vec::new();
    for row in rows {
        let Fact::Moved(moved) = row.fact else { continue };
        // reported again, it is no news: the first time that something was there counts
        let written = sqlx::query_scalar!(
            r#"insert into moved as t (id, new_id, completeness, version_at, digest) values ($1, $2, $3, $4, $5)
               on conflict (id) do update
               set new_id = excluded.new_id, completeness = excluded.completeness, version_at = excluded.version_at,
                   digest = excluded.digest
               where case when excluded.new_id = t.new_id
                          then (excluded.version_at, excluded.digest) < (t.version_at, t.digest)
                          else (excluded.completeness, excluded.version_at, excluded.digest)
                               > (t.completeness, t.version_at, t.digest) end
               returning id"#,
            moved.id,
            moved.new_id,
            row.completeness,
            row.version_at,
            row.digest,
        )
        .fetch_optional(&mut *connection)
        .await?;
        changed.add((i64::from(written.is_some()), Vec::new()));
        news.extend(written);
    }
    if news.is_empty() {
        return Ok(changed);
    }
    let moves = Moves::read(connection).await?;
    for id in news {
        if let Some(to) = moves.0.contains_key(&id).then(|| moves.renamed(&id)).flatten() {
            for kind in Fact::KINDS.iter().filter(|kind| kind.key_columns().any(|column| column.moves)) {
                for statement in statements(kind) {
                    sqlx::query(AssertSqlSafe(statement)).bind(&id).bind(&to).execute(&mut *connection).await?;
                }
            }
            super::repository::rename(connection, &to).await?;
            // of a group or an owner, the repositories are not known by name here
            changed.add((0, vec![crate::invalidations::EVERYTHING.to_owned()]));
        }
    }
    for kind in Fact::KINDS.iter().filter(|kind| !kind.key_columns().any(|column| column.moves)) {
        for column in kind.columns.iter().filter(|column| names_repositories(column) && column.holds == Holds::Texts) {
            rename_lists(connection, (*kind, column), &moves).await?;
        }
    }
    Ok(changed)
}

/// Services and teams list repositories, and there are few.
async fn rename_lists(
    connection: &mut PgConnection,
    (kind, column): (&Kind, &Column),
    moves: &Moves,
) -> Result<(), StoreError> {
    let Some(key) = kind.key_columns().next() else { return Ok(()) };
    let (table, key, list) = (quoted(kind.name), quoted(key.name), quoted(column.name));
    let select = AssertSqlSafe(format!("select {key}, {list} from {table}"));
    let known: Vec<(String, Vec<String>)> = sqlx::query_as(select).fetch_all(&mut *connection).await?;
    for (name, texts) in known {
        let renamed: Vec<String> =
            texts.iter().map(|text| moves.renamed_in(column, text).unwrap_or_else(|| text.clone())).collect();
        if renamed != texts {
            let update = AssertSqlSafe(format!("update {table} set {list} = $2 where {key} = $1"));
            sqlx::query(update).bind(&name).bind(&renamed).execute(&mut *connection).await?;
        }
    }
    Ok(())
}

/// Gives the rows of an old id, `$1`, the new one, `$2`. Where there is a row of the new id already, the better version
/// of both stays, as if both had come under one id. Of names of this program only.
fn statements(kind: &Kind) -> Vec<String> {
    let is_old = |column: &str| {
        format!("({column} = $1 or starts_with({column}, $1 || '/') or starts_with({column}, $1 || '#'))")
    };
    let moved = |column: &str| format!("$2 || substr({column}, length($1) + 1)");
    let name = quoted(kind.name);
    let (of_key, rest): (Vec<&Column>, Vec<&Column>) = kind.key_columns().partition(|column| column.moves);
    let same_rest = rest.iter().map(|column| format!("new.{0} = old.{0}", quoted(column.name)));
    let same_key = of_key.iter().map(|column| {
        let column = quoted(column.name);
        let old = format!("old.{column}");
        format!("{} and new.{column} = {}", is_old(&old), moved(&old))
    });
    let both = same_key.chain(same_rest).collect::<Vec<_>>().join(" and ");
    let version = |row: &str| format!("({row}.completeness, {row}.version_at, {row}.digest)");
    let mut statements = Vec::new();
    let joined = kind.columns.iter().filter_map(|column| Some((quoted(column.name), joined(column.keep)?)));
    let set = list(joined.map(|(column, join)| format!("{column} = {join}(new.{column}, old.{column})")));
    if !set.is_empty() {
        for (target, other) in [("new", "old"), ("old", "new")] {
            statements.push(format!("update {name} as {target} set {set} from {name} as {other} where {both}"));
        }
    }
    let (new_version, old_version) = (version("new"), version("old"));
    statements
        .push(format!("delete from {name} as old using {name} as new where {both} and {new_version} >= {old_version}"));
    statements.push(format!("delete from {name} as new using {name} as old where {both}"));
    for column in kind.columns.iter().filter(|column| column.moves) {
        let column = quoted(column.name);
        statements.push(format!("update {name} set {column} = {} where {}", moved(&column), is_old(&column)));
    }
    for column in kind.columns.iter().filter(|column| column.form == Form::Selector) {
        let column = quoted(column.name);
        let id = format!("substr(selector, length('{OF_REPOSITORY}') + 1)");
        let names_old = format!("starts_with(selector, '{OF_REPOSITORY}') and {}", is_old(&id));
        statements.push(format!(
            "update {name} set {column} = array(
                 select case when {names_old} then concat('{OF_REPOSITORY}', {}) else selector end
                 from unnest({column}) with ordinality as listed (selector, nth) order by nth)
             where exists (select from unnest({column}) as selector where {names_old})",
            moved(&id)
        ));
    }
    statements
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moves(all: &[(&str, &str)]) -> Moves {
        Moves(all.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect())
    }

    #[test]
    fn an_id_moves_with_its_repository_and_with_its_owner_and_others_stay() {
        let moves = moves(&[("h/a/old", "h/a/new"), ("h/a", "h/b"), ("h/c/x", "h/c/y")]);
        for (id, expected) in [
            ("h/a/old", Some("h/b/new")),
            ("h/a/old#12", Some("h/b/new#12")),
            ("h/a/old/run/7/1", Some("h/b/new/run/7/1")),
            ("h/a/older", Some("h/b/older")),
            ("h/c/x#1", Some("h/c/y#1")),
            ("h/c/xy", None),
            ("h/ab", None),
            ("", None),
        ] {
            assert_eq!(moves.renamed(id).as_deref(), expected, "{id}");
        }
    }
}
