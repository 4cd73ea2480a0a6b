//! All views, and how they refer to each other.

use super::view::{View, column};
use super::{code_views, delivery_views, event_views, metric_views, organization_views, planning_views};

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
    all.extend(event_views::views());
    let (keys, relation) = (key_column(&all), relation(&all));
    all.extend([keys, relation]);
    all
}

/// A text of SQL that holds no quotation mark.
fn text(name: &str) -> String {
    format!("'{name}'")
}

/// The view that says what the keys of the views are.
fn key_column(views: &[View]) -> View {
    let keys = views.iter().flat_map(|view| view.key.iter().zip(1..).map(move |(key, position)| (view, key, position)));
    let rows: Vec<String> =
        keys.map(|(view, key, position)| format!("({}, {}, {position})", text(view.name), text(key))).collect();
    View {
        name: "key_column",
        comment: "One row a column of the key of a view: no two rows have the same values in all of its columns.",
        key: &["view_name", "position"],
        columns: vec![
            column("view_name", "text", "k.view_name", "The view."),
            column("column_name", "text", "k.column_name", "The column."),
            column("position", "integer", "k.position", "Its place in the key, from 1 on."),
        ],
        from: format!("(values {}) k (view_name, column_name, position)", rows.join(", ")),
    }
}

/// The view that says which column refers to which.
fn relation(views: &[View]) -> View {
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
