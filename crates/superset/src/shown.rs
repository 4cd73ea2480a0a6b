//! What of a panel is shown where.

use panels::{Kind, Panel};

/// Whether the rows have an order that Superset would not keep: it sorts texts along an axis by themselves.
pub(crate) fn is_ordered(panel: &Panel) -> bool {
    panel.x().is_some_and(|x| x.kind == Kind::Text)
}
