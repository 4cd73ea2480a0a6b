//! What was done to the code: changes with their reviews, what was deployed of it, and who wrote it.

use std::collections::{HashMap, HashSet};

use regex::Regex;
use store::flow::{self, ChangeRow, WriterRow};

use super::Loader;
use crate::bots::Bots;
use crate::compute::{GivenReview, rule_set};
use crate::metrics::beginning::began;
use crate::metrics::change_type::{assisted, change_type};
use crate::metrics::rows::{Author, Change, Deployed, Entry, Key, Name, Review, Subject};
use crate::metrics::tables::TableBuilder;
use crate::{DoraError, options};

impl Loader<'_> {
    fn assistants(&self) -> Result<Regex, DoraError> {
        options::pattern("dora.assistants", &self.settings.assistants)
    }

    /// Reviews and comments of the changes, oldest first.
    async fn reviews(&mut self) -> Result<HashMap<Box<str>, Vec<Review>>, DoraError> {
        let names = &mut *self.names;
        let mut of_changes: HashMap<Box<str>, Vec<Review>> = HashMap::new();
        flow::reviews(self.tx, &self.part, |row| {
            let review = Review { reviewer: names.opt(row.reviewer), at: row.at };
            match of_changes.get_mut(row.change) {
                Some(reviews) => reviews.push(review),
                None => {
                    of_changes.insert(row.change.into(), vec![review]);
                }
            }
        })
        .await?;
        Ok(of_changes)
    }

    pub(super) async fn changes(&mut self) -> Result<(), DoraError> {
        let assistants = self.assistants()?;
        let mut with_assistant = AssistedChanges::new(&assistants);
        flow::writers(self.tx, &self.part, |row| with_assistant.note(&row)).await?;
        let mut reviews = self.reviews().await?;
        let bots = Bots::read(self.tx, self.settings).await?;
        let lead_time_start = self.settings.lead_time_start;
        let names = &mut *self.names;
        let mut changes = TableBuilder::default();
        flow::changes(self.tx, &self.part, |row| {
            let reviews = reviews.remove(row.id).unwrap_or_default();
            let change = Change {
                first_commit: began(&row, lead_time_start),
                opened: row.opened,
                ready: row.ready,
                merged: row.merged,
                closed: row.closed,
                lines: row
                    .additions
                    .zip(row.deletions)
                    .map(|(additions, deletions)| additions.saturating_add(deletions)),
                reviews: counted(&row, reviews, &bots),
            };
            let ai = with_assistant.has(row.id) || assisted(&assistants, row.author, row.branch);
            let subject = Subject {
                repository: Some(names.get(row.repository)),
                labels: names.all(&row.labels),
                kind: Some(names.get(change_type(row.title, &row.labels, row.branch))),
                ai: Some(ai),
                author: names.opt(row.author),
                ..Subject::default()
            };
            changes.push(Entry { key: Key::of(row.id), subject, row: change }, |subject| subject.repository.as_ref());
        })
        .await?;
        self.tables.changes = changes.build();
        Ok(())
    }

    pub(super) async fn deployed(&mut self) -> Result<(), DoraError> {
        let assistants = self.assistants()?;
        let mut with_assistant = AssistedChanges::new(&assistants);
        if self.by_writers {
            flow::writers_of_deployed(self.tx, &self.part, |row| with_assistant.note(&row)).await?;
        }
        let names = &mut *self.names;
        let mut deployed = TableBuilder::default();
        flow::deployed(self.tx, &self.part, |row| {
            let ai = with_assistant.has(row.id) || assisted(&assistants, row.author, row.branch);
            let subject = Subject {
                service: Some(names.get(row.service)),
                repository: Some(names.get(row.repository)),
                labels: names.all(&row.labels),
                kind: Some(names.get(change_type(row.title, &row.labels, row.branch))),
                ai: Some(ai),
                author: names.opt(row.author),
                ..Subject::default()
            };
            let [coding, pickup, review, approval, deploy] = row.stages.map(Into::into);
            let (key, at, lead_time) = (Key::of(row.id), row.deployed, row.lead_time.into());
            let deployment = Key::of(row.deployment);
            let row = Deployed { at, deployment, lead_time, coding, pickup, review, approval, deploy };
            deployed.push(Entry { key, subject, row }, |subject| subject.service.as_ref());
        })
        .await?;
        self.tables.deployed = deployed.build();
        Ok(())
    }

    pub(super) async fn authors(&mut self) -> Result<(), DoraError> {
        let bots = Bots::read(self.tx, self.settings).await?;
        let names = &mut *self.names;
        let mut commits: HashMap<(Name, Name), Vec<(i64, i64)>> = HashMap::new();
        flow::authors(self.tx, &self.part, |row| {
            let author = (names.get(row.repository), names.get(row.author));
            commits.entry(author).or_default().push((row.at, row.lines));
        })
        .await?;
        commits.retain(|(_, author), _| !bots.is(author));
        let mut people: Vec<_> = commits.into_iter().collect();
        people.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
        let mut authors = TableBuilder::default();
        for ((repository, author), commits) in people {
            let subject = Subject { repository: Some(repository), ..Subject::default() };
            let row = Author::new(author, commits);
            authors.push(Entry { subject, row, ..Entry::default() }, |subject| subject.repository.as_ref());
        }
        self.tables.authors = authors.build();
        Ok(())
    }
}

/// The changes of which an assistant wrote a commit.
struct AssistedChanges<'a> {
    assistants: &'a Regex,
    /// Whether an account is an assistant.
    accounts: HashMap<Box<str>, bool>,
    changes: HashSet<Box<str>>,
}

impl<'a> AssistedChanges<'a> {
    fn new(assistants: &'a Regex) -> Self {
        Self { assistants, accounts: HashMap::new(), changes: HashSet::new() }
    }

    fn note(&mut self, row: &WriterRow<'_>) {
        let is_assistant = self.accounts.get(row.writer).copied().unwrap_or_else(|| {
            let is_assistant = self.assistants.is_match(row.writer);
            self.accounts.insert(row.writer.into(), is_assistant);
            is_assistant
        });
        if is_assistant {
            self.changes.insert(row.change.into());
        }
    }

    fn has(&self, change: &str) -> bool {
        self.changes.contains(change)
    }
}

/// The reviews of a change and the comments on it that count, out of all of them.
fn counted(row: &ChangeRow<'_>, mut reviews: Vec<Review>, bots: &Bots) -> Box<[Review]> {
    let rules = rule_set(bots.rules());
    reviews.retain(|review| {
        let reviewer = review.reviewer.as_deref();
        let by_bot = reviewer.is_some_and(|account| bots.is(account));
        rules.counts(&GivenReview { reviewer, by_bot, at: review.at, author: row.author, merged: row.merged })
    });
    reviews.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings;

    #[test]
    fn which_reviews_count_is_decided_by_the_rules_that_are_followed() {
        let review = |(reviewer, at): (&str, i64)| Review { reviewer: Some(reviewer.into()), at };
        let row = ChangeRow { author: Some("ann"), merged: Some(10), ..ChangeRow::default() };
        let times = |compat| -> Vec<i64> {
            let settings = settings::Dora { compat, ..settings::Dora::default() };
            let bots = Bots::of(["bot".to_owned()], &settings).unwrap();
            let reviews = [("ann", 4), ("bot", 5), ("bob", 6), ("eve", 8), ("bob", 12)].map(review).to_vec();
            counted(&row, reviews, &bots).iter().map(|review| review.at).collect()
        };
        // neither what the author says, nor a bot, nor what comes after the merge
        assert_eq!(times(settings::Compat::Off), [6, 8]);
        assert_eq!(times(settings::Compat::Devlake), [5, 6, 8, 12]);
    }

    #[test]
    fn a_change_is_assisted_if_an_assistant_wrote_any_of_its_commits() {
        let pattern = Regex::new("copilot").unwrap();
        let mut changes = AssistedChanges::new(&pattern);
        for (change, writer) in [("a", "ann"), ("a", "copilot"), ("b", "ann"), ("c", "copilot")] {
            changes.note(&WriterRow { change, writer });
        }
        assert_eq!(["a", "b", "c", "d"].map(|change| changes.has(change)), [true, false, true, false]);
    }
}
