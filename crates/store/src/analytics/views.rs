//! All views, and how they refer to each other.

use super::view::{View, column};
use super::{code_views, delivery_views, metric_views, organization_views, planning_views};

/// The version of the views: it changes when one of them loses a column or means something else.
pub(super) const VERSION: u32 = 1;

/// All views of a schema, in the order in which they are documented.
#[must_use]
pub fn views() -> Vec<View> {
    let mut all = delivery_views::views();
    all.extend(planning_views::views());
    all.extend(code_views::views());
    all.extend(organization_views::views());
    all.extend(metric_views::views());
    let relation = relation(&all);
    all.push(relation);
    all
}

/// The view that says which column refers to which.
fn relation(views: &[View]) -> View {
    let text = |name: &str| format!("'{name}'");
    let references = views
        .iter()
        .flat_map(|view| view.columns.iter().filter_map(|column| Some((view.name, column.name, column.references?))));
    let rows: Vec<String> = references
        .map(|(view, column, (to_view, to_column))| {
            format!("({})", [view, column, to_view, to_column].map(text).join(", "))
        })
        .collect();
    View {
        name: "relation",
        comment: "One row a column that refers to a column of another view. There is no constraint: a fact may name what \
                  nothing has described yet.",
        key: &["view_name", "column_name"],
        columns: vec![
            column("view_name", "text", "r.view_name", "The view."),
            column("column_name", "text", "r.column_name", "Its column."),
            column("references_view", "text", "r.references_view", "The view that it refers to."),
            column("references_column", "text", "r.references_column", "The column of that view."),
        ],
        from: format!("(values {}) r (view_name, column_name, references_view, references_column)", rows.join(", ")),
    }
}
