//! Which faults come, when, and for how long: it follows from the seed alone.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

/// Each of them runs once on every host.
pub(super) const ROLES: [&str; 5] = ["collector", "webhooks", "processor", "dora", "api"];
pub(super) const HOSTS: usize = 2;
/// The longest that a fault lasts which does not pass by itself.
const LONGEST: Duration = Duration::from_secs(4);

/// A process: a role on a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Instance {
    pub(super) role: &'static str,
    pub(super) host: usize,
}

/// What a host exchanges data with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Peer {
    /// Who sends webhooks.
    Senders,
    Database,
    Broker,
}

/// The network between a host and a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Route {
    pub(super) host: usize,
    pub(super) peer: Peer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Kill(Instance),
    KillHost(usize),
    Terminate(Instance),
    /// Stopped, and continued.
    Pause(Instance),
    /// Connections are closed, and new ones too.
    Cut(Route),
    /// Connections stay, and nothing passes.
    Silence(Route),
    Delay(Route),
    RestartDatabase,
    RestartBroker,
    FillDisk,
}

impl Fault {
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Kill(_) => "kill of a process",
            Self::KillHost(_) => "kill of a host",
            Self::Terminate(_) => "end of a process in order",
            Self::Pause(_) => "pause of a process",
            Self::Cut(_) => "cut of a network",
            Self::Silence(_) => "silence of a network",
            Self::Delay(_) => "delay of a network",
            Self::RestartDatabase => "crash of PostgreSQL",
            Self::RestartBroker => "crash of Kafka",
            Self::FillDisk => "full disk",
        }
    }
}

/// A fault and when it begins, counted from the beginning of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Planned {
    pub(super) at: Duration,
    pub(super) fault: Fault,
    pub(super) lasting: Duration,
}

/// What there is that faults can hit beside processes and the database.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts {
    pub(super) broker: bool,
    /// A disk of its own, so that it can be filled.
    pub(super) disk: bool,
}

pub(super) fn instances() -> impl Iterator<Item = Instance> {
    ROLES.into_iter().flat_map(|role| (0..HOSTS).map(move |host| Instance { role, host }))
}

pub(super) fn routes(parts: Parts) -> impl Iterator<Item = Route> {
    let peers = [Some(Peer::Senders), Some(Peer::Database), parts.broker.then_some(Peer::Broker)];
    peers.into_iter().flatten().flat_map(|peer| (0..HOSTS).map(move |host| Route { host, peer }))
}

/// Every fault, the rarer ones more often than there are parts which they can hit.
fn deck(parts: Parts) -> Vec<Fault> {
    let mut deck: Vec<Fault> = instances()
        .flat_map(|instance| [Fault::Kill(instance), Fault::Terminate(instance), Fault::Pause(instance)])
        .collect();
    deck.extend(routes(parts).flat_map(|route| [Fault::Cut(route), Fault::Silence(route), Fault::Delay(route)]));
    for _ in 0..2 {
        deck.extend((0..HOSTS).map(Fault::KillHost));
        deck.extend([Fault::RestartDatabase; 2]);
        deck.extend(parts.broker.then_some([Fault::RestartBroker; 2]).into_iter().flatten());
        deck.extend(parts.disk.then_some(Fault::FillDisk));
    }
    deck
}

/// This number of faults over a time, one after the other: all there are in one order, then all in another.
pub(super) fn plan(seed: u64, faults: usize, over: Duration, parts: Parts) -> Vec<Planned> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut shuffled = Vec::new();
    while shuffled.len() < faults {
        let mut deck = deck(parts);
        deck.shuffle(&mut random);
        shuffled.append(&mut deck);
    }
    let step = over / u32::try_from(faults).unwrap();
    let longest = LONGEST.min(step * 2);
    let planned = shuffled.into_iter().take(faults).zip(0_u32..).map(|(fault, nth)| Planned {
        at: step * nth + step.mul_f64(random.random_range(0.0..0.5)),
        fault,
        lasting: longest.mul_f64(random.random_range(0.1..1.0)),
    });
    planned.collect()
}

#[test]
fn a_seed_gives_its_faults_and_enough_of_them_hit_everything() {
    let parts = Parts { broker: true, disk: true };
    let over = Duration::from_mins(20);
    let planned = plan(7, 200, over, parts);
    assert_eq!(planned, plan(7, 200, over, parts));
    assert_ne!(planned, plan(8, 200, over, parts));
    assert!(planned.is_sorted_by_key(|planned| planned.at) && planned.iter().all(|planned| planned.at < over));
    for fault in deck(parts) {
        assert!(planned.iter().filter(|planned| planned.fault == fault).count() >= 3, "{fault:?}");
    }
    let without = plan(7, 200, over, Parts { broker: false, disk: false });
    let of_broker = |fault: Fault| matches!(fault, Fault::RestartBroker | Fault::FillDisk);
    assert!(!without.iter().any(|planned| of_broker(planned.fault)));
}
