//! What a source is to the rest of `sei`: a name, a pure normalizer and, where it pushes, a webhook.

use kernel::{Envelope, Fact, NotStored, RejectReason, Rejection};

use crate::lenient::{self, SkippedPart};
use crate::webhook::Webhook;

/// A source of events. A crate each, which the manifest of the registry names; its wire types stay in it.
pub trait Connector: Send + Sync {
    /// Its name, as in settings, addresses and metric labels.
    fn name(&self) -> &'static str;

    /// Turns one raw event into facts. Pure: the same bytes give the same facts, whether they were
    /// pushed, pulled or replayed. Total: whatever the bytes, it returns.
    fn normalize(&self, envelope: &Envelope) -> Result<Vec<Fact>, NotStored>;

    /// Its webhook side, if it pushes.
    fn webhook(&self) -> Option<&dyn Webhook> {
        None
    }
}

/// What an event became.
#[derive(Debug)]
pub struct Normalized {
    /// The facts, each of which can be, or why there are none.
    pub outcome: Result<Vec<Fact>, NotStored>,
    /// The parts of the event that were skipped.
    pub skipped: Vec<SkippedPart>,
}

/// Normalizes an event. One that would be ignored without what can't be read of it is rejected. Of several facts of one
/// kind, those that can't be (such as a commit of the year 1) are skipped; where there is no other fact of their kind,
/// the event is rejected.
#[must_use]
pub fn normalize(connector: &dyn Connector, envelope: &Envelope) -> Normalized {
    let (outcome, mut skipped) = lenient::naming(|| connector.normalize(envelope));
    let outcome = match (outcome, skipped.first()) {
        (Err(NotStored::Ignored(_)), Some(SkippedPart { path, problem })) => {
            Err(Rejection::new(RejectReason::Schema, format!("{path}: {problem}")).into())
        }
        (outcome, _) => outcome,
    };
    let outcome = outcome.and_then(|facts| {
        let odd: Vec<_> = facts.iter().map(|fact| fact.check().err()).collect();
        if odd.iter().all(Option::is_none) {
            return Ok(facts);
        }
        let left: Vec<&Fact> = facts.iter().zip(&odd).filter(|(_, odd)| odd.is_none()).map(|(fact, _)| fact).collect();
        for (fact, rejection) in facts.iter().zip(&odd) {
            let Some(rejection) = rejection else { continue };
            if !left.iter().any(|other| other.kind() == fact.kind()) {
                return Err(rejection.clone().into());
            }
            skipped.push(SkippedPart { path: fact.kind().to_owned(), problem: rejection.detail.clone() });
        }
        Ok(left.into_iter().cloned().collect())
    });
    Normalized { outcome, skipped }
}
