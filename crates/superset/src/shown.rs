//! What of a panel is shown where.

use panels::{Column, Kind, Panel, Show};

/// The columns whose numbers a chart shows: what runs along its axis is none of them.
pub(crate) fn values(panel: &Panel) -> Vec<&Column> {
    let x = panel.x().map(|column| column.name.as_str());
    let values = panel.values().filter(|column| Some(column.name.as_str()) != x);
    values.take(if panel.show == Show::Number { 1 } else { usize::MAX }).collect()
}

/// Whether the rows have an order that Superset would not keep: it sorts texts along an axis by themselves.
pub(crate) fn is_ordered(panel: &Panel) -> bool {
    panel.x().is_some_and(|x| x.kind == Kind::Text)
}
