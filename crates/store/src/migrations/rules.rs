//! The rules of `migrations/README.md`, held over the text of migrations: no statement rewrites a table that is there or
//! locks it for as long as it takes to read it, and what takes something away says which programs do without it.

use super::{MigrationSet, contracts_after};

/// Functions whose value differs by row: as a default they make PostgreSQL write the table again.
const VOLATILE: [&str; 5] = ["clock_timestamp(", "gen_random_uuid(", "random(", "nextval(", "pg_current_xact_id("];

/// What is wrong with a migration: the statement, and why.
fn faults(version: i64, sql: &str) -> Vec<String> {
    let statements = statements(sql);
    let mut new_tables: Vec<String> = Vec::new();
    let mut found = Vec::new();
    for statement in &statements {
        let words: Vec<&str> = statement.split(' ').collect();
        if words.starts_with(&["create", "table"]) {
            new_tables.extend(after(&words, "table").map(table_name));
        }
        let is_of_new = table_of(statement).is_some_and(|table| new_tables.contains(&table));
        if !is_of_new && let Some(why) = fault(statement) {
            found.push(format!("migration {version}: {why}: {statement}"));
        }
    }
    let concurrent = statements.iter().any(|statement| statement.contains(" concurrently "));
    if concurrent && (statements.len() > 1 || !sql.starts_with("-- no-transaction")) {
        found.push(format!(
            "migration {version}: a concurrent statement stands alone in a file that begins with -- no-transaction"
        ));
    }
    if statements.iter().any(|statement| takes_away(statement))
        && contracts_after(sql).is_none_or(|after| after >= version)
    {
        found.push(format!("migration {version}: it takes something away and has no line `-- contracts after NNNN`"));
    }
    found
}

/// Why a statement on a table that is there holds up others.
fn fault(statement: &str) -> Option<&'static str> {
    let has = |words: &str| statement.contains(words);
    let adds = |what: &str| has(&format!(" add {what}"));
    if has("create index ") || has("create unique index ") {
        return (!has(" concurrently ")).then_some("an index is made concurrently");
    }
    if statement.starts_with("do ") && (has("alter table") || has("update ") || has("delete from ")) {
        return Some("a block can't be checked");
    }
    if ["update ", "delete from ", "lock ", "cluster ", "vacuum ", "reindex "]
        .iter()
        .any(|begin| statement.starts_with(begin))
    {
        return Some("it touches all rows, or holds up who does");
    }
    if !statement.starts_with("alter table ") {
        return None;
    }
    if has(" alter column ") && has(" type ") {
        return Some("the type of a column stays");
    }
    if has(" set not null") {
        return Some("`set not null` reads the table; add a check `not valid` and validate it instead");
    }
    if (adds("constraint") || adds("check") || adds("foreign key") || adds("unique") || adds("primary key"))
        && !has(" not valid")
        && !has(" using index ")
    {
        return Some("a constraint is added `not valid`, or `using index`");
    }
    if adds("column") {
        if VOLATILE.iter().any(|function| has(function)) || has(" generated ") || has("serial") {
            return Some("a default that differs by row writes the table again");
        }
        if has(" not null") && !has(" default ") {
            return Some("rows that are there have no value");
        }
    }
    None
}

/// Whether programs may miss what a statement takes away.
fn takes_away(statement: &str) -> bool {
    let changes =
        statement.starts_with("alter table ") && (statement.contains(" drop ") || statement.contains(" rename "));
    changes || statement.starts_with("drop table ") || statement.starts_with("drop function ")
}

/// The table that a statement is about.
fn table_of(statement: &str) -> Option<String> {
    let words: Vec<&str> = statement.split(' ').collect();
    let found = match *words.first()? {
        "alter" => after(&words, "table"),
        "create" => after(&words, "on"),
        "update" => words.get(1).copied(),
        "delete" => after(&words, "from"),
        _ => None,
    };
    found.map(table_name)
}

/// The name that follows a word.
fn after<'a>(words: &[&'a str], word: &str) -> Option<&'a str> {
    let mut rest = words.iter().copied().skip_while(|found| *found != word).skip(1);
    rest.find(|found| !["if", "not", "exists", "only"].contains(found))
}

fn table_name(word: &str) -> String {
    word.split('(').next().unwrap_or_default().trim_matches('"').to_owned()
}

/// The statements of a text, in lower case, with single spaces and without comments.
fn statements(sql: &str) -> Vec<String> {
    let uncommented: Vec<&str> = sql.lines().map(|line| line.split("--").next().unwrap_or_default()).collect();
    let text = uncommented.join("\n");
    let (mut all, mut statement) = (Vec::new(), String::new());
    // `;` ends no statement within a text or a body
    let (mut in_text, mut in_body) = (false, false);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '$' && !in_text && letters.next_if_eq(&'$').is_some() {
            in_body = !in_body;
            statement.push('$');
        }
        if letter == '\'' && !in_body {
            in_text = !in_text;
        }
        if letter == ';' && !in_text && !in_body {
            all.push(std::mem::take(&mut statement));
        } else {
            statement.push(letter);
        }
    }
    all.push(statement);
    let shown = |statement: String| statement.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    all.into_iter().map(shown).filter(|statement| !statement.is_empty()).collect()
}

#[test]
fn migrations_after_the_unreleased_ones_lock_no_table_for_long_and_say_what_they_take_away() {
    for set in [MigrationSet::Shared, MigrationSet::Tenant] {
        let new = set.migrator().iter().filter(|migration| migration.version > set.baseline());
        let found: Vec<String> = new.flat_map(|migration| faults(migration.version, migration.sql.as_str())).collect();
        assert!(found.is_empty(), "{found:#?}\nsee migrations/README.md");
    }
}

#[test]
fn each_rule_finds_what_it_is_for() {
    for (sql, is_fault) in [
        ("create table a (id text primary key); create index a_id on a (id); alter table a add unique (id)", false),
        ("create index change_x on change (x)", true),
        ("-- no-transaction\ncreate index concurrently change_x on change (x)", false),
        ("create index concurrently change_x on change (x)", true),
        ("-- no-transaction\ncreate index concurrently x on a (x); select 1", true),
        ("alter table change add column x text", false),
        ("alter table change add column x text not null default 'a'", false),
        ("alter table change add column x timestamptz not null default now()", false),
        ("alter table change add column x text not null", true),
        ("alter table change add column x uuid default gen_random_uuid()", true),
        ("alter table change add column x bigint generated always as identity", true),
        ("alter table change alter column x type bigint", true),
        ("alter table change alter column x set not null", true),
        ("alter table change add constraint x check (y > 0)", true),
        ("alter table change add constraint x check (y > 0) not valid", false),
        ("alter table change validate constraint x", false),
        ("alter table change add check (y > 0)", true),
        ("update change set x = 1", true),
        ("do $$ begin alter table change add column y text; end $$", true),
        ("alter table change drop column x", true),
        ("-- contracts after 0031\nalter table change drop column x", false),
        ("-- contracts after 0040\nalter table change drop column x", true),
        ("create function f() returns int language sql as $$ select 1; update change set x = 1 $$", false),
        ("insert into setting values ('a;b')", false),
    ] {
        let found = faults(40, sql);
        assert_eq!(!found.is_empty(), is_fault, "{sql}: {found:?}");
    }
}

#[test]
fn statements_end_outside_of_texts_and_bodies_only() {
    let found = statements("-- a; b\nselect 'x;y' ; create function f() as $$ a; b $$;\n\nselect 2");
    assert_eq!(found, ["select 'x;y'", "create function f() as $$ a; b $$", "select 2"]);
}
