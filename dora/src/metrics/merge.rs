//! Putting what was read again in place of what there is.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::tables::{ReadAgain, Source, Tables};

/// Puts what was read of a source in place of what there is: of all of it, unless `again` says what was read. Returns
/// whether that is something else, and what the rows take.
pub(super) fn replace_of(
    source: Source,
    (tables, read): (&mut Tables, &Tables),
    again: Option<&ReadAgain>,
) -> (bool, usize) {
    macro_rules! replace {
        ($($table:ident),+) => {{
            let changed = [$(tables.$table.replace(again, &read.$table)),+];
            (changed.contains(&true), 0 $(+ tables.$table.bytes())+)
        }};
    }
    let services = again.map(|again| &again.owners);
    match source {
        Source::Ownership => {
            let is_other = tables.ownership != read.ownership;
            tables.ownership = Arc::clone(&read.ownership);
            (is_other, 0)
        }
        Source::Bases => (replace_rows(&mut tables.bases, &read.bases, services, |row| &row.service), 0),
        Source::Computations => {
            let computations = replace_rows(&mut tables.computations, &read.computations, services, |row| &row.service);
            let findings = replace_rows(&mut tables.findings, &read.findings, services, |row| &row.service);
            (computations || findings, 0)
        }
        Source::Changes => replace!(changes),
        Source::Deployed => replace!(deployed),
        Source::Deployments => replace!(deployments, first_deployments),
        Source::Incidents => replace!(incidents),
        Source::Runs => replace!(runs),
        Source::Items => replace!(items),
        Source::Sprints => replace!(sprints),
        Source::Vulnerabilities => replace!(vulnerabilities),
        Source::Measures => replace!(measures),
        Source::Authors => replace!(authors),
        Source::Facts(..) => (true, 0),
    }
}

/// The same of rows that are in the order of their services.
fn replace_rows<T: Clone + PartialEq>(
    rows: &mut Arc<Vec<T>>,
    read: &Arc<Vec<T>>,
    services: Option<&BTreeSet<String>>,
    service: impl Fn(&T) -> &String,
) -> bool {
    let new = match services {
        None => Arc::clone(read),
        Some(services) => {
            let kept = rows.iter().filter(|row| !services.contains(service(row)));
            let mut all: Vec<T> = kept.chain(read.iter()).cloned().collect();
            all.sort_by(|one, other| service(one).cmp(service(other)));
            Arc::new(all)
        }
    };
    let is_other = *rows != new;
    *rows = new;
    is_other
}
