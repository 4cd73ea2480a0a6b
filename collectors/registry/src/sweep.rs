//! One odd part of a payload costs no more than that part, for all connectors alike: each value of each payload is set
//! to null and left out, and each word of a list of the source's is written in other letter cases.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use connector::Connector;
use connector::testing::{self, verified};
use connector::webhook::{Destination, RawRequest, Received};
use http::{HeaderName, HeaderValue};
use kernel::{Envelope, Fact, NotStored, Tenant};
use serde::Deserialize;
use serde_json::Value;

use crate::fixtures::directory;

/// What a connector states of its payloads, in `fixtures/sweep.toml` beside them.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Stated {
    /// Why its payloads are not swept, if they are not.
    not_swept: Option<String>,
    /// Directories of the corpus with payloads that others recorded.
    recorded: Vec<String>,
    /// Places without which there are no facts, by the reason. `*` is any place in a list.
    needed: BTreeMap<String, BTreeSet<String>>,
    /// Places in an element of a list that facts of other elements rest on, by the reason.
    rested_on: BTreeMap<String, BTreeSet<String>>,
}

impl Stated {
    fn of(connector: &dyn Connector) -> Self {
        let file = directory(connector.name()).join("fixtures/sweep.toml");
        let Ok(text) = std::fs::read_to_string(&file) else { return Self::default() };
        toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    }

    fn is_needed(&self, place: &str) -> bool {
        self.needed.values().any(|places| places.contains(place))
    }

    fn is_rested_on(&self, place: &str) -> bool {
        self.rested_on.values().any(|places| places.contains(place))
    }
}

/// Fields that hold a word out of a list of the source's, and say the same in any letter case.
const WORDS: [&str; 10] = [
    "action",
    "build_status",
    "conclusion",
    "event_type",
    "outcome",
    "phase",
    "result",
    "state",
    "status",
    "issue_type",
];

/// A payload, and the event that it came in.
struct Payload {
    connector: &'static dyn Connector,
    name: String,
    event: Envelope,
    value: Value,
}

impl Payload {
    fn normalized(&self, value: &Value) -> Result<Vec<Fact>, NotStored> {
        let event = Envelope { data: value.to_string().into(), ..self.event.clone() };
        connector::normalize(self.connector, &event).outcome
    }

    fn with(&self, change: impl FnOnce(&mut Value)) -> Result<Vec<Fact>, NotStored> {
        let mut value = self.value.clone();
        change(&mut value);
        self.normalized(&value)
    }
}

fn swept() -> Vec<&'static dyn Connector> {
    crate::all().iter().copied().filter(|connector| Stated::of(*connector).not_swept.is_none()).collect()
}

/// The connector's own payloads, in files named by what they are.
fn own_payloads(connector: &'static dyn Connector) -> Vec<Payload> {
    let payload = |(name, data): (String, Bytes)| {
        let value = serde_json::from_slice(&data).unwrap();
        let event = testing::event(connector, &name, data);
        Payload { connector, name, event, value }
    };
    testing::fixtures(&directory(connector.name())).into_iter().map(payload).collect()
}

/// What others recorded, as the gateway would put it into the log.
fn recorded_payloads(corpus: &Path) -> Vec<Payload> {
    let mut payloads = Vec::new();
    let of_connector = |connector: &'static dyn Connector| {
        Stated::of(connector).recorded.into_iter().map(move |directory| (connector, directory))
    };
    for (connector, directory) in swept().into_iter().flat_map(of_connector) {
        let files = testing::json_files(&corpus.join(&directory));
        assert!(!files.is_empty(), "{directory} holds no payloads");
        for (name, body) in files {
            let Ok(value) = serde_json::from_slice(&body) else { continue };
            let kind = name.split("__").next().unwrap().replace('-', "_");
            let mut request = RawRequest::new(body);
            for (header, value) in [("x-github-event", &*kind), ("x-gitlab-event", "Some Hook")] {
                request.headers.insert(HeaderName::from_static(header), HeaderValue::from_str(value).unwrap());
            }
            let request = verified(request);
            let source = format!("{}/main", connector.name());
            let to = Destination {
                source: &source,
                tenant: &Tenant::default(),
                received: DateTime::UNIX_EPOCH,
                canceled: &[],
            };
            if let Ok(Received::Events(events)) = connector.webhook().unwrap().envelopes(&request, &to) {
                payloads.extend(events.into_iter().map(|event| Payload {
                    connector,
                    name: name.clone(),
                    event,
                    value: Value::clone(&value),
                }));
            }
        }
    }
    payloads
}

/// The places of all values in a document, by their steps.
fn places(value: &Value) -> Vec<Vec<String>> {
    let children: Vec<(String, &Value)> = match value {
        Value::Array(items) => items.iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect(),
        Value::Object(fields) => fields.iter().map(|(name, field)| (name.clone(), field)).collect(),
        _ => Vec::new(),
    };
    let mut all = Vec::new();
    for (name, child) in children {
        all.push(vec![name.clone()]);
        all.extend(places(child).into_iter().map(|below| [vec![name.clone()], below].concat()));
    }
    all
}

fn at<'a>(value: &'a mut Value, place: &[String]) -> &'a mut Value {
    place.iter().fold(value, |value, step| match value {
        Value::Array(items) => &mut items[step.parse::<usize>().unwrap()],
        value => &mut value[step.as_str()],
    })
}

fn remove(value: &mut Value, place: &[String]) {
    let (last, outside) = place.split_last().unwrap();
    match at(value, outside) {
        Value::Array(items) => drop(items.remove(last.parse().unwrap())),
        value => drop(value.as_object_mut().unwrap().remove(last)),
    }
}

/// A place with `*` for any place in a list, and the innermost element of a list that it is in.
fn general(value: &Value, place: &[String]) -> (String, Option<Vec<String>>) {
    let (mut value, mut steps, mut element) = (value, Vec::new(), None);
    for (depth, step) in place.iter().enumerate() {
        match value {
            Value::Array(items) => {
                steps.push("*");
                element = Some(place[..=depth].to_vec());
                value = &items[step.parse::<usize>().unwrap()];
            }
            other => {
                steps.push(step);
                value = &other[step.as_str()];
            }
        }
    }
    (steps.join("."), element)
}

/// Sets each place of a payload to null and leaves it out. Facts of other elements of a list stay as they are. Returns
/// the number of attempts and the places without which there are no facts.
fn sweep(payload: &Payload, stated: &Stated) -> (usize, BTreeSet<String>) {
    let (mut tried, mut needed) = (0, BTreeSet::new());
    let Ok(whole) = payload.normalized(&payload.value) else { return (0, needed) };
    for place in places(&payload.value) {
        let (general, element) = general(&payload.value, &place);
        let without_element = element.and_then(|element| payload.with(|value| remove(value, &element)).ok());
        let ends =
            [payload.with(|value| *at(value, &place) = Value::Null), payload.with(|value| remove(value, &place))];
        for end in ends {
            tried += 1;
            match (end, &without_element) {
                (Err(_), _) => drop(needed.insert(general.clone())),
                (Ok(left), Some(without)) => {
                    let mut others = whole.iter().filter(|fact| without.contains(fact));
                    let lost = others.find(|fact| !left.contains(fact));
                    if lost.is_some() && !stated.is_rested_on(&general) {
                        needed.insert(format!("{general}, for others"));
                    }
                }
                (Ok(_), None) => {}
            }
        }
    }
    (tried, needed)
}

/// A connector, a place in a payload, and the payload.
type UnknownPlace = (&'static str, String, String);

/// Sweeps payloads, and names the places without which there are no facts although they are not among those that are
/// needed, with the payload. Returns the number of attempts a connector too.
fn sweep_all(payloads: Vec<Payload>) -> (BTreeMap<&'static str, usize>, BTreeSet<UnknownPlace>) {
    let (mut tried, mut unknown) = (BTreeMap::new(), BTreeSet::new());
    for payload in payloads {
        let name = payload.connector.name();
        let stated = Stated::of(payload.connector);
        let (more, needed) = sweep(&payload, &stated);
        *tried.entry(name).or_default() += more;
        let not_stated = needed.into_iter().filter(|place| !stated.is_needed(place));
        unknown.extend(not_stated.map(|place| (name, place, payload.name.clone())));
    }
    println!("{tried:?}");
    (tried, unknown)
}

#[test]
fn a_null_or_a_gap_costs_no_more_than_the_part_that_it_is_in() {
    let (tried, unknown) = sweep_all(swept().into_iter().flat_map(own_payloads).collect());
    assert!(tried.len() == swept().len() && tried.values().all(|tried| *tried > 0), "{tried:?}");
    assert!(
        unknown.is_empty(),
        "without these there are no facts; read them leniently, or list them in sweep.toml: {unknown:#?}"
    );
}

#[test]
fn a_null_or_a_gap_costs_no_more_in_what_others_recorded() {
    let Some(corpus) = parts::corpus() else { return };
    let (tried, unknown) = sweep_all(recorded_payloads(&corpus));
    assert!(tried.values().sum::<usize>() > 10_000, "{tried:?}");
    assert!(unknown.is_empty(), "{unknown:#?}");
}

#[test]
fn a_word_of_the_source_says_the_same_in_any_letter_case() {
    let mut tried = 0;
    for payload in swept().into_iter().flat_map(own_payloads) {
        let Ok(whole) = payload.normalized(&payload.value) else { continue };
        for place in places(&payload.value) {
            let mut value = payload.value.clone();
            let Value::String(word) = at(&mut value, &place).take() else { continue };
            if !place.last().is_some_and(|name| WORDS.contains(&name.as_str())) {
                continue;
            }
            for other in [word.to_uppercase(), word.to_lowercase()] {
                tried += 1;
                let end = payload.with(|value| *at(value, &place) = other.clone().into());
                let name = payload.connector.name();
                assert_eq!(end.as_ref(), Ok(&whole), "{name} {}: {} `{other}`", payload.name, place.join("."));
            }
        }
    }
    println!("{tried} words");
    assert!(tried > 100, "{tried}");
}

#[test]
fn a_time_at_an_end_of_the_calendar_has_a_named_outcome() {
    let ends = [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC];
    let texts = ["-262143-01-01T00:00:00Z", "+262142-12-31T23:59:59.999999999Z"];
    assert_eq!(texts.map(|text| text.parse::<DateTime<Utc>>().unwrap()), ends);
    let numbers = ends.map(|end| [end.timestamp(), end.timestamp_millis(), end.timestamp_micros()]);
    let (texts, numbers) = (texts.map(Value::from), numbers.concat().into_iter().map(Value::from).collect::<Vec<_>>());
    let mut tried = 0;
    for payload in crate::all().iter().flat_map(|connector| own_payloads(*connector)) {
        for place in places(&payload.value) {
            let mut value = payload.value.clone();
            let others: &[Value] = match at(&mut value, &place) {
                Value::String(text) if text.parse::<DateTime<Utc>>().is_ok() => &texts,
                Value::Number(_) => &numbers,
                _ => continue,
            };
            for other in others {
                tried += 1;
                *at(&mut value, &place) = other.clone();
                let event = Envelope { data: value.to_string().into(), ..payload.event.clone() };
                testing::assert_named_outcome(payload.connector, &event);
            }
        }
    }
    assert!(tried > 1000, "{tried}");
}
