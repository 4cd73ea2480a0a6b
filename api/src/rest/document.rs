//! What the `OpenAPI` document says beyond the handlers and their questions: which problems there are, under which
//! license and where it is served. Each is stated once, for all operations.

use serde_json::Value;
use utoipa::Modify;
use utoipa::openapi::link::Link;
use utoipa::openapi::path::{Operation, Parameter};
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{License, OpenApi, RefOr, Response, Responses, Server};

/// The problems that an operation may answer, by status.
const PROBLEMS: [(&str, &str); 6] = [
    ("400", "A parameter is unknown, doubled or not what it may be."),
    ("404", "There is no such tenant, service, team, metric, deployment or change."),
    ("406", "None of the media types of `Accept` is offered."),
    ("422", "Each parameter may be as it is, but they can't be answered together, or a cursor is of another list."),
    ("429", "More than this client may ask for: `Retry-After` says when to try again."),
    ("503", "Busy, or not answered in time: `Retry-After` says when to try again."),
];

/// Which operation takes a value of another's first row: the one, the value, the other and its parameter.
const LINKS: [(&str, &str, &str, &str); 7] = [
    ("deployments", "id", "deployment", "id"),
    ("deployments", "id", "events", "fact"),
    ("changes", "id", "change", "id"),
    ("metrics", "name", "metric", "name"),
    ("openChanges", "id", "change", "id"),
    ("incidents", "id", "events", "fact"),
    ("pipelineRuns", "id", "events", "fact"),
];

/// No name and no id holds U+0000.
const TEXT: &str = r"^[^\u0000]+$";
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
        for item in document.paths.paths.values_mut() {
            let reads = item.get.as_mut().map(|operation| (operation, true));
            let writes = [&mut item.post, &mut item.put, &mut item.delete]
                .into_iter()
                .flatten()
                .map(|operation| (operation, false));
            for (operation, is_read) in reads.into_iter().chain(writes) {
                complete(operation, is_read);
            }
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

fn complete(operation: &mut Operation, is_read: bool) {
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter {
            narrow(parameter);
        }
    }
    let id = operation.operation_id.as_deref().unwrap_or_default();
    let Responses { responses, .. } = &mut operation.responses;
    if let Some(RefOr::T(answer)) = responses.get_mut("200") {
        for (_, value, other, parameter) in LINKS.into_iter().filter(|(from, ..)| *from == id) {
            let value = format!("$response.body#/data/0/{value}");
            let link = Link::builder().operation_id(other).parameter(parameter, value).build();
            answer.links.insert(other.to_owned(), RefOr::T(link));
        }
    }
    for (status, response) in responses.iter_mut() {
        if let RefOr::T(response) = response
            && response.description.is_empty()
        {
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
    if is_read {
        responses.insert("304".to_owned(), RefOr::T(Response::new("It is as `If-None-Match` has it.")));
    }
}

/// Says of a name or an id what it may be.
fn narrow(parameter: &mut Parameter) {
    if let Some(RefOr::T(Schema::Object(schema))) = &mut parameter.schema
        && schema.schema_type == SchemaType::from(Type::String)
        && schema.pattern.is_none()
        && schema.enum_values.is_none()
    {
        schema.pattern = Some(TEXT.to_owned());
    }
}

fn one_of<'a>(values: impl IntoIterator<Item = &'a str>) -> Schema {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(values.into_iter().map(Value::from))).into()
}
