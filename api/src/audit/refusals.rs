//! Refusals, counted: of each kind the first in a minute is recorded, and how many followed; beyond a number of kinds only
//! how many there were.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Instant;

use kernel::Tenant;
use runtime::http::share_of;
use store::audit::{Actor, ActorKind};

/// Kinds of refusals that have a number of their own in a minute: with this many, an attacker adds at most twice as
/// many entries.
const KINDS: usize = 60;

/// A refusal, by all that distinguishes it from others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub actor: Actor,
    pub address: Option<IpAddr>,
    pub tenant: Option<Tenant>,
    pub route: String,
    pub status: u16,
}

/// What is counted as one: kind and id of the actor, share of the address, route, status.
type Key = (String, Option<IpAddr>, String, u16);

/// The refusals of a minute.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    began: Option<Instant>,
    counted: HashMap<Key, (Refusal, u64)>,
    /// Of other kinds.
    others: u64,
}

/// What follows from a refusal.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Noted {
    /// It is the first of its minute.
    pub is_first: bool,
    /// It is to be recorded at once.
    pub record: Option<Refusal>,
}

impl Refusals {
    /// Counts a refusal.
    pub(super) fn note(&mut self, refusal: Refusal, now: Instant) -> Noted {
        let is_first = self.began.is_none();
        self.began.get_or_insert(now);
        let address = refusal.address.map(share_of);
        let key =
            (format!("{:?}/{}", refusal.actor.kind, refusal.actor.id), address, refusal.route.clone(), refusal.status);
        let is_full = self.counted.len() >= KINDS;
        let record = match self.counted.get_mut(&key) {
            Some((_, more)) => {
                *more += 1;
                None
            }
            None if is_full => {
                self.others += 1;
                None
            }
            None => {
                self.counted.insert(key, (refusal.clone(), 0));
                Some(refusal)
            }
        };
        Noted { is_first, record }
    }

    /// The refusals of this minute that are not recorded, with their numbers; the next minute begins with the next one.
    pub(super) fn take(&mut self) -> Vec<(Refusal, u64)> {
        self.began = None;
        let others = std::mem::take(&mut self.others);
        let mut counted: Vec<_> =
            self.counted.drain().map(|(_, counted)| counted).filter(|(_, more)| *more > 0).collect();
        if others > 0 {
            let actor = Actor::new(ActorKind::Anonymous, "many");
            counted
                .push((Refusal { actor, address: None, tenant: None, route: "other".to_owned(), status: 403 }, others));
        }
        counted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(last: u8) -> Refusal {
        let address = Some(IpAddr::from([192, 0, 2, last]));
        let actor = Actor::new(ActorKind::Anonymous, "anyone");
        Refusal { actor, address, tenant: None, route: "/graphql".to_owned(), status: 401 }
    }

    #[test]
    fn a_flood_of_refusals_is_few_entries_and_none_is_left_out_of_the_numbers() {
        let (mut refusals, now) = (Refusals::default(), Instant::now());
        assert_eq!(refusals.note(refusal(1), now), Noted { is_first: true, record: Some(refusal(1)) });
        for _ in 0..1_000 {
            assert_eq!(refusals.note(refusal(1), now), Noted { is_first: false, record: None });
        }
        let recorded = (2..=255).filter(|last| refusals.note(refusal(*last), now).record.is_some()).count();
        assert_eq!(recorded, KINDS - 1);
        let mut rest = refusals.take();
        rest.sort_by_key(|(_, count)| *count);
        let counts: Vec<u64> = rest.iter().map(|(_, count)| *count).collect();
        assert_eq!(counts, [254 - (KINDS as u64 - 1), 1_000]);
        assert_eq!(refusals.take(), []);
        assert!(refusals.note(refusal(1), now).record.is_some(), "it is recorded again in the next minute");
    }
}
