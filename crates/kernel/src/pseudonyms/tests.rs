use serde_json::json;

use super::*;
use crate::people::JoinedPerson;
use crate::{Account, AccountId, Commit, Completeness, Fact, Person, Secret, Version};

fn key() -> PseudonymKey {
    PseudonymKey::new(Secret::new([7; 32]).unwrap())
}

fn person() -> JoinedPerson {
    JoinedPerson {
        name: "Ann Smith".to_owned(),
        bot: false,
        accounts: ["email/ann@x.org", "git.org/ann", "tracker/557058:ab"].map(AccountId::from).to_vec(),
        emails: vec!["ann@x.org".to_owned()],
        because: Vec::new(),
    }
}

fn version() -> Version {
    Version { completeness: Completeness::Reported, at: chrono::DateTime::UNIX_EPOCH }
}

/// By a mailmap; and of her and another, which says nothing of her alone.
fn stated() -> [Person; 2] {
    let emails = vec!["ann@x.org".to_owned(), "ann.smith@y.org".to_owned()];
    let mailmap = Person { emails, ..Person::new("Ann B. Smith <ann@x.org>".to_owned(), version()) };
    let accounts = vec!["git.org/ann".into(), "git.org/bo".into()];
    [mailmap, Person { accounts, ..Person::new("Both of Us".to_owned(), version()) }]
}

fn known() -> Pseudonyms {
    let accounts = [Account { name: "ann".to_owned(), ..Account::new("git.org/ann".into(), version()) }];
    let tombstones: Vec<Tombstone> = identifiers(&person(), &accounts, &stated())
        .iter()
        .map(|identifier| key().tombstone(identifier, true))
        .collect();
    Pseudonyms::new(&key(), tombstones)
}

fn of(identifier: &Identifier) -> String {
    key().tombstone(identifier, false).pseudonym()
}

#[test]
fn a_person_is_known_by_accounts_addresses_and_names() {
    let accounts = [Account { name: "ann".to_owned(), ..Account::new("git.org/ann".into(), version()) }];
    let found: Vec<_> = identifiers(&person(), &accounts, &stated())
        .into_iter()
        .map(|found| (found.kind.as_str(), found.text))
        .collect();
    let expected = [
        ("account", "git.org/ann"),
        ("account", "tracker/557058:ab"),
        ("address", "ann.smith@y.org"),
        ("address", "ann@x.org"),
        ("name", "ann b smith"),
        ("name", "ann smith"),
    ];
    assert_eq!(found, expected.map(|(kind, text)| (kind, text.to_owned())));
}

#[test]
fn identifiers_are_replaced_anywhere_in_a_text_and_nothing_else_is() {
    let known = known();
    let login = of(&Identifier::account("git.org/ann"));
    let address = of(&Identifier::address("ann@x.org"));
    let name = of(&Identifier { kind: IdentifierKind::Name, text: "ann smith".to_owned() });
    for (text, expected) in [
        ("git.org/ann", format!("git.org/{login}")),
        ("Git.org/Ann", format!("Git.org/{login}")),
        ("https://api.git.org/users/ann/repos", format!("https://api.git.org/users/{login}/repos")),
        ("email/ann@x.org", format!("email/{address}")),
        ("see <Ann@X.org>.", format!("see <{address}>.")),
        ("Signed-off-by: Ann  Smith <ann@x.org>", format!("Signed-off-by: {name} <{address}>")),
        ("ask @ann, or (ann smith) team", format!("ask @{login}, or ({name}) team")),
        ("7+ann@users.noreply.git.org", format!("0+{login}@users.noreply.git.org")),
    ] {
        assert_eq!(known.in_text(text).as_deref(), Some(expected.as_str()), "{text}");
    }
    let others = [
        "git.org/ann/shop",
        "git.org/anna",
        "mygit.org/ann",
        "joann@x.org",
        "ann@x.organic",
        "Ann Smithson",
        "@anna",
        "ann",
        "Ann",
        "",
        "Joann Smith",
    ];
    for text in others {
        assert_eq!(known.in_text(text), None, "{text}");
    }
    for replaced in [&login, &address, &name] {
        assert_eq!(known.in_text(replaced), None, "a pseudonym is none's identifier");
    }
}

#[test]
fn branches_that_are_called_after_a_login_are_called_after_its_pseudonym() {
    let known = known();
    let login = of(&Identifier::account("git.org/ann"));
    for (text, expected) in [
        ("Merge branch 'ann/totals' into 'main'", format!("Merge branch '{login}/totals' into 'main'")),
        ("Merge remote-tracking branch 'origin/ann/x'", format!("Merge remote-tracking branch 'origin/{login}/x'")),
        ("Merge pull request #7 from Ann/patch-1", format!("Merge pull request #7 from {login}/patch-1")),
        ("Merged in ann/totals (pull request #7)", format!("Merged in {login}/totals (pull request #7)")),
        ("see refs/heads/ann/totals", format!("see refs/heads/{login}/totals")),
    ] {
        assert_eq!(known.in_text(text).as_deref(), Some(expected.as_str()), "{text}");
    }
    let mut row = json!({ "source_branch": "ann/totals", "branch": "refs/heads/ann/x", "title": "ann/totals", "id": "ann/x",
                          "fact": { "head_branch": "ann/y", "target_branch": "main" } });
    assert!(known.in_row("change", &mut row));
    let expected = json!({ "source_branch": format!("{login}/totals"), "branch": format!("refs/heads/{login}/x"),
                           "title": "ann/totals", "id": "ann/x",
                           "fact": { "head_branch": format!("{login}/y"), "target_branch": "main" } });
    assert_eq!(row, expected);
    assert!(!known.in_row("change", &mut row), "replaced once, nothing is left");
    let payload =
        r#"{"ref":"refs/heads/ann/x","head":{"ref":"ann/x","label":"ann:x"},"repository":{"full_name":"ann/shop"}}"#;
    let replaced = String::from_utf8(known.in_payload(payload.as_bytes(), &[]).unwrap()).unwrap();
    assert_eq!(replaced, payload.replace("ann/x", &format!("{login}/x")).replace("ann:x", &format!("{login}:x")));
    // of one that is called so, too, no branch is that is called after its kind
    let key = key();
    let fix = Pseudonyms::new(&key, [key.tombstone(&Identifier::account("git.org/fix"), true)]);
    let mut row = json!({ "branch": "fix/totals", "account": "git.org/fix" });
    assert!(fix.in_row("pipeline_run", &mut row) && row["branch"] == "fix/totals", "{row}");
    for text in ["from annex/x", "Merge branch 'annual/x'", "from ann", "Merge branch 'main'"] {
        assert_eq!(known.in_text(text), None, "{text}");
    }
}

#[test]
fn a_payload_keeps_every_byte_but_those_of_the_person() {
    let known = known();
    let login = of(&Identifier::account("git.org/ann"));
    let payload = r#"{ "ref":"ann",  "sender": {"login":"Ann", "id": 1e2},"pusher":{"name":"ann"},
        "head":"\u0041nn Smith writes \"hi\"", "repository": {"name": "ann", "url":"https://git.org/ann/shop"} }"#;
    let replaced = String::from_utf8(known.in_payload(payload.as_bytes(), &[]).unwrap()).unwrap();
    let name = of(&Identifier { kind: IdentifierKind::Name, text: "ann smith".to_owned() });
    let expected = payload
        .replace(r#""login":"Ann""#, &format!(r#""login":"{login}""#))
        .replace(r#""pusher":{"name":"ann"}"#, &format!(r#""pusher":{{"name":"{login}"}}"#))
        .replace(r"\u0041nn Smith writes", &format!("{name} writes"));
    assert_eq!(replaced, expected);
    assert_eq!(known.in_payload(replaced.as_bytes(), &[]), None, "replaced once, nothing is left");
    // the same login at another host is another person's
    assert_eq!(known.in_payload(br#"{"login":"ann","url":"https://other.org/x"}"#, &[]), None);
    assert!(known.in_payload(br#"{"login":"ann"}"#, &["git.org/o/r"]).is_some());
    assert!(known.in_payload(b"no JSON, from ann@x.org", &[]).is_some());
    assert_eq!(known.in_payload(b"\xff ann@x.org", &[]), None);
}

#[test]
fn facts_keep_their_versions_and_accounts_keep_their_marks() {
    let known = known();
    let account = Account {
        name: "Annie".to_owned(),
        email: Some("annie@new.org".to_owned()),
        bot: true,
        ..Account::new("git.org/ann".into(), version())
    };
    let Fact::Account(replaced) = known.in_fact(&Fact::Account(account)).unwrap().unwrap() else { panic!() };
    let login = of(&Identifier::account("git.org/ann"));
    assert_eq!(replaced.id.as_str(), format!("git.org/{login}"));
    assert_eq!(replaced.name, login.replace("person-", "Person "));
    assert_eq!((replaced.email, replaced.bot, replaced.version), (None, true, version()));
    let commit = json!({
        "fact": "commit", "repository": "git.org/ann/shop", "sha": "9fceb02d0ae598e95dc970b74767f19372d61af8",
        "author": "git.org/ann", "co_authors": ["email/ann@x.org"], "authored_at": "2026-01-01T00:00:00Z",
        "committed_at": "2026-01-01T00:00:00Z", "subject": "Merge of Ann Smith", "version": { "at": "2026-01-01T00:00:00Z" },
    });
    let commit: Fact = serde_json::from_value(commit).unwrap();
    let Fact::Commit(Commit { repository, author, co_authors, subject, .. }) = known.in_fact(&commit).unwrap().unwrap()
    else {
        panic!()
    };
    assert_eq!((repository.as_str(), author.unwrap().0), ("git.org/ann/shop", format!("git.org/{login}")));
    assert!(
        co_authors[0].as_str().ends_with("@pseudonym.invalid") && subject.starts_with("Merge of Person "),
        "{subject}"
    );
    let stated = Person {
        accounts: vec!["git.org/ann".into(), "git.org/bo".into()],
        emails: vec!["ann@x.org".to_owned()],
        ..Person::new("Ann Smith".to_owned(), version())
    };
    let Fact::Person(stated) = known.in_fact(&Fact::Person(stated)).unwrap().unwrap() else { panic!() };
    assert_eq!((stated.accounts, stated.emails), (vec![AccountId::from("git.org/bo")], Vec::new()));
    assert!(stated.name.starts_with("Person "), "{}", stated.name);
    let other = Person { name: "Bo".to_owned(), ..Person::new("Bo".to_owned(), version()) };
    assert_eq!(known.in_fact(&Fact::Person(other)).unwrap(), None);
}

#[test]
fn needles_are_in_whatever_may_name_the_person() {
    let needles = Needles::of(&identifiers(&person(), &[], &[]));
    for text in ["ANN", "x ann@x.org", "557058:AB"] {
        assert!(needles.may_be_in(text.as_bytes()), "{text}");
    }
    assert!(!needles.may_be_in(b"bo@x.org and others"));
    let patterns = needles.patterns();
    for pattern in
        ["%git.org/ann%", "%@ann%", "%ann%smith%", "%ann@x.org%", "%/users/ann%", "%ann@users.noreply.git.org%"]
    {
        assert!(patterns.iter().any(|one| one == pattern), "{pattern}: {patterns:?}");
    }
}
