//! The cards on a dashboard: compared by their places, and sent with the numbers that they have there.

use panels::set;
use serde_json::{Map, Value};

/// A dashboard as a server has it, with its cards in the order of their places.
#[must_use]
pub(crate) fn ordered(dashboard: &Value) -> Value {
    let mut dashboard = dashboard.clone();
    if let Some(cards) = dashboard.get_mut("dashcards").and_then(Value::as_array_mut) {
        cards.sort_by_key(place);
    }
    dashboard
}

fn number(card: &Value, name: &str) -> u64 {
    card.get(name).and_then(Value::as_u64).unwrap_or_default()
}

fn place(card: &Value) -> (u64, u64) {
    (number(card, "row"), number(card, "col"))
}

/// The wanted fields with a number for each card: that of the same card on the dashboard, so that it is moved and not
/// made again, or a negative one, which Metabase takes for a new card.
#[must_use]
pub(crate) fn numbered(mut wanted: Map<String, Value>, dashboard: &Value) -> Map<String, Value> {
    let found = dashboard.get("dashcards").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut taken = Vec::new();
    if let Some(cards) = wanted.get_mut("dashcards").and_then(Value::as_array_mut) {
        for (card, new) in cards.iter_mut().zip(1_i64..) {
            let same = found.iter().find(|other| {
                other.get("card_id") == card.get("card_id") && other.get("id").is_some_and(|id| !taken.contains(id))
            });
            let id = same.and_then(|same| same.get("id")).cloned().unwrap_or_else(|| (-new).into());
            taken.push(id.clone());
            set(card, "id", id);
        }
    }
    wanted
}

#[cfg(test)]
mod tests {
    use panels::fields;
    use serde_json::json;

    use super::*;
    use crate::difference::differing;

    #[test]
    fn cards_keep_their_numbers_and_new_ones_get_negative_ones() {
        let wanted = fields(json!({ "dashcards": [
            { "card_id": 5, "row": 0, "col": 0 }, { "card_id": 7, "row": 0, "col": 12 }, { "card_id": 5, "row": 4, "col": 0 },
        ] }));
        let dashboard = json!({ "dashcards": [{ "id": 31, "card_id": 7, "row": 9, "col": 0 }, { "id": 30, "card_id": 5, "row": 0, "col": 0 }] });
        let ids = |wanted: Map<String, Value>| -> Vec<i64> {
            wanted["dashcards"].as_array().unwrap().iter().map(|card| card["id"].as_i64().unwrap()).collect()
        };
        assert_eq!(ids(numbered(wanted.clone(), &dashboard)), [30, 31, -3]);
        assert_eq!(ids(numbered(wanted, &Value::Null)), [-1, -2, -3]);
    }

    #[test]
    fn the_order_in_which_a_server_lists_cards_is_no_difference() {
        let wanted = fields(
            json!({ "dashcards": [{ "card_id": 5, "row": 0, "col": 0 }, { "card_id": 7, "row": 0, "col": 12 }] }),
        );
        let same = json!({ "dashcards": [{ "id": 2, "card_id": 7, "row": 0, "col": 12 }, { "id": 1, "card_id": 5, "row": 0, "col": 0 }] });
        assert_eq!(differing(&wanted, &ordered(&same)), Vec::<String>::new());
        let moved = json!({ "dashcards": [{ "id": 2, "card_id": 7, "row": 0, "col": 0 }, { "id": 1, "card_id": 5, "row": 6, "col": 0 }] });
        assert_eq!(differing(&wanted, &ordered(&moved)), ["dashcards"]);
    }
}
