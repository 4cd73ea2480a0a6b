//! What of a panel is shown where.

use panels::{ColumnKind, Panel, Show};

/// Whether the rows have an order that Superset would not keep: it sorts texts along an axis by themselves.
pub(crate) fn is_ordered(panel: &Panel) -> bool {
    panel.x().is_some_and(|x| x.kind == ColumnKind::Text)
}

/// Whether Superset shows its cells as HTML, which a link to click on needs.
pub(crate) fn shows_html(panel: &Panel) -> bool {
    panel.show == Show::Table && panel.columns.iter().any(|column| column.kind == ColumnKind::Link)
}
