//! Cursors: a position in a list, as an opaque text. A cursor names the last row that was read, so a page
//! after it is the same whatever was inserted before it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use store::queries::{Listed, Order, Position};

use crate::questions::Invalid;

/// What a cursor may be, in words.
pub const EXPECTED: &str = "a cursor out of an earlier answer, unchanged";

/// A position in a list that a cursor can name.
pub trait ListPosition: Sized {
    /// The texts that make it up.
    fn parts(&self) -> Vec<String>;
    /// From those texts.
    fn from_parts(parts: Vec<String>) -> Option<Self>;

    /// As a cursor.
    fn cursor(&self) -> String {
        let parts = serde_json::Value::from(self.parts());
        URL_SAFE_NO_PAD.encode(parts.to_string())
    }

    /// Decodes a cursor; `None` if it is not one of this list.
    fn read(cursor: &str) -> Option<Self> {
        let json = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let parts: Vec<String> = serde_json::from_slice(&json).ok()?;
        // PostgreSQL's texts hold no NUL
        if parts.iter().any(|part| part.contains('\0')) {
            return None;
        }
        Self::from_parts(parts)
    }
}

/// The position of a row in the list of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowCursor {
    /// Which list, and what it is sorted by.
    order_id: String,
    position: Position,
}

impl RowCursor {
    /// Of a row in the list of this order.
    #[must_use]
    pub fn new<T: Listed>(order: Order, position: Position) -> Self {
        Self { order_id: T::LIST.order_id(order), position }
    }
}

impl ListPosition for RowCursor {
    fn parts(&self) -> Vec<String> {
        let head = [self.order_id.clone(), self.position.value.clone()];
        head.into_iter().chain(self.position.key.iter().cloned()).collect()
    }

    fn from_parts(parts: Vec<String>) -> Option<Self> {
        let mut parts = parts.into_iter();
        let (order_id, value) = (parts.next()?, parts.next()?);
        Some(Self { order_id, position: Position { value, key: parts.collect() } })
    }
}

/// The position that a cursor, which `name` is the parameter of, names in the list of an order.
pub fn position<T: Listed>(order: Order, name: &str, cursor: &str) -> Result<Position, Invalid> {
    let order_id = T::LIST.order_id(order);
    let fits = |cursor: &RowCursor| {
        cursor.order_id == order_id
            && cursor.position.key.len() == T::LIST.key_parts()
            && order.sort.takes(&cursor.position.value)
    };
    let read = RowCursor::read(cursor).filter(fits).map(|cursor| cursor.position);
    read.ok_or_else(|| Invalid::contradiction(name, cursor, EXPECTED))
}

impl ListPosition for i64 {
    fn parts(&self) -> Vec<String> {
        vec![self.to_string()]
    }

    fn from_parts(parts: Vec<String>) -> Option<Self> {
        let [number] = parts.try_into().ok()?;
        number.parse().ok()
    }
}

impl ListPosition for String {
    fn parts(&self) -> Vec<String> {
        vec![self.clone()]
    }

    fn from_parts(parts: Vec<String>) -> Option<Self> {
        let [name] = parts.try_into().ok()?;
        Some(name)
    }
}

impl ListPosition for Vec<String> {
    fn parts(&self) -> Vec<String> {
        self.clone()
    }

    fn from_parts(parts: Vec<String>) -> Option<Self> {
        Some(parts)
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Deployment, DeploymentMetric, PipelineRun};

    use super::*;

    #[test]
    fn a_position_survives_its_cursor_and_a_forged_cursor_is_refused() {
        let order = DeploymentMetric::LIST.default_order();
        let key = vec!["shöp/\"x\"".to_owned(), "github.com/a/b#7".to_owned()];
        let place = Position { value: "1772280000123456".to_owned(), key };
        let cursor = RowCursor::new::<DeploymentMetric>(order, place.clone()).cursor();
        assert_eq!(position::<DeploymentMetric>(order, "cursor", &cursor), Ok(place));
        assert!(cursor.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)));
        let id = DeploymentMetric::LIST.order_id(order);
        let made = |parts: &str| URL_SAFE_NO_PAD.encode(parts.replace("finished_at", &id));
        let well_formed = made(r#"["finished_at","1772280000123456","a","b"]"#);
        assert!(position::<DeploymentMetric>(order, "cursor", &well_formed).is_ok());
        for forged in [
            String::new(),
            "x".to_owned(),
            "....".to_owned(),
            "shop".to_owned().cursor(),
            made(r#"["finished_at","1","\u0000","x"]"#),
            made(r#"["finished_at","now","a","b"]"#),
            made(r#"["finished_at","1772280000123456","a"]"#),
            made(r#"["service","1772280000123456","a","b"]"#),
        ] {
            assert!(position::<DeploymentMetric>(order, "cursor", &forged).is_err(), "{forged}");
        }
    }

    #[test]
    fn a_cursor_is_good_for_its_list_and_its_order_only() {
        let cursor = |order: Order| {
            let place = Position { value: "1772280000123456".to_owned(), key: vec!["a".to_owned()] };
            RowCursor::new::<PipelineRun>(order, place).cursor()
        };
        let newest = PipelineRun::LIST.order("finished_at", true);
        let oldest = PipelineRun::LIST.order("finished_at", false);
        assert!(position::<PipelineRun>(newest, "cursor", &cursor(newest)).is_ok());
        assert!(position::<PipelineRun>(oldest, "cursor", &cursor(newest)).is_err(), "of the other direction");
        // which is sorted by what has the same name
        let others = Deployment::LIST.default_order();
        assert!(position::<Deployment>(others, "cursor", &cursor(newest)).is_err(), "of another list");
    }
}
