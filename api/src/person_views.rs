//! Views of data about single persons. REST, GraphQL and the command line record them here, each before it shows anything.
//!
//! Recorded are metrics by person, lists of one account's rows, and persons with their names and addresses. What a person
//! sees of oneself is not, nor is an account that a fact names, as the author of a change.

use std::net::IpAddr;

use kernel::pseudonyms::Identifier;
use serde_json::{Value, json};
use store::audit::{self, Action, Actor, Entry};
use store::{Store, StoreError, pseudonyms};

use crate::questions::MetricQuestion;

/// A view of data about single persons.
#[derive(Clone, Debug, PartialEq)]
pub struct PersonView {
    subject: String,
    detail: Value,
    /// Whose rows these are, if those of one account.
    account: Option<String>,
}

impl PersonView {
    /// That of metrics by person; `None` of those that name no person.
    #[must_use]
    pub fn of_metrics(names: &[&str], question: &MetricQuestion) -> Option<Self> {
        let detail = json!({ "by": question.question.by, "service": question.services.service });
        let subject = format!("metric {}", names.join(", "));
        question.names_people().then_some(Self { subject, detail, account: None })
    }

    /// That of the rows of an account in a list.
    #[must_use]
    pub fn of_rows(list: &str, account: &str) -> Self {
        Self { subject: list.to_owned(), detail: json!({}), account: Some(account.to_owned()) }
    }

    /// That of persons with their names and addresses.
    #[must_use]
    pub fn of_persons(over: &str) -> Self {
        Self { subject: "people".to_owned(), detail: json!({ "over": over }), account: None }
    }

    /// Records it in the tenant of a store that can write. An account has its pseudonym there: the audit log outlives what
    /// is known of people.
    pub async fn record(self, store: &Store, actor: Actor, address: Option<IpAddr>) -> Result<(), StoreError> {
        let Self { subject, mut detail, account } = self;
        let mut tx = store.begin().await?;
        if let Some(account) = account {
            let key = pseudonyms::key(&mut tx).await?;
            let pseudonym = key.tombstone(&Identifier::account(&account), false).pseudonym();
            if let Some(detail) = detail.as_object_mut() {
                detail.insert("account".to_owned(), pseudonym.into());
            }
        }
        let entry = Entry::new(actor, Action::PersonViewed, subject).of(store.tenant()).with(detail);
        audit::record(&mut tx, &entry.from_address(address.map(|address| address.to_string()))).await?;
        tx.commit().await
    }
}
