//! Finds things by what people call them: keys, numbers, versions, the beginning of a commit's id, words of a title. One
//! statement for all kinds, each part of which reads by an index or a short table.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use kernel::{Change, Commit, Deployment, Incident, SearchKind, Sprint, WorkItem};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Row as _};

use super::filter::Owners;
use super::known::{RepositoryRow, ServiceRow, TeamRow};
use super::listed::{ListOf, Listed};
use crate::error::word;
use crate::{Store, StoreError};

/// What is searched for.
#[derive(Clone, Debug)]
pub struct SearchText {
    /// The text.
    pub text: String,
    /// The words of the text, which titles hold as beginnings of their words.
    pub words: Vec<String>,
    /// The number of a change that it names, with how the change's id ends: `#12`, or `shop#12`.
    pub number: Option<(i64, String)>,
    /// The ids of commits that it is the beginning of: from the first on, up to the second.
    pub commits: Option<(Vec<u8>, Vec<u8>)>,
}

impl SearchText {
    /// Whether its words say enough: most titles have a word that begins with one letter.
    fn is_selective(&self) -> bool {
        self.words.iter().any(|word| word.chars().nth(1).is_some())
    }
}

/// Where is searched.
#[derive(Clone, Debug)]
pub struct SearchScope {
    /// Only what is of these kinds.
    pub kinds: BTreeSet<SearchKind>,
    /// Only what belongs to these.
    pub owners: Option<Arc<Owners>>,
    /// How many things at most.
    pub limit: u32,
}

/// How well a thing fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SearchRank {
    /// It is called so.
    Exact,
    /// What it is called begins so.
    Beginning,
    /// Its title has words that begin so.
    Words,
}

/// A thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundThing {
    /// What it is.
    pub kind: SearchKind,
    /// How well it fits.
    pub rank: SearchRank,
    /// The parts of its key.
    pub key: Vec<String>,
    /// Its id, as lists have it.
    pub id: String,
    /// Its title, or what it is called.
    pub title: String,
    /// What else says which one it is.
    pub subtitle: Option<String>,
    /// When it was opened, created, detected, written or finished.
    pub at: Option<DateTime<Utc>>,
    /// Its web address.
    pub url: Option<String>,
}

/// How things of a kind are found. SQL calls the row `t`; `$1` is the text, `$2` the last of what begins with it, `$3` its
/// words, `$4` the number of rows, `$7` and `$8` a number and how an id ends that has it, `$9` and `$10` ids of commits.
struct Searched {
    kind: SearchKind,
    list: &'static ListOf,
    /// Instead of the table of the list.
    from: Option<&'static str>,
    also: &'static str,
    key: &'static str,
    id: &'static str,
    title: &'static str,
    subtitle: &'static str,
    url: &'static str,
    is: &'static str,
    begins: &'static str,
    /// The text whose words are searched.
    words: &'static str,
}

/// The text of a change whose words are searched, as their index has it. SQL calls the row `t`.
pub(super) const WORDS_OF_CHANGE: &str = "t.title || ' ' || coalesce(t.source_branch, '')";

const NAME_IS: &str = "lower(t.name) = lower($1)";
const NAME_BEGINS: &str = "lower(t.name) ~>=~ lower($1) and lower(t.name) ~<~ lower($2)";
/// A version may be named without its `v`.
const VERSION_IS: &str = "lower(t.name) in (lower($1), 'v' || lower($1))";
const VERSION_BEGINS: &str = "(lower(t.name) ~>=~ lower($1) and lower(t.name) ~<~ lower($2)
                               or lower(t.name) ~>=~ ('v' || lower($1)) and lower(t.name) ~<~ ('v' || lower($2)))";

const BY_NAME: Searched = Searched {
    kind: SearchKind::Service,
    list: <ServiceRow as Listed>::LIST,
    from: None,
    also: "",
    key: "array[t.name]",
    id: "t.name",
    title: "t.name",
    subtitle: "null",
    url: "null",
    is: NAME_IS,
    begins: NAME_BEGINS,
    words: "t.name",
};

const BY_ID: Searched = Searched { key: "array[t.id]", id: "t.id", url: "t.url", ..BY_NAME };

static SEARCHED: [Searched; 10] = [
    Searched {
        kind: SearchKind::Change,
        list: <Change as Listed>::LIST,
        title: "t.title",
        subtitle: "concat_ws(' · ', t.id, t.state)",
        is: "(t.id = $1 or t.number = $7 and right(t.id, length($8)) = $8)",
        begins: "",
        words: WORDS_OF_CHANGE,
        ..BY_ID
    },
    Searched {
        kind: SearchKind::Commit,
        list: <Commit as Listed>::LIST,
        from: Some(
            "repository r cross join lateral (select * from commit c where c.repository = r.id and c.sha >= $9
                                                 and c.sha < $10 order by c.sha limit $4) t",
        ),
        key: "array[t.repository, encode(t.sha, 'hex')]",
        id: "t.repository || '@' || encode(t.sha, 'hex')",
        title: "t.subject",
        subtitle: "concat_ws(' · ', t.repository, left(encode(t.sha, 'hex'), 12))",
        is: "true",
        begins: "",
        words: "",
        ..BY_NAME
    },
    Searched {
        kind: SearchKind::WorkItem,
        list: <WorkItem as Listed>::LIST,
        title: "t.title",
        subtitle: "concat_ws(' · ', t.key, nullif(t.status, ''))",
        is: "(lower(t.key) = lower($1) or t.id = $1 or t.key = $8)",
        begins: "lower(t.key) ~>=~ lower($1) and lower(t.key) ~<~ lower($2)",
        words: "t.title",
        ..BY_ID
    },
    Searched {
        kind: SearchKind::Release,
        list: <Deployment as Listed>::LIST,
        also: "t.source in ('branch', 'release', 'tag')",
        title: "coalesce(t.name, t.id)",
        subtitle: "coalesce(t.service, t.repository)",
        is: VERSION_IS,
        begins: VERSION_BEGINS,
        words: "",
        ..BY_ID
    },
    Searched {
        kind: SearchKind::Deployment,
        list: <Deployment as Listed>::LIST,
        also: "t.source not in ('branch', 'release', 'tag')",
        title: "coalesce(t.name, t.id)",
        subtitle: "concat_ws(' · ', coalesce(t.service, t.repository), t.environment)",
        is: VERSION_IS,
        begins: VERSION_BEGINS,
        words: "",
        ..BY_ID
    },
    Searched {
        kind: SearchKind::Incident,
        list: <Incident as Listed>::LIST,
        title: "t.title",
        subtitle: "concat_ws(' · ', coalesce(t.service, t.repository), t.severity)",
        is: "(t.id = $1 or lower(regexp_replace(t.id, '^.*/', '')) = lower($1))",
        begins: "lower(regexp_replace(t.id, '^.*/', '')) ~>=~ lower($1)
                 and lower(regexp_replace(t.id, '^.*/', '')) ~<~ lower($2)",
        words: "t.title",
        ..BY_ID
    },
    Searched {
        // without the last deployment of each
        from: Some(
            "(select c.service as name, s.team from computation c
                left join service s on s.name = c.service and not s.deleted) t",
        ),
        subtitle: "t.team",
        ..BY_NAME
    },
    Searched {
        kind: SearchKind::Repository,
        list: <RepositoryRow as Listed>::LIST,
        title: "t.name",
        subtitle: "t.id",
        is: "(lower(t.id) = lower($1) or lower(t.name) = lower($1))",
        words: "t.id || ' ' || t.name",
        ..BY_ID
    },
    Searched { kind: SearchKind::Team, list: <TeamRow as Listed>::LIST, subtitle: "t.parent", ..BY_NAME },
    Searched {
        kind: SearchKind::Sprint,
        list: <Sprint as Listed>::LIST,
        title: "t.name",
        subtitle: "t.board",
        ..BY_ID
    },
];

impl Searched {
    /// The statement of the things of a rank; `None` where nothing is found so.
    fn select(&self, rank: SearchRank, text: &SearchText, is_narrowed: bool) -> Option<String> {
        let fits = match rank {
            SearchRank::Exact => self.is.to_owned(),
            SearchRank::Beginning => self.begins.to_owned(),
            SearchRank::Words if self.words.is_empty() || !text.is_selective() => String::new(),
            SearchRank::Words => format!("search_words({}) @@ to_tsquery('pg_catalog.simple', $3)", self.words),
        };
        let is_possible = match self.kind {
            SearchKind::Commit => text.commits.is_some(),
            _ => true,
        };
        let is_seen = !is_narrowed || !self.list.owners.is_empty();
        if fits.is_empty() || !is_possible || !is_seen {
            return None;
        }
        let at = if self.list.is_timed() { self.list.time() } else { "null::timestamptz" };
        let mut conditions = vec![fits.as_str(), self.also, self.list.condition];
        let owners = self.list.owners.replace("$S", "$5").replace("$R", "$6");
        let owners = format!("({owners})");
        if is_narrowed {
            conditions.push(&owners);
        }
        conditions.retain(|condition| !condition.is_empty());
        Some(format!(
            "(select '{}' as kind, {}::int as rank, {} as key, {} as id, {} as title, ({})::text as subtitle, {at} as at, \
             ({})::text as url from {} where {} order by at desc nulls last limit $4)",
            self.kind.as_str(),
            rank as i32,
            self.key,
            self.id,
            self.title,
            self.subtitle,
            self.url,
            self.from.unwrap_or(self.list.from),
            conditions.join(" and "),
        ))
    }
}

/// Finds things: first those that are called so, then those whose names begin so, then those with such words in their
/// titles; of those that fit alike the newest of each kind in turn.
pub async fn search(store: &Store, text: &SearchText, scope: &SearchScope) -> Result<Vec<FoundThing>, StoreError> {
    let is_narrowed = scope.owners.is_some();
    let searched = SEARCHED.iter().filter(|searched| scope.kinds.contains(&searched.kind));
    let ranks = [SearchRank::Exact, SearchRank::Beginning, SearchRank::Words];
    let selects: Vec<String> = searched
        .flat_map(|searched| ranks.iter().filter_map(move |rank| searched.select(*rank, text, is_narrowed)))
        .collect();
    // every name begins with an empty text
    if selects.is_empty() || text.text.is_empty() {
        return Ok(Vec::new());
    }
    let owners = scope.owners.as_deref().cloned().unwrap_or_default();
    let (begin, until) = text.commits.clone().unwrap_or_default();
    let words: Vec<String> = text.words.iter().map(|word| format!("'{word}':*")).collect();
    let rows = sqlx::query(AssertSqlSafe(selects.join(" union all ")))
        .bind(&text.text)
        // the last character of all: what begins with the text is before it
        .bind(format!("{}\u{10FFFF}", text.text))
        .bind(words.join(" & "))
        .bind(i64::from(scope.limit))
        .bind(&owners.services)
        .bind(&owners.repositories)
        .bind(text.number.as_ref().map(|(number, _)| *number))
        .bind(text.number.as_ref().map(|(_, end)| end.as_str()))
        .bind(begin)
        .bind(until)
        .fetch_all(store.pool())
        .await?;
    let found = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    Ok(in_turn(found, scope.limit))
}

fn read(row: &PgRow) -> Result<FoundThing, StoreError> {
    let kind: &str = row.try_get("kind")?;
    Ok(FoundThing {
        kind: word("kind", kind)?,
        rank: match row.try_get::<i32, _>("rank")? {
            0 => SearchRank::Exact,
            1 => SearchRank::Beginning,
            _ => SearchRank::Words,
        },
        key: row.try_get("key")?,
        id: row.try_get("id")?,
        title: row.try_get("title")?,
        subtitle: row.try_get::<Option<String>, _>("subtitle")?.filter(|subtitle| !subtitle.is_empty()),
        at: row.try_get("at")?,
        url: row.try_get("url")?,
    })
}

/// Each thing once, with the best rank that it has; of each rank the newest of each kind in turn.
fn in_turn(mut found: Vec<FoundThing>, limit: u32) -> Vec<FoundThing> {
    found.sort_by(|one, other| {
        (one.rank, one.kind, other.at, &one.id).cmp(&(other.rank, other.kind, one.at, &other.id))
    });
    let mut known = BTreeSet::new();
    found.retain(|thing| known.insert((thing.kind, thing.key.clone())));
    let mut counts: BTreeMap<(SearchRank, SearchKind), usize> = BTreeMap::new();
    let mut placed: Vec<(SearchRank, usize, FoundThing)> = Vec::with_capacity(found.len());
    for thing in found {
        let nth = counts.entry((thing.rank, thing.kind)).or_default();
        *nth += 1;
        placed.push((thing.rank, *nth, thing));
    }
    // stable: kinds stay in their order
    placed.sort_by_key(|(rank, nth, _)| (*rank, *nth));
    placed.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    placed.into_iter().map(|(.., thing)| thing).collect()
}

#[cfg(test)]
mod tests {
    use kernel::strum::VariantArray;

    use super::*;

    fn thing(kind: SearchKind, rank: SearchRank, id: &str, hour: u32) -> FoundThing {
        let at = format!("2026-03-01T{hour:02}:00:00Z").parse().ok();
        let key = vec![id.to_owned()];
        FoundThing { kind, rank, key, id: id.to_owned(), title: id.to_owned(), subtitle: None, at, url: None }
    }

    #[test]
    fn what_is_called_so_comes_first_and_kinds_take_turns() {
        use SearchKind::{Change, WorkItem};
        use SearchRank::{Exact, Words};
        let found = vec![
            thing(Change, Words, "a", 1),
            thing(Change, Words, "b", 3),
            thing(Change, Words, "c", 2),
            thing(WorkItem, Words, "d", 1),
            thing(WorkItem, Exact, "d", 1),
            thing(WorkItem, Words, "e", 0),
        ];
        let ids = |limit| in_turn(found.clone(), limit).into_iter().map(|thing| thing.id).collect::<Vec<_>>();
        assert_eq!(ids(10), ["d", "b", "e", "c", "a"]);
        assert_eq!(ids(2), ["d", "b"]);
    }

    #[test]
    fn each_kind_is_searched_once_and_what_belongs_to_no_service_is_hidden_from_those_who_see_some() {
        let kinds: Vec<SearchKind> = SEARCHED.iter().map(|searched| searched.kind).collect();
        // persons are joined from accounts when they are asked for
        let all = || <SearchKind as VariantArray>::VARIANTS.iter().filter(|kind| **kind != SearchKind::Person);
        assert_eq!(kinds.iter().collect::<BTreeSet<_>>(), all().collect());
        assert_eq!(kinds.len(), all().count());
        let text = SearchText { text: "x".into(), words: vec!["x".into()], number: None, commits: None };
        for searched in &SEARCHED {
            let exact = searched.select(SearchRank::Exact, &text, true);
            assert_eq!(exact.is_none(), searched.kind == SearchKind::Commit, "{:?}", searched.kind);
            assert!(exact.is_none_or(|statement| statement.contains("$5") || statement.contains("$6")));
        }
    }
}
