//! Work items, their ways through workflows, and sprints.

use kernel::StatusCategory;

use super::read::{Extent, ReadPart, opt_text, rows, text};
use crate::{StoreError, StoreTx};

/// A work item that was there in the span and not done before it.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemRow {
    /// Its id.
    pub id: String,
    /// The project, or the repository that it is in.
    pub project: String,
    /// As the source has it: `story`, `bug`.
    pub kind: Option<String>,
    /// Where it stands.
    pub category: StatusCategory,
    /// Who works on it.
    pub assignee: Option<String>,
    /// When it was written down.
    pub created: i64,
    /// When work on it began first, as the source says.
    pub started: Option<i64>,
    /// When it was finished last, as the source says.
    pub done: Option<i64>,
    /// Closed as won't do, duplicate or not planned.
    pub canceled: bool,
    /// Story points.
    pub points: Option<f64>,
    /// Its labels.
    pub labels: Vec<String>,
}

/// A work item's way from one status to another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TransitionRow {
    /// The work item.
    pub item: String,
    /// When.
    pub at: i64,
    /// The status that it had, and its category if the source reports it.
    pub from: (Option<String>, Option<StatusCategory>),
    /// The status that it got, and its category if the source reports it.
    pub to: (String, Option<StatusCategory>),
}

/// What a status means.
#[derive(Clone, Debug, PartialEq)]
pub struct StatusRow {
    /// The tracker that has it.
    pub tracker: String,
    /// Its name.
    pub name: String,
    /// What it means.
    pub category: StatusCategory,
}

/// A sprint that ended in the span.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SprintRow {
    /// Its id.
    pub id: String,
    /// The board that it is on.
    pub board: Option<String>,
    /// When it began.
    pub started: i64,
    /// When it was completed, or planned to end.
    pub ended: i64,
}

/// A work item that was put into one of those sprints, or taken out of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EntryRow {
    /// The sprint.
    pub sprint: String,
    /// The work item.
    pub item: String,
    /// When.
    pub at: i64,
    /// Put in; otherwise taken out.
    pub added: bool,
    /// The item's story points.
    pub points: Option<f64>,
    /// When the item was finished last, unless it was canceled.
    pub done: Option<i64>,
    /// The item's project.
    pub project: Option<String>,
}

/// What the status that a step `t` leads to means, in SQL: as the step says, else as its tracker does; of several trackers
/// that hold its item the one with the longest name.
pub(crate) const CATEGORY_OF_STEP: &str = "coalesce(t.to_category,
    (select st.category from status st
      where lower(st.name) = lower(t.to_status)
            and (starts_with(t.item, st.tracker || '/') or starts_with(t.item, st.tracker || '#'))
      order by length(st.tracker) desc limit 1))";

/// Work items that were there in the span and not done before it.
pub async fn items(tx: &mut StoreTx, part: &ReadPart) -> Result<Vec<ItemRow>, StoreError> {
    let statement = format!(
        "select id, project, kind, status_category, assignee, created_at, started_at, done_at, canceled, points, labels
         from work_item where not deleted and {}",
        part.condition(&[Extent::Between("created_at", "done_at")], "project", Some("id"))
    );
    rows(tx, part, &statement, |row| {
        Ok(ItemRow {
            id: text(row)?,
            project: text(row)?,
            kind: opt_text(row)?,
            category: row.word()?,
            assignee: opt_text(row)?,
            created: row.micros()?,
            started: row.opt_micros()?,
            done: row.opt_micros()?,
            canceled: row.bool()?,
            points: row.opt_f64()?,
            labels: row.texts()?,
        })
    })
    .await
}

/// The transitions of those work items, oldest first.
pub async fn transitions(tx: &mut StoreTx, part: &ReadPart) -> Result<Vec<TransitionRow>, StoreError> {
    let statement = format!(
        "select t.item, t.at, t.from_status, t.from_category, t.to_status, t.to_category
         from transition t join work_item w on w.id = t.item
         where not w.deleted and {} order by t.at, t.id",
        part.condition(&[Extent::Between("w.created_at", "w.done_at")], "w.project", Some("w.id"))
    );
    rows(tx, part, &statement, |row| {
        Ok(TransitionRow {
            item: text(row)?,
            at: row.micros()?,
            from: (opt_text(row)?, row.opt_word()?),
            to: (text(row)?, row.opt_word()?),
        })
    })
    .await
}

/// What statuses mean.
pub async fn statuses(tx: &mut StoreTx) -> Result<Vec<StatusRow>, StoreError> {
    rows(tx, &ReadPart::All, "select tracker, name, category from status order by id", |row| {
        Ok(StatusRow { tracker: text(row)?, name: text(row)?, category: row.word()? })
    })
    .await
}

/// Sprints that ended in the span.
pub async fn sprints(tx: &mut StoreTx, part: &ReadPart) -> Result<Vec<SprintRow>, StoreError> {
    let statement = format!(
        "select id, board, started_at, coalesce(completed_at, ends_at) from sprint
         where not deleted and started_at is not null and coalesce(completed_at, ends_at) is not null and {}",
        part.condition(&[Extent::At("coalesce(completed_at, ends_at)")], "''", Some("id"))
    );
    rows(tx, part, &statement, |row| {
        Ok(SprintRow { id: text(row)?, board: opt_text(row)?, started: row.micros()?, ended: row.micros()? })
    })
    .await
}

/// What was put into those sprints and taken out of them, oldest first. An item that is gone is in none: of one that was
/// moved the new one is. If its source does not say when an item was done, its steps say so: the first to a status that means
/// done, of those after the last to one that does not; else the last of all.
pub async fn entries(tx: &mut StoreTx, part: &ReadPart) -> Result<Vec<EntryRow>, StoreError> {
    let statement = format!(
        "select e.sprint, e.item, e.at, e.added, w.points,
                case when w.canceled then null
                     when w.done_at is null and w.status_category = 'done'
                     then (with step as (select t.at, t.id, {CATEGORY_OF_STEP} as category
                                           from transition t where t.item = w.id)
                           select coalesce(min(step.at) filter (
                                      where step.category = 'done'
                                            and (step.at, step.id) > all (select n.at, n.id from step n
                                                                           where n.category <> 'done')),
                                           max(step.at))
                             from step)
                     else w.done_at end,
                w.project
         from sprint_entry e join sprint s on s.id = e.sprint
         left join work_item w on w.id = e.item
         where not s.deleted and w.deleted is not true and {} order by e.at, e.id",
        part.condition(&[Extent::At("coalesce(s.completed_at, s.ends_at)")], "''", Some("s.id"))
    );
    rows(tx, part, &statement, |row| {
        Ok(EntryRow {
            sprint: text(row)?,
            item: text(row)?,
            at: row.micros()?,
            added: row.bool()?,
            points: row.opt_f64()?,
            done: row.opt_micros()?,
            project: opt_text(row)?,
        })
    })
    .await
}
