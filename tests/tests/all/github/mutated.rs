//! Payloads that were tampered with: a normalizer always returns, with facts or with a reason.

use bytes::Bytes;
use kernel::NotStored;
use proptest::prelude::*;
use serde_json::Value;

use super::{FIXTURES, event_of, fixture, normalize};

/// A value of any shape.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z".prop_map(Value::from),
        "[0-9a-f]{40}".prop_map(Value::from),
        "\\[?@?[#:/]{0,3}[a-z]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-z_]{1,10}", inner), 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Replaces the `at`-th value of a document, in the order of a walk.
fn replace(document: &mut Value, at: &mut usize, new: &Value) -> bool {
    if *at == 0 {
        *document = new.clone();
        return true;
    }
    *at -= 1;
    match document {
        Value::Array(items) => items.iter_mut().any(|item| replace(item, at, new)),
        Value::Object(fields) => fields.iter_mut().any(|(_, field)| replace(field, at, new)),
        _ => false,
    }
}

fn assert_named_end(event: &str, data: Bytes) {
    match normalize(event, data) {
        Ok(facts) => facts.iter().for_each(|fact| drop(fact.check())),
        Err(NotStored::Ignored(_)) => {}
        Err(NotStored::Rejected(rejection)) => assert!(!rejection.detail.is_empty() && rejection.detail.len() < 1000),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_value_in_any_place_has_a_named_end(
        name in prop::sample::select(FIXTURES.as_slice()),
        places in prop::collection::vec((0_usize..400, value()), 1..4),
    ) {
        let mut document: Value = serde_json::from_slice(&fixture(name)).unwrap();
        for (mut place, new) in places {
            replace(&mut document, &mut place, &new);
        }
        assert_named_end(event_of(name), document.to_string().into());
    }

    #[test]
    fn any_bytes_in_any_place_have_a_named_end(
        name in prop::sample::select(FIXTURES.as_slice()),
        end in 0.0..1.0,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let mut bytes = fixture(name).to_vec();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a length")]
        bytes.truncate((bytes.len() as f64 * (0.5 + end)) as usize);
        assert_named_end(event_of(name), bytes.into());
    }
}
