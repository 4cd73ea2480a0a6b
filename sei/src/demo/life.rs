//! The life of one change: written in working hours, opened, reviewed, merged or given up.

use chrono::{DateTime, Datelike, Days, TimeDelta, Timelike, Utc, Weekday};
use kernel::{
    AccountId, Change, ChangeId, ChangeState, Commit, Completeness, Fact, Outcome, PipelineRun, RepositoryId, Review,
    ReviewState, Sha, StatusCategory, Version, WorkItem, WorkItemId,
};

use super::dice::{Dice, whole};
use super::names;

/// What a change is made for.
pub(super) enum Purpose {
    /// A feature, a fix, a cleanup.
    Work,
    /// A new version of a library, by a bot.
    Update,
    /// It takes back a change: its id, its title and the commit by which it came.
    Revert(ChangeId, String, Sha),
    /// It repairs production.
    Hotfix,
}

impl Purpose {
    /// Whether it is done at any time of the day.
    fn is_urgent(&self) -> bool {
        matches!(self, Self::Revert(..) | Self::Hotfix)
    }

    /// Whether it is one commit.
    fn is_small(&self) -> bool {
        self.is_urgent() || matches!(self, Self::Update)
    }
}

/// The surroundings of a change.
pub(super) struct Setting<'a> {
    pub(super) repository: &'a RepositoryId,
    pub(super) members: &'a [AccountId],
    pub(super) bot: &'a AccountId,
    /// The key of the team in the tracker.
    pub(super) key: &'a str,
    /// How many services the team has, and the position of this one among them: its items are numbered over all.
    pub(super) of_team: (i64, i64),
    /// The newest commit of the default branch.
    pub(super) base: Sha,
    /// By what delays are multiplied.
    pub(super) slowness: f64,
    pub(super) commits: f64,
    /// Changes are merged as one commit.
    pub(super) squash: bool,
    /// Reviews, runs and work items are reported too.
    pub(super) surroundings: bool,
}

impl Setting<'_> {
    /// The key of the item that a change is made for.
    fn item(&self, number: i64) -> String {
        let (services, position) = self.of_team;
        format!("{}-{}", self.key, (number - 1) * services + position + 1)
    }
}

/// A change with the plan of its life.
pub(super) struct Life {
    pub(super) id: ChangeId,
    number: i64,
    pub(super) title: String,
    author: AccountId,
    branch: String,
    labels: Vec<String>,
    commits: Vec<Commit>,
    started_at: DateTime<Utc>,
    opened_at: DateTime<Utc>,
    ready_at: Option<DateTime<Utc>>,
    reviews: Vec<Review>,
    /// When it is merged, or closed if it is given up.
    pub(super) ends_at: DateTime<Utc>,
    pub(super) given_up: bool,
    reverts: Option<ChangeId>,
    reverted: Option<Sha>,
    item: Option<i64>,
}

/// The next working instant: from Monday to Friday, 8 to 18 o'clock.
pub(super) fn working(dice: &mut Dice, at: DateTime<Utc>) -> DateTime<Utc> {
    let weekend = matches!(at.weekday(), Weekday::Sat | Weekday::Sun);
    if !weekend && (8..18).contains(&at.hour()) {
        return at;
    }
    let mut day = at.date_naive();
    if weekend || at.hour() >= 18 {
        day = day + Days::new(1);
    }
    while matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
        day = day + Days::new(1);
    }
    kernel::midnight(day, chrono_tz::Tz::UTC) + TimeDelta::hours(8) + TimeDelta::seconds(dice.between(0, 5400))
}

/// What a change does, and its label.
fn verb(dice: &mut Dice) -> (&'static str, Option<&'static str>) {
    dice.pick(&names::VERBS).copied().unwrap_or_default()
}

/// How a change is called, and by whom it is written.
struct Wording {
    title: String,
    author: AccountId,
    branch: String,
    labels: Vec<String>,
    thing: &'static str,
}

impl Wording {
    fn of(dice: &mut Dice, setting: &Setting<'_>, number: i64, purpose: &Purpose) -> Self {
        let author = dice.pick(setting.members).unwrap_or(setting.bot).clone();
        let thing = dice.word(&names::THINGS);
        let key = setting.item(number);
        let lower = key.to_lowercase();
        let (title, author, branch, label) = match purpose {
            Purpose::Work => {
                let (verb, label) = verb(dice);
                (format!("{key}: {verb} {thing}"), author, format!("{lower}/{}", thing.replace(' ', "-")), label)
            }
            Purpose::Update => {
                let library = dice.word(&names::LIBRARIES);
                let (major, minor, patch) = (dice.between(1, 9), dice.between(0, 30), dice.between(0, 9));
                let title = format!("Update {library} to {major}.{minor}.{patch}");
                (title, setting.bot.clone(), format!("updates/{library}-{number}"), Some("dependencies"))
            }
            Purpose::Revert(_, title, _) => (format!("Revert \"{title}\""), author, format!("revert-{number}"), None),
            Purpose::Hotfix => (format!("{key}: Fix {thing}"), author, format!("hotfix/{lower}"), Some("hotfix")),
        };
        Self { title, author, branch, labels: label.into_iter().map(str::to_owned).collect(), thing }
    }
}

impl Life {
    /// A change whose work starts at `start`.
    pub(super) fn plan(
        dice: &mut Dice,
        setting: &Setting<'_>,
        number: i64,
        start: DateTime<Utc>,
        purpose: Purpose,
    ) -> Self {
        let id = setting.repository.change(number);
        let Wording { title, author, branch, labels, thing } = Wording::of(dice, setting, number, &purpose);
        let (urgent, small) = (purpose.is_urgent(), purpose.is_small());
        let count = if small { 1 } else { 1 + dice.count(setting.commits - 1.0) };
        let hurry = match purpose {
            Purpose::Work => 1.0,
            Purpose::Update => 0.5,
            Purpose::Revert(..) => 0.03,
            Purpose::Hotfix => 0.06,
        };
        let pace = setting.slowness * hurry;
        let work = |dice: &mut Dice, at| if urgent { at } else { working(dice, at) };

        let mut commits = Vec::new();
        let mut at = start;
        let mut parent = setting.base;
        for index in 0..count {
            if index > 0 {
                let later = at + dice.hours(2.0 * pace);
                at = work(dice, later);
            }
            let sha = dice.sha();
            let subject = if index == 0 { title.clone() } else { format!("{} {thing}", verb(dice).0) };
            commits.push(commit(dice, setting, (sha, vec![parent]), &author, at, subject));
            parent = sha;
        }
        let later = at + dice.hours(1.5 * pace);
        let opened_at = work(dice, later);
        let ready_at = (!small && dice.chance(0.12)).then(|| {
            let later = opened_at + dice.hours(6.0 * pace);
            working(dice, later)
        });
        let at = ready_at.unwrap_or(opened_at);
        let reviews = reviews(dice, setting, &id, &author, &purpose, (at, pace));
        let at = reviews.last().map_or(at, |review| review.submitted_at);
        let later = at + dice.hours(0.7 * pace);
        let ends_at = work(dice, later);
        let (reverts, reverted) = match purpose {
            Purpose::Revert(change, _, sha) => (Some(change), Some(sha)),
            _ => (None, None),
        };
        Self {
            id,
            number,
            title,
            author,
            branch,
            labels,
            commits,
            started_at: start,
            opened_at,
            ready_at,
            reviews,
            ends_at,
            given_up: !urgent && dice.chance(0.05),
            reverts,
            reverted,
            item: (!small && dice.chance(0.8)).then_some(number),
        }
    }

    /// What is known of it at `now`; once it has ended, merged onto the base of `setting`. The commit by
    /// which it came onto the branch is returned, and the facts go to `out`.
    pub(super) fn report(
        self,
        dice: &mut Dice,
        setting: &Setting<'_>,
        now: DateTime<Utc>,
        out: &mut impl Extend<Fact>,
    ) -> Option<Sha> {
        let ended = self.ends_at <= now;
        let merged = ended && !self.given_up;
        let known = |at: DateTime<Utc>| at <= now;
        if !known(self.opened_at) {
            let item = setting.surroundings.then(|| self.work_item(setting, dice, now));
            out.extend(item.flatten().map(Fact::WorkItem));
            return None;
        }
        let head = self.commits.last().map_or(setting.base, |commit| commit.sha);
        let merge = merged.then(|| dice.sha());
        if let Some(sha) = merge {
            let (parents, subject) = if setting.squash {
                (vec![setting.base], format!("{} (#{})", self.title, self.number))
            } else {
                (vec![setting.base, head], format!("Merge pull request #{} from acme/{}", self.number, self.branch))
            };
            let mut commit = commit(dice, setting, (sha, parents), &self.author, self.ends_at, subject);
            commit.branch = Some("main".to_owned());
            // a squashed or merged revert names the commit that it takes back
            commit.reverts = self.reverted.into_iter().collect();
            out.extend([Fact::Commit(commit)]);
        }
        let additions = self.commits.iter().filter_map(|commit| commit.additions).sum();
        let deletions = self.commits.iter().filter_map(|commit| commit.deletions).sum();
        let last = if ended { self.ends_at } else { self.ready_at.unwrap_or(self.opened_at) };
        out.extend([Fact::Change(Change {
            number: Some(self.number),
            title: self.title.clone(),
            url: Some(format!("https://{}/pull/{}", setting.repository, self.number)),
            author: Some(self.author.clone()),
            source_branch: Some(self.branch.clone()),
            target_branch: Some("main".to_owned()),
            head_sha: Some(head),
            merge_sha: merge,
            commits: self.commits.iter().map(|commit| commit.sha).collect(),
            opened_at: Some(self.opened_at),
            ready_at: self.ready_at.filter(|at| known(*at)),
            merged_at: merged.then_some(self.ends_at),
            closed_at: ended.then_some(self.ends_at),
            additions: Some(additions),
            deletions: Some(deletions),
            labels: self.labels.clone(),
            reverts: self.reverts.clone(),
            ..Change::new(
                self.id.clone(),
                setting.repository.clone(),
                match (ended, merged) {
                    (true, true) => ChangeState::Merged,
                    (true, false) => ChangeState::Abandoned,
                    _ => ChangeState::Open,
                },
                stated(last),
            )
        })]);
        if setting.surroundings {
            out.extend(self.reviews.iter().filter(|review| known(review.submitted_at)).cloned().map(Fact::Review));
            out.extend([self.run(dice, setting, head)]);
            out.extend(self.work_item(setting, dice, now).map(Fact::WorkItem));
        }
        out.extend(self.commits.into_iter().map(Fact::Commit));
        merge
    }

    /// The CI run on its last commit.
    fn run(&self, dice: &mut Dice, setting: &Setting<'_>, head: Sha) -> Fact {
        let started_at = self.opened_at + TimeDelta::seconds(dice.between(5, 120));
        let finished_at = started_at + TimeDelta::seconds(dice.between(240, 1200));
        Fact::PipelineRun(PipelineRun {
            repository: Some(setting.repository.clone()),
            sha: Some(head),
            branch: Some(self.branch.clone()),
            started_at: Some(started_at),
            finished_at: Some(finished_at),
            outcome: Some(if dice.chance(0.9) { Outcome::Success } else { Outcome::Failure }),
            ..PipelineRun::new(
                setting.repository.run(self.number, 1),
                "CI".to_owned(),
                self.opened_at,
                stated(finished_at),
            )
        })
    }

    /// The kind of its work item, which its label names.
    fn kind_of_item(&self) -> &'static str {
        match self.labels.first().map(String::as_str) {
            Some("feature" | "enhancement") => "story",
            Some("bug") => "bug",
            _ => "task",
        }
    }

    /// The work item that it is made for, if there is one, as it is known at `now`. It ends with the change.
    fn work_item(&self, setting: &Setting<'_>, dice: &mut Dice, now: DateTime<Utc>) -> Option<WorkItem> {
        let key = setting.item(self.item?);
        let name = setting.repository.as_str().rsplit('/').next().unwrap_or_default();
        let created_at = self.started_at - dice.hours(90.0);
        let points = dice.pick(&[1.0, 2.0, 3.0, 5.0, 8.0]).copied();
        if created_at > now {
            return None;
        }
        let known = |at: DateTime<Utc>| Some(at).filter(|at| *at <= now);
        let (started_at, done_at) = (known(self.started_at), known(self.ends_at));
        let canceled = done_at.is_some() && self.given_up;
        let (status, category) = match (started_at, done_at) {
            (_, Some(_)) if canceled => ("Won't do", StatusCategory::Done),
            (_, Some(_)) => ("Done", StatusCategory::Done),
            (Some(_), None) => ("In progress", StatusCategory::InProgress),
            (None, None) => ("To do", StatusCategory::ToDo),
        };
        Some(WorkItem {
            title: self.title.split_once(": ").map_or(self.title.clone(), |(_, title)| title.to_owned()),
            kind: Some(self.kind_of_item().to_owned()),
            status: status.to_owned(),
            canceled,
            assignee: started_at.map(|_| self.author.clone()),
            started_at,
            done_at,
            points,
            ..WorkItem::new(
                WorkItemId(format!("tracker.demo.example/{name}/{key}")),
                key,
                setting.key.to_owned(),
                category,
                created_at,
                stated(done_at.or(started_at).unwrap_or(created_at)),
            )
        })
    }
}

pub(super) fn stated(at: DateTime<Utc>) -> Version {
    Version { completeness: Completeness::Reported, at }
}

/// The reviews of a change that waits for them from `at` on.
fn reviews(
    dice: &mut Dice,
    setting: &Setting<'_>,
    id: &ChangeId,
    author: &AccountId,
    purpose: &Purpose,
    (mut at, pace): (DateTime<Utc>, f64),
) -> Vec<Review> {
    let work = |dice: &mut Dice, at| if purpose.is_urgent() { at } else { working(dice, at) };
    let mut reviews = Vec::new();
    let unreviewed = if matches!(purpose, Purpose::Update) { 0.5 } else { 0.06 };
    if !dice.chance(unreviewed) {
        let rounds = if purpose.is_small() { 1 } else { 1 + dice.count(0.4) };
        for round in 1..=rounds {
            let later = at + dice.hours(3.0 * pace);
            at = work(dice, later);
            let state = match (round == rounds, dice.chance(0.5)) {
                (true, _) => ReviewState::Approved,
                (false, true) => ReviewState::ChangesRequested,
                (false, false) => ReviewState::Commented,
            };
            let others: Vec<&AccountId> = setting.members.iter().filter(|member| *member != author).collect();
            reviews.push(Review {
                reviewer: dice.pick(&others).map(|member| (*member).clone()),
                ..Review::new(format!("{id}/review/{round}"), id.clone(), state, at, stated(at))
            });
        }
    }
    reviews
}

fn commit(
    dice: &mut Dice,
    setting: &Setting<'_>,
    (sha, parents): (Sha, Vec<Sha>),
    author: &AccountId,
    at: DateTime<Utc>,
    subject: String,
) -> Commit {
    let (additions, deletions) = (whole(dice.around(24.0, 1.2)), whole(dice.around(9.0, 1.3)));
    Commit {
        parents: Some(parents),
        author: Some(author.clone()),
        subject,
        additions: Some(additions),
        deletions: Some(deletions),
        changed_files: Some(1 + dice.count(2.0)),
        ..Commit::new(setting.repository.clone(), sha, at, at, stated(at))
    }
}
