//! Connector `generic`: our own facts as JSON, from `POST /v1/events`, from senders of Standard Webhooks
//! (`POST /webhooks/generic/{name}`) and from `sei import`, so that anything can be fed. Facts are checked where they
//! enter, so that their sender learns what is wrong; the schema that they follow is [`schema`].

pub mod elements;
mod identities;
mod schema;

use chrono::{DateTime, TimeDelta, Utc};
use connector::canceled::is_canceled;
use connector::json::JsonProblem;
use connector::problem::FactProblem;
use connector::webhook::{Destination, RawRequest, Received, Refusal, Verified, Webhook, kept_id, standard};
use connector::{Connector, json};
use kernel::Secret;
use kernel::catalog::Kind;
use kernel::near::UnknownName;
use kernel::{
    Envelope, Fact, NotStored, RejectReason, Rejection, StatusCategory, Tenant, event_of_fact, is_plain_json,
};
use serde_json::Value;
use sha2::{Digest, Sha256};

pub use elements::{Form, elements};
pub use schema::schema;

/// The connector.
pub struct Generic;

/// The connector, as the registry lists it.
pub static CONNECTOR: Generic = Generic;

/// The largest number of facts in one request; larger amounts are for `sei import`.
const MAX_FACTS: u64 = 100_000;

/// The largest number of problems that one answer lists.
const MAX_PROBLEMS: usize = 100;

impl Connector for Generic {
    fn name(&self) -> &'static str {
        "generic"
    }

    fn webhook(&self) -> Option<&dyn Webhook> {
        Some(self)
    }

    fn normalize(&self, envelope: &Envelope) -> Result<Vec<Fact>, NotStored> {
        let value = json::read(&envelope.data)?;
        match fact(value, envelope.time) {
            Ok(fact) => Ok(vec![fact]),
            Err(JsonProblem { path, problem }) => {
                Err(NotStored::Rejected(Rejection::new(RejectReason::Schema, format!("{path}: {problem}"))))
            }
        }
    }
}

impl Webhook for Generic {
    fn takes(&self, media_type: &str) -> bool {
        form(media_type).is_some()
    }

    /// By a Standard Webhooks signature, or by a bearer token. What is kept to sign with is never taken as a
    /// token.
    fn verify(&self, request: RawRequest, secrets: &[Secret]) -> Result<Verified, Refusal> {
        if request.headers.contains_key("webhook-signature") {
            return request.verify_standard_webhooks(secrets);
        }
        let signs = |secret: &&Secret| secret.expose().starts_with(standard::SECRET_PREFIX.as_bytes());
        let tokens: Vec<Secret> = secrets.iter().filter(|secret| !signs(secret)).cloned().collect();
        request.verify_bearer(&tokens)
    }

    fn envelopes(&self, request: &Verified, to: &Destination<'_>) -> Result<Received, Refusal> {
        let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
        let media_type = header("content-type").and_then(|value| value.split(';').next()).unwrap_or_default();
        let form = form(&media_type.trim().to_ascii_lowercase()).unwrap_or(Form::Json);
        let key = header("webhook-id").or_else(|| header("idempotency-key"));
        envelopes(request.body(), form, key, to).map(Received::Events).map_err(Refusal::Unprocessable)
    }
}

/// The form of a body of this media type, if it is one that is taken.
#[must_use]
pub fn form(media_type: &str) -> Option<Form> {
    match media_type {
        "application/json" => Some(Form::Json),
        "application/x-ndjson" => Some(Form::Lines),
        _ => None,
    }
}

/// The facts of a request as events, or all that is wrong with them. With an idempotency key, ids derive
/// from it; otherwise from the content.
pub fn envelopes(
    body: &[u8],
    form: Form,
    idempotency_key: Option<&str>,
    to: &Destination<'_>,
) -> Result<Vec<Envelope>, Vec<FactProblem>> {
    let mut events = Vec::new();
    let mut problems = Vec::new();
    let mut count = 0_u64;
    let whole = elements(body, form, u64::MAX, |at, text| {
        if problems.len() >= MAX_PROBLEMS {
            return false;
        }
        // A later fact of a request is a later version.
        let now = later(to.received, count);
        match text.and_then(|text| envelope(text, to.source, to.tenant, now)) {
            _ if count == MAX_FACTS => {
                let problem = format!("more than {MAX_FACTS} facts in one request; use `sei import` for a file");
                problems.push(FactProblem { at, path: ".".to_owned(), problem });
                return false;
            }
            Ok(event) => events.push(event),
            Err(JsonProblem { path, problem }) => problems.push(FactProblem { at, path, problem }),
        }
        count += 1;
        true
    });
    if let Err((at, JsonProblem { path, problem })) = whole {
        problems.push(FactProblem { at, path, problem });
    }
    if problems.is_empty() {
        if let Some(key) = idempotency_key {
            for (index, event) in events.iter_mut().enumerate() {
                event.id = kept_id(&format!("{key}/{index}"));
            }
        }
        Ok(events)
    } else {
        Err(problems)
    }
}

fn later(instant: DateTime<Utc>, microseconds: u64) -> DateTime<Utc> {
    let shift = TimeDelta::microseconds(i64::try_from(microseconds).unwrap_or(i64::MAX));
    instant.checked_add_signed(shift).unwrap_or(instant)
}

/// One fact as an event. Its payload is the fact as it was understood, with its version, so that a
/// replay gives the same row; its id is of what was sent.
pub fn envelope(text: &str, source: &str, tenant: &Tenant, received: DateTime<Utc>) -> Result<Envelope, JsonProblem> {
    let whole = |problem: String| JsonProblem { path: ".".to_owned(), problem };
    if !is_plain_json(text) {
        return Err(whole(json::NOT_PLAIN.to_owned()));
    }
    let value: Value = serde_json::from_str(text).map_err(|error| whole(json::describe(&error)))?;
    let id = hex::encode(Sha256::digest(value.to_string()));
    let fact = fact(value, received)?;
    let data = serde_json::to_vec(&fact).map_err(|error| whole(json::describe(&error)))?;
    Ok(event_of_fact(id, &fact, data, source, tenant, received))
}

/// The longest part of a value that an answer repeats, in characters.
const REPEATED: usize = 100;

/// The kind of this name.
fn kind_of_fact(name: &str) -> Result<&'static Kind, JsonProblem> {
    Fact::KINDS.iter().copied().find(|kind| kind.name == name).ok_or_else(|| {
        let known: Vec<&str> = Fact::KINDS.iter().map(|kind| kind.name).collect();
        let expected = UnknownName::new(name, known.iter().copied()).expected(&format!("one of {}", known.join(", ")));
        let found: String = name.chars().take(REPEATED).collect();
        let problem = format!("found `{found}`, expected {expected}");
        JsonProblem { path: "fact".to_owned(), problem }
    })
}

/// A value that is no text, in words.
fn shown(value: &Value) -> String {
    match value {
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        other => format!("`{other}`"),
    }
}

/// Reads a fact. Without a version it gets the time `received`: the last one wins.
fn fact(mut value: Value, received: DateTime<Utc>) -> Result<Fact, JsonProblem> {
    let wrong = |path: &str, problem: &str| JsonProblem { path: path.to_owned(), problem: problem.to_owned() };
    let Some(object) = value.as_object_mut() else {
        return Err(wrong(".", "expected an object with the field `fact`"));
    };
    let kind = match object.remove("fact") {
        Some(Value::String(kind)) => kind_of_fact(&kind)?,
        Some(other) => return Err(wrong("fact", &format!("found {}, expected a text", shown(&other)))),
        None => return Err(wrong("fact", "missing; expected the kind of fact, such as `deployment`")),
    };
    let version = object.entry("version").or_insert_with(|| Value::Object(serde_json::Map::new()));
    if let Some(version) = version.as_object_mut() {
        version.entry("at").or_insert_with(|| Value::String(received.to_rfc3339()));
    }
    let mut fact = json::read_with(value, |fields| Fact::of_kind(kind, fields))?;
    fact.check().map_err(|rejection| {
        let (path, problem) = rejection.detail.split_once(" is ").unwrap_or((".", &rejection.detail));
        let path = path.strip_prefix(fact.kind()).map_or(path, |rest| rest.trim_start_matches('.'));
        wrong(path, problem)
    })?;
    identities::tidy(&mut fact)?;
    if let Fact::WorkItem(item) = &mut fact {
        item.canceled |= item.status_category == StatusCategory::Done && is_canceled([&item.status], &item.labels);
    }
    Ok(fact)
}

#[cfg(test)]
mod tests {
    use connector::problem::At;
    use serde_json::json;

    use super::*;

    fn to(tenant: &Tenant) -> Destination<'_> {
        let received = "2026-03-01T10:00:00Z".parse().unwrap();
        Destination { source: "generic/events", tenant, received, canceled: &[] }
    }

    fn taken(body: &str, form: Form) -> Vec<Envelope> {
        envelopes(body.as_bytes(), form, None, &to(&Tenant::default())).unwrap()
    }

    fn refused(body: &str, form: Form) -> Vec<FactProblem> {
        envelopes(body.as_bytes(), form, None, &to(&Tenant::default())).unwrap_err()
    }

    const DEPLOYMENT: &str = r#"{"fact":"deployment","id":"shop/7","repository":"https://GitHub.com/Ann/Shop.git",
        "environment":"production","finished_at":"2026-02-03T09:00:00+01:00","outcome":"success"}"#;

    #[test]
    fn a_fact_without_a_version_gets_the_time_of_its_arrival_for_good() {
        let events = taken(DEPLOYMENT, Form::Json);
        let [event] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!((event.kind.as_str(), event.key.as_str()), ("generic.deployment", "github.com/ann/shop"));
        let again = Envelope { time: "2026-09-09T09:09:09Z".parse().unwrap(), ..event.clone() };
        assert_eq!(Generic.normalize(event), Generic.normalize(&again));
        match Generic.normalize(event).unwrap().as_slice() {
            [Fact::Deployment(deployment)] => assert_eq!(deployment.version.at, event.time),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_unknown_kind_of_fact_is_shown_with_those_there_are_and_the_one_that_was_meant() {
        let problem = |fact: Value| {
            let problems = refused(&json!({ "fact": fact, "id": "x" }).to_string(), Form::Json);
            assert_eq!((problems.len(), problems[0].path.as_str()), (1, "fact"));
            problems[0].problem.clone()
        };
        let found = problem(json!("deploymnet"));
        assert!(
            found.starts_with("found `deploymnet`, expected one of repository, commit, change, review,"),
            "{found}"
        );
        assert!(found.ends_with(", service, team; did you mean `deployment`?"), "{found}");
        let found = problem(json!("x".repeat(1000)));
        assert!(found.starts_with(&format!("found `{}`, expected one of", "x".repeat(REPEATED))), "{found}");
        assert_eq!(problem(json!(7)), "found `7`, expected a text");
        assert_eq!(problem(json!(["deployment"])), "found a list, expected a text");
    }

    #[test]
    fn an_item_that_was_closed_without_being_done_is_canceled() {
        let item = |status: &str, category: &str, rest: Value| {
            let mut item = json!({"fact": "work_item", "id": "t/1", "key": "T-1", "project": "t", "status": status,
                "status_category": category, "created_at": "2026-11-02T10:00:00Z"});
            item.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
            let events = taken(&item.to_string(), Form::Json);
            match Generic.normalize(&events[0]).unwrap().remove(0) {
                Fact::WorkItem(item) => item.canceled,
                other => panic!("{other:?}"),
            }
        };
        assert!(item("Closed", "done", json!({"labels": ["wont-do"]})));
        assert!(item("Won't fix", "done", json!({})));
        assert!(item("Closed", "done", json!({"canceled": true})));
        assert!(!item("Closed", "done", json!({"labels": ["done"]})));
        assert!(!item("Duplicate", "in_progress", json!({})));
    }

    #[test]
    fn what_an_incident_is_part_of_has_one_form_and_what_is_none_is_refused() {
        let incident = |selectors: Value| {
            json!({"fact": "incident", "id": "i", "detected_at": "2026-11-02T10:00:00Z", "selectors": selectors})
                .to_string()
        };
        let events = taken(&incident(json!(["jira:shop", "Label:X"])), Form::Json);
        match Generic.normalize(&events[0]).unwrap().remove(0) {
            Fact::Incident(incident) => assert_eq!(incident.selectors, ["jira:SHOP", "label:x"]),
            other => panic!("{other:?}"),
        }
        let problems = refused(&incident(json!(["SHOP"])), Form::Json);
        assert_eq!(problems[0].path, "selectors");
        assert!(problems[0].problem.starts_with("`SHOP`; expected `jira:SHOP`"), "{problems:?}");
    }

    #[test]
    fn the_same_fact_has_the_same_id_whatever_its_spelling_and_time() {
        let compact: Value = serde_json::from_str(DEPLOYMENT).unwrap();
        let lines = format!("{compact}\n\n{compact}\n");
        let ids: Vec<String> = taken(&lines, Form::Lines).into_iter().map(|event| event.id).collect();
        assert_eq!(ids, vec![taken(DEPLOYMENT, Form::Json)[0].id.clone(); 2]);
    }

    #[test]
    fn a_later_fact_of_a_request_is_a_later_version() {
        let body = format!("[{DEPLOYMENT},{DEPLOYMENT}]");
        let events = taken(&body, Form::Json);
        assert!(events[0].time < events[1].time);
    }

    #[test]
    fn a_webhook_is_verified_by_its_signature_or_a_token_and_its_id_is_that_of_its_events() {
        let signing = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let secrets: Vec<Secret> = [signing, "token"].map(|text| Secret::new(text.as_bytes()).unwrap()).into();
        let received = DateTime::from_timestamp(1_614_265_330, 0).unwrap();
        let verify = |body: &'static str, headers: &[(&'static str, &str)]| {
            let mut request = RawRequest { received, ..RawRequest::new(body.as_bytes().into()) };
            for (name, value) in headers {
                request.headers.append(*name, value.parse().unwrap());
            }
            Generic.verify(request, &secrets)
        };
        // from the tests of the specification's own libraries
        let signed = [
            ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
            ("webhook-timestamp", "1614265330"),
            ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        ];
        let tenant = Tenant::default();
        let to = to(&tenant);
        let verified = verify(r#"{"test": 2432232314}"#, &signed).unwrap();
        assert!(
            matches!(Generic.envelopes(&verified, &to), Err(Refusal::Unprocessable(problems)) if problems.len() == 1)
        );
        let verified = verify(DEPLOYMENT, &[("authorization", "Bearer token"), ("webhook-id", "msg_1")]).unwrap();
        match Generic.envelopes(&verified, &to) {
            Ok(Received::Events(events)) => assert_eq!((events.len(), events[0].id.as_str()), (1, "msg_1/0")),
            other => panic!("{other:?}"),
        }
        for headers in [
            &[("authorization", format!("Bearer {signing}"))][..],
            &[("authorization", "Bearer token".to_owned()), ("webhook-signature", "v1,AAAA".to_owned())],
            &[],
        ] {
            let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            assert!(verify(DEPLOYMENT, &headers).is_err(), "{headers:?}");
        }
    }

    #[test]
    fn ids_follow_the_idempotency_key() {
        let body = format!("[{DEPLOYMENT},{DEPLOYMENT}]");
        let events = envelopes(body.as_bytes(), Form::Json, Some("k"), &to(&Tenant::default())).unwrap();
        assert_eq!(events.iter().map(|event| event.id.as_str()).collect::<Vec<_>>(), ["k/0", "k/1"]);
    }

    #[test]
    fn each_wrong_fact_is_named_with_its_place_and_what_was_expected() {
        let body = [
            DEPLOYMENT.replace('\n', ""),
            r#"{"fact":"deployment","id":"x","finished_at":"yesterday"}"#.to_owned(),
            r#"{"fact":"deployment","id":"x","colour":"red"}"#.to_owned(),
            r#"{"fact":"deploy"}"#.to_owned(),
            r#"{"fact":"review","id":"a","change":"x#1","state":"approved","submitted_at":"0001-01-01T00:00:00Z"}"#
                .to_owned(),
            "[]".to_owned(),
            "{".to_owned(),
            r#"{"fact":"deployment","id":" "}"#.to_owned(),
        ]
        .join("\n");
        let problems = refused(&body, Form::Lines);
        let found: Vec<(At, &str)> = problems.iter().map(|problem| (problem.at, problem.path.as_str())).collect();
        let expected =
            [(2, "finished_at"), (3, "colour"), (4, "fact"), (5, "submitted_at"), (6, "."), (7, "."), (8, "id")];
        assert_eq!(found, expected.map(|(line, path)| (At::Line(line), path)), "{problems:#?}");
        let problems = refused(&format!("[{DEPLOYMENT},{{}},3"), Form::Json);
        let found: Vec<At> = problems.iter().map(|problem| problem.at).collect();
        assert_eq!(found, [At::Index(1), At::Index(2), At::Index(3)], "{problems:#?}");
    }

    #[test]
    fn a_request_with_nothing_in_it_is_no_error_and_an_endless_one_is() {
        assert!(taken("[]", Form::Json).is_empty() && taken("\n", Form::Lines).is_empty());
        let problems = refused(&format!("[{}1]", "1,".repeat(3_000_000)), Form::Json);
        assert_eq!(problems.len(), MAX_PROBLEMS);
    }
}
