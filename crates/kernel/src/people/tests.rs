use chrono::DateTime;
use proptest::prelude::*;

use super::*;
use crate::{Completeness, Version};

const VERSION: Version = Version { completeness: Completeness::Reported, at: DateTime::UNIX_EPOCH };

fn account(id: &str, name: &str, email: Option<&str>) -> Account {
    Account { name: name.to_owned(), email: email.map(str::to_owned), ..Account::new(id.into(), VERSION) }
}

fn person(origin: &str, name: &str, accounts: &[&str], emails: &[&str]) -> Person {
    Person {
        origin: origin.to_owned(),
        accounts: accounts.iter().map(|id| AccountId::from(*id)).collect(),
        emails: emails.iter().map(|email| (*email).to_owned()).collect(),
        ..Person::new(name.to_owned(), VERSION)
    }
}

/// Who is who, in short: `name: account account`.
fn joined_texts(accounts: &[Account], persons: &[Person]) -> Vec<String> {
    let line = |human: &JoinedPerson| {
        let accounts: Vec<&str> = human.accounts.iter().map(AccountId::as_str).collect();
        format!("{}: {}", human.name, accounts.join(" "))
    };
    join(accounts, persons).iter().map(line).collect()
}

#[test]
fn an_address_that_two_accounts_have_joins_them_and_a_login_at_two_sources_does_not() {
    let accounts = [
        account("github.com/ann", "ann", Some("Ann@x.org")),
        account("email/ann@x.org", "Ann Smith", None),
        account("gitlab.com/ann", "ann", None),
    ];
    assert_eq!(joined_texts(&accounts, &[]), ["Ann Smith: email/ann@x.org github.com/ann", "ann: gitlab.com/ann"]);
    let human = &join(&accounts, &[])[0];
    assert_eq!(human.because, [JoinReason::Address { address: "ann@x.org".to_owned() }]);
    assert_eq!(human.emails, ["ann@x.org"]);
}

#[test]
fn addresses_that_many_share_join_no_accounts() {
    for shared in
        ["noreply@github.com", "root@localhost", "me@laptop.local", "dev@(none)", "ann@example.com", "nothing"]
    {
        let accounts = [account("a/1", "One", Some(shared)), account("b/2", "Two", Some(shared))];
        assert_eq!(join(&accounts, &[]).len(), 2, "{shared}");
    }
}

#[test]
fn an_address_that_a_forge_made_up_is_the_login_s() {
    for (login, address) in [
        ("github.com/octocat", "583231+octocat@users.noreply.github.com"),
        ("github.com/octocat", "octocat@users.noreply.github.com"),
        ("gitlab.com/ann", "7-ann@users.noreply.gitlab.com"),
        ("git.corp.org/ann", "ann@users.noreply.git.corp.org"),
    ] {
        let accounts = [account(login, "", None), account(&format!("email/{address}"), "Ann", None)];
        let joined = join(&accounts, &[]);
        assert_eq!(joined.len(), 1, "{address}");
        assert_eq!(joined[0].because, [JoinReason::Login { account: login.into() }]);
    }
    let elsewhere =
        [account("gitlab.com/octocat", "", None), account("email/octocat@users.noreply.github.com", "", None)];
    assert_eq!(join(&elsewhere, &[]).len(), 2);
}

#[test]
fn statements_join_and_name_and_accounts_not_yet_seen_are_listed() {
    let accounts = [account("github.com/ann", "ann", None), account("email/a@x.org", "a", None)];
    let mailmap = person("mailmap h/o/r", "A. Smith <ann@x.org>", &[], &["ann@x.org", "A@x.org"]);
    assert_eq!(
        joined_texts(&accounts, std::slice::from_ref(&mailmap)),
        ["A. Smith: email/a@x.org", "ann: github.com/ann"]
    );
    let configured = person(CONFIGURED, "Ann Smith", &["github.com/ann", "jira/ann"], &["a@x.org"]);
    assert_eq!(
        joined_texts(&accounts, &[mailmap.clone(), configured.clone()]),
        ["Ann Smith: email/a@x.org github.com/ann jira/ann"]
    );
    let gone = Person { deleted: true, ..configured };
    assert_eq!(joined_texts(&accounts, &[mailmap, gone]).len(), 2);
}

#[test]
fn one_that_was_split_off_stays_separate_whatever_else_is_stated() {
    let accounts = [
        account("github.com/ann", "ann", Some("team@x.org")),
        account("email/team@x.org", "Team", None),
        account("github.com/bo", "bo", Some("team@x.org")),
    ];
    assert_eq!(join(&accounts, &[]).len(), 1);
    let separate = Person { separate: true, ..person(SEI_PEOPLE, "Bo", &["github.com/bo"], &[]) };
    let stated = person(CONFIGURED, "All", &["github.com/ann", "github.com/bo"], &["team@x.org"]);
    assert_eq!(
        joined_texts(&accounts, &[stated, separate]),
        ["All: email/team@x.org github.com/ann", "Bo: github.com/bo"]
    );
}

#[test]
fn a_person_is_not_joined_with_a_program_by_an_address() {
    let accounts =
        [account("github.com/ann", "Ann", Some("ann@x.org")), account("github.com/ann-bot", "", Some("ann@x.org"))];
    let joined = join(&accounts, &[]);
    assert_eq!(joined.iter().map(|human| human.bot).collect::<Vec<_>>(), [false, true]);
    let stated = join(&accounts, &[person(CONFIGURED, "Ann", &["github.com/ann", "github.com/ann-bot"], &[])]);
    assert_eq!((stated.len(), stated[0].bot), (1, false));
}

#[test]
fn bots_are_known_by_their_logins_and_people_are_not_taken_for_bots() {
    for bot in [
        "github.com/dependabot[bot]",
        "email/49699333+dependabot[bot]@users.noreply.github.com",
        "github.com/acme-bot",
        "gitlab.com/project_278964_bot_1f0a",
        "gitlab.com/group_12_bot",
        "github.com/Renovate",
        "email/renovate-bot@corp.org",
    ] {
        assert!(names_bot(bot), "{bot}");
    }
    for human in [
        "github.com/abbot",
        "github.com/robotnik",
        "gitlab.com/project_manager",
        "email/bot@x.org",
        "github.com/botond",
        "",
    ] {
        assert!(!names_bot(human), "{human}");
    }
}

#[test]
fn the_settings_name_bots_by_login_or_id_in_any_case() {
    let named = ["Release".to_owned(), "pagerduty/PABC".to_owned()];
    let mut accounts = [
        "github.com/release",
        "GitHub.com/RELEASE",
        "pagerduty/PABC",
        "pagerduty/pabc",
        "github.com/ann",
        "h/release/x",
    ]
    .map(|id| account(id, "", None));
    mark_bots(&mut accounts, &named);
    assert_eq!(accounts.map(|account| account.bot), [true, true, true, true, false, false]);
    assert!(!NamedBots::new(&[]).has(""));
}

fn some_account() -> impl Strategy<Value = Account> {
    let id =
        prop_oneof!["(github.com|gitlab.com)/[abc]", "email/[abc]@x.org", "email/1\\+[abc]@users.noreply.github.com"];
    (id, "[XY]?", proptest::option::of("[abc]@(x.org|localhost)"), any::<bool>())
        .prop_map(|(id, name, email, bot)| Account { bot, ..account(&id, &name, email.as_deref()) })
}

fn some_person() -> impl Strategy<Value = Person> {
    let accounts = proptest::collection::vec("(github.com|gitlab.com)/[abcd]", 0..3);
    let emails = proptest::collection::vec("[abc]@x.org", 0..3);
    (prop_oneof!["people", "configuration", "mailmap r", ""], "[PQR]", accounts, emails, 0..4_u8).prop_map(
        |(origin, name, accounts, emails, kind)| Person {
            separate: kind == 1,
            deleted: kind == 2,
            accounts: accounts.into_iter().map(AccountId).collect(),
            emails,
            ..person(&origin, &name, &[], &[])
        },
    )
}

/// Things, each identity once, and another order of them.
fn two_orders<T: Clone + std::fmt::Debug>(
    thing: impl Strategy<Value = T>,
    identity: fn(&T) -> String,
) -> impl Strategy<Value = (Vec<T>, Vec<T>)> {
    proptest::collection::vec(thing, 0..10).prop_flat_map(move |things| {
        let mut seen = BTreeSet::new();
        let things: Vec<T> = things.into_iter().filter(|thing| seen.insert(identity(thing))).collect();
        (Just(things.clone()), Just(things).prop_shuffle())
    })
}

proptest! {
    #[test]
    fn the_order_of_what_is_known_does_not_matter_and_no_account_is_lost_or_doubled(
        (accounts, mixed) in two_orders(some_account(), |account| account.id.to_string()),
        (persons, stated) in two_orders(some_person(), |person| format!("{}/{}", person.origin, person.name)),
    ) {
        let joined = join(&accounts, &persons);
        prop_assert_eq!(&joined, &join(&mixed, &stated));
        let mut listed: Vec<&AccountId> = joined.iter().flat_map(|human| &human.accounts).collect();
        listed.sort();
        let named = persons.iter().filter(|person| !person.deleted).flat_map(|person| &person.accounts);
        let known: BTreeSet<&AccountId> = accounts.iter().map(|account| &account.id).chain(named).collect();
        prop_assert_eq!(listed, known.into_iter().collect::<Vec<_>>());
        for human in joined {
            prop_assert_eq!(human.accounts.len() > 1, !human.because.is_empty());
        }
    }
}
