//! What the `OpenAPI` document says beyond the handlers: what a parameter may be, which problems there are, under
//! which license and where it is served. Each is stated once, for all operations.

use serde_json::Value;
use utoipa::Modify;
use utoipa::openapi::link::Link;
use utoipa::openapi::path::{Operation, Parameter};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{Content, License, OpenApi, Ref, RefOr, Response, Responses, Server};

use crate::params::{LIMIT, LIMIT_MAX};

/// The problems that an operation may answer, by status.
const PROBLEMS: [(&str, &str); 5] = [
    ("400", "A parameter is unknown, doubled or not what it may be."),
    ("404", "There is no such tenant, service, team, metric, deployment or change."),
    ("406", "None of the media types of `Accept` is offered."),
    ("422", "Each parameter may be as it is, but they can't be answered together, or a cursor is of another list."),
    ("503", "Busy, or not answered in time: `Retry-After` says when to try again."),
];

/// Operations that answer no rows, so no CSV.
const WITHOUT_ROWS: [&str; 3] = ["deployment", "change", "events"];

/// Which operation takes a value of another's first row: the one, the value, the other and its parameter.
const LINKS: [(&str, &str, &str, &str); 4] = [
    ("deployments", "id", "deployment", "id"),
    ("deployments", "id", "events", "fact"),
    ("changes", "id", "change", "id"),
    ("metrics", "name", "metric", "name"),
];

/// `1d` to `3650d`, or `all`.
const WINDOW: &str = "^(all|([1-9][0-9]{0,2}|[12][0-9]{3}|3[0-5][0-9]{2}|36[0-4][0-9]|3650)d)$";
/// A cursor is base64url.
const CURSOR: &str = "^[A-Za-z0-9_-]+$";
/// No name and no id holds U+0000.
const TEXT: &str = r"^[^\u0000]+$";
/// A year, then a group if wanted.
const BENCHMARK: &str = "^(2019|202[1-5])(/(industry|organization_size))?(/[a-z0-9_]+)?$";

/// A day or an instant of the years 1971 to 2198, which is plausible in every time zone.
fn time() -> String {
    let year = "(19(7[1-9]|[89][0-9])|20[0-9]{2}|21([0-8][0-9]|9[0-8]))";
    let leap = "(19(7[26]|8[048]|9[26])|20([02468][048]|[13579][26])|21(0[48]|[2468][048]|[13579][26]))";
    let day = "((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)";
    let clock = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])";
    format!("^({year}-{day}|{leap}-02-29)(T{clock})?$")
}

/// Completes the document.
pub struct Complete;

impl Modify for Complete {
    fn modify(&self, document: &mut OpenApi) {
        let mut license = License::new("MIT");
        license.identifier = Some("MIT".to_owned());
        document.info.license = Some(license);
        document.servers = Some(vec![Server::new("/")]);
        // there are no accounts: every client that reaches the port may read
        document.security = Some(Vec::new());
        if let Some(components) = &mut document.components {
            let zones = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
            components.schemas.insert("TimeZone".to_owned(), RefOr::T(one_of(zones)));
        }
        for operation in document.paths.paths.values_mut().filter_map(|item| item.get.as_mut()) {
            complete(operation);
        }
        drop_unused(document);
    }
}

/// Takes out the schemas that nothing refers to: those of the types that envelopes hold stand in the envelopes.
fn drop_unused(document: &mut OpenApi) {
    let Ok(text) = document.to_json() else { return };
    if let Some(components) = &mut document.components {
        components.schemas.retain(|name, _| text.contains(&format!("\"#/components/schemas/{name}\"")));
    }
}

fn complete(operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter {
            narrow(parameter);
        }
    }
    let id = operation.operation_id.as_deref().unwrap_or_default();
    let Responses { responses, .. } = &mut operation.responses;
    if let Some(RefOr::T(answer)) = responses.get_mut("200") {
        if !WITHOUT_ROWS.contains(&id) {
            let text = ObjectBuilder::new().schema_type(Type::String).build();
            answer.content.insert("text/csv".to_owned(), RefOr::T(Content::new(Some(text))));
        }
        for (_, value, other, parameter) in LINKS.into_iter().filter(|(from, ..)| *from == id) {
            let value = format!("$response.body#/data/0/{value}");
            let link = Link::builder().operation_id(other).parameter(parameter, value).build();
            answer.links.insert(other.to_owned(), RefOr::T(link));
        }
    }
    for (status, response) in responses.iter_mut() {
        if let RefOr::T(response) = response {
            let text = if status == "default" { "Another problem." } else { "What was asked for." };
            text.clone_into(&mut response.description);
        }
    }
    let Some(RefOr::T(problem)) = responses.get("default").cloned() else { return };
    for (status, text) in PROBLEMS {
        let mut response = problem.clone();
        text.clone_into(&mut response.description);
        responses.insert(status.to_owned(), RefOr::T(response));
    }
    responses.insert("304".to_owned(), RefOr::T(Response::new("It is as `If-None-Match` has it.")));
}

/// Says what a parameter may be.
fn narrow(parameter: &mut Parameter) {
    let schema = match parameter.name.as_str() {
        "limit" => ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(1))
            .maximum(Some(LIMIT_MAX))
            .default(Some(Value::from(LIMIT)))
            .into(),
        "failed" => ObjectBuilder::new().schema_type(Type::Boolean).into(),
        "window" => text(WINDOW),
        "from" | "to" => text(&time()),
        "cursor" => text(CURSOR),
        "benchmark" => text(BENCHMARK),
        "interval" => one_of(["day", "week", "month", "quarter", "year"]),
        "by" => one_of(dora::Slice::ALL.map(dora::Slice::as_str)),
        "time_zone" => {
            parameter.schema = Some(RefOr::Ref(Ref::from_schema_name("TimeZone")));
            return;
        }
        _ => text(TEXT),
    };
    parameter.schema = Some(RefOr::T(schema));
}

fn text(pattern: &str) -> Schema {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).into()
}

fn one_of<'a>(values: impl IntoIterator<Item = &'a str>) -> Schema {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(values.into_iter().map(Value::from))).into()
}
