//! What each normalizer promises of any event.

use connector::Connector;
use kernel::{Envelope, Fact, NotStored};

/// The longest detail of a rejection, in bytes: people read it in a list.
const MAX_DETAIL: usize = 4000;

/// Normalizes an event, and holds the outcome to what is promised: it is the same each time, its facts can be stored, and a
/// rejection says why.
pub fn normalized(connector: &dyn Connector, event: &Envelope) -> Result<Vec<Fact>, NotStored> {
    let outcome = connector::normalize(connector, event).outcome;
    assert_eq!(outcome, connector::normalize(connector, event).outcome, "an event has another outcome each time");
    match &outcome {
        Ok(facts) => facts.iter().for_each(can_be_stored),
        Err(NotStored::Rejected(rejection)) => {
            assert!((1..=MAX_DETAIL).contains(&rejection.detail.len()), "{rejection:?}");
        }
        Err(NotStored::Ignored(_)) => {}
    }
    outcome
}

/// Holds an accepted fact to what its sender was promised: it is stored as its event states it.
pub fn stated(connector: &dyn Connector, event: &Envelope) {
    let outcome = normalized(connector, event);
    let stated: Result<Fact, _> = serde_json::from_slice(&event.data);
    let stated = stated.unwrap_or_else(|error| panic!("{error}: {event:?}"));
    assert_eq!(outcome, Ok(vec![stated]), "{event:?}");
}

/// What moved, and what is about erased persons, is written as JSON, changed, and read again (`store::facts`).
fn can_be_stored(fact: &Fact) {
    assert_eq!(fact.check(), Ok(()), "{fact:?}");
    let json = serde_json::to_value(fact).unwrap_or_else(|error| panic!("{error}: {fact:?}"));
    let read: Fact = serde_json::from_value(json).unwrap_or_else(|error| panic!("{error}: {fact:?}"));
    assert_eq!(&read, fact, "a fact is another one after it was written and read");
    let _ = (fact.order_key(), fact.traced());
}
