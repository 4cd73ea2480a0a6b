//! The order of a list: one of what it can be sorted by.

use std::marker::PhantomData;

use kernel::{ChangeMetric, DeploymentMetric, Finding, Incident, PipelineRun, Review, Vulnerability, WorkItem};
use store::queries::{Listed, Order, RepositoryRow, ServiceRow, TeamRow, UnreleasedChange};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

use super::Parameter;
use super::parameters::matching;
use super::text::{Text, read};
use crate::questions::Invalid;

/// A list that can be asked for in an order.
pub trait SortedList: Listed + 'static {
    /// The name of the type of its orders.
    const SORT: &'static str;
}

macro_rules! sorted_lists {
    ($($row:ty: $name:ident,)+) => {$(
        impl SortedList for $row {
            const SORT: &'static str = stringify!($name);
        }

        /// An order of the list, as it was given.
        pub type $name = Text<Sorting<$row>>;
    )+};
}

sorted_lists! {
    ChangeMetric: ChangeSort,
    DeploymentMetric: DeploymentSort,
    Finding: FindingSort,
    Incident: IncidentSort,
    PipelineRun: PipelineRunSort,
    RepositoryRow: RepositorySort,
    Review: ReviewSort,
    ServiceRow: ServiceSort,
    TeamRow: TeamSort,
    UnreleasedChange: OpenChangeSort,
    Vulnerability: VulnerabilitySort,
    WorkItem: WorkItemSort,
}

/// An order of the list of these rows.
pub struct Sorting<T> {
    order: Order,
    rows: PhantomData<fn() -> T>,
}

impl<T: SortedList> Parameter for Sorting<T> {
    const NAME: &'static str = T::SORT;
    const TEXT: &'static str = "The name of a field, with `-` before it for the greatest first.";

    fn read(text: &str) -> Result<Self, String> {
        let (name, is_descending) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
        match T::LIST.sorts().iter().find(|sort| sort.name == name) {
            Some(sort) => Ok(Self { order: Order { sort, descending: is_descending }, rows: PhantomData }),
            None => Err(format!("one of {}, with `-` before it for the greatest first", names::<T>(", "))),
        }
    }

    fn schema() -> RefOr<Schema> {
        matching(&format!("^-?({})$", names::<T>("|")))
    }
}

fn names<T: Listed>(separator: &str) -> String {
    T::LIST.sorts().iter().map(|sort| sort.name).collect::<Vec<_>>().join(separator)
}

/// The order that is asked for, or the usual one of the list.
pub(super) fn order<T: SortedList>(given: Option<&Text<Sorting<T>>>) -> Result<Order, Invalid> {
    Ok(read("sort", given)?.map_or_else(|| T::LIST.default_order(), |Sorting { order, .. }| order))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_a_field_of_a_closed_list_in_either_direction() {
        let order = |text: &str| Sorting::<DeploymentMetric>::read(text).map(|Sorting { order, .. }| order);
        let usual = DeploymentMetric::LIST.default_order();
        assert_eq!(order("-finished_at"), Ok(usual));
        assert_eq!(order("finished_at"), Ok(Order { descending: false, ..usual }));
        for wrong in ["", "-", "--finished_at", "finished", "finished_at ", "url"] {
            assert!(order(wrong).unwrap_err().starts_with("one of finished_at, "), "{wrong}");
        }
    }
}
