//! Whatever text comes in place of a cursor, it is refused or names a position whose cursor names the same position. An input
//! is such a text, and also what is in it before it is encoded.
#![no_main]

use std::fmt::Debug;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cursor::{ListPosition, RowCursor, position};
use kernel::{
    Account, Change, ChangeMetric, Commit, Deployment, DeploymentMetric, Finding, Incident, IncidentMetric,
    PipelineRun, Review, Sprint, TaskRun, Transition, Vulnerability, WorkItem,
};
use libfuzzer_sys::{Corpus, fuzz_target};
use store::feed::Seen;
use store::queries::{EnvironmentRow, Listed, RepositoryRow, ServiceRow, TeamRow, UnreleasedChange};

/// Cursors, as they are in the crate `api`.
#[allow(dead_code, missing_docs, reason = "the file of another crate")]
#[path = "../../api/src/cursor.rs"]
mod cursor;

#[allow(dead_code, missing_docs, reason = "the file of another crate")]
#[path = "../../api/src/questions/invalid.rs"]
mod invalid;

/// What `cursor` finds there in `api`.
mod questions {
    pub use super::invalid::Invalid;
}

fuzz_target!(|data: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(data) else { return Corpus::Reject };
    for cursor in [text, &URL_SAFE_NO_PAD.encode(text)] {
        of_list::<Account>(cursor);
        of_list::<Change>(cursor);
        of_list::<ChangeMetric>(cursor);
        of_list::<Commit>(cursor);
        of_list::<Deployment>(cursor);
        of_list::<DeploymentMetric>(cursor);
        of_list::<EnvironmentRow>(cursor);
        of_list::<Finding>(cursor);
        of_list::<Incident>(cursor);
        of_list::<IncidentMetric>(cursor);
        of_list::<PipelineRun>(cursor);
        of_list::<RepositoryRow>(cursor);
        of_list::<Review>(cursor);
        of_list::<ServiceRow>(cursor);
        of_list::<Sprint>(cursor);
        of_list::<TaskRun>(cursor);
        of_list::<TeamRow>(cursor);
        of_list::<Transition>(cursor);
        of_list::<UnreleasedChange>(cursor);
        of_list::<Vulnerability>(cursor);
        of_list::<WorkItem>(cursor);
        names_the_same::<RowCursor>(cursor);
        names_the_same::<Vec<String>>(cursor);
        names_the_same::<String>(cursor);
        names_the_same::<i64>(cursor);
    }
    if let Ok(seen) = text.parse::<Seen>() {
        assert_eq!(seen.to_string().parse(), Ok(seen), "{text}");
    }
    Corpus::Keep
});

fn of_list<T: Listed>(text: &str) {
    for sort in T::LIST.sorts() {
        let order = T::LIST.order(sort.name, false);
        let Ok(found) = position::<T>(order, "cursor", text) else { continue };
        assert!(!found.value.contains('\0') && found.key.iter().all(|part| !part.contains('\0')), "{text}");
        let again = RowCursor::new::<T>(order, found.clone()).cursor();
        assert_eq!(position::<T>(order, "cursor", &again), Ok(found), "{text}");
    }
}

fn names_the_same<P: ListPosition + PartialEq + Debug>(text: &str) {
    if let Some(found) = P::read(text) {
        assert_eq!(P::read(&found.cursor()), Some(found), "{text}");
    }
}
