//! What the `OpenAPI` document says beyond the handlers and their questions: who is answered, which problems there are,
//! which fields rows have, under which license and where it is served. Each is stated once, for all operations.

use std::collections::BTreeSet;

use serde_json::Value;
use utoipa::Modify;
use utoipa::openapi::link::Link;
use utoipa::openapi::path::{Operation, Parameter};
use utoipa::openapi::schema::{Components, Object, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{License, OpenApi, RefOr, Response, Responses, Server};

use super::{columns, problems};
use crate::questions::FIELDS_MAX;

/// Which operation takes a value of another's first row: the one, the value, the other and its parameter.
const LINKS: [(&str, &str, &str, &str); 8] = [
    ("deployments", "id", "deployment", "id"),
    ("deployments", "id", "events", "fact"),
    ("changes", "id", "change", "id"),
    ("metrics", "name", "metric", "name"),
    ("metrics", "name", "answers", "names"),
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
        // a server without a login asks for none of them
        let schemes = ["token", "session"].map(|name| SecurityRequirement::new(name, [""; 0]));
        document.security = Some(std::iter::once(SecurityRequirement::default()).chain(schemes).collect());
        if let Some(components) = &mut document.components {
            add_schemes(components);
            let zones = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
            components.schemas.insert("TimeZone".to_owned(), RefOr::T(one_of(zones)));
            if let Some(RefOr::T(Schema::OneOf(events))) = components.schemas.get_mut("StreamEvent") {
                events.items.iter_mut().for_each(describe_data);
            }
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
        name_fields(document);
        drop_unused(document);
    }
}

/// How a client says who it is.
fn add_schemes(components: &mut Components) {
    let token = "An API token, or a JWT of an identity provider. Without a login in the settings none is needed.";
    let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(token)).build();
    let session = "The session of a browser; `__Host-sei` where the server is reached by https. A request that changes \
                   something has the header `sei-csrf` beside it, as /api/v1/me states it.";
    let session = ApiKey::Cookie(ApiKeyValue::with_description("sei", session));
    components.add_security_scheme("token", RefOr::T(SecurityScheme::Http(token)));
    components.add_security_scheme("session", RefOr::T(SecurityScheme::ApiKey(session)));
}

/// Says of an event of a stream that its data is a text, which is JSON: so it is sent.
fn describe_data(event: &mut RefOr<Schema>) {
    let RefOr::T(Schema::Object(Object { properties, .. })) = event else { return };
    if let Some(data) = properties.get_mut("data") {
        let text = ObjectBuilder::new().schema_type(Type::String).content_media_type("application/json");
        *data = text.content_schema(Some(data.clone())).into();
    }
}

/// Says of `fields` which fields the rows of the list have. The name of an object stands for all of its fields.
fn name_fields(document: &mut OpenApi) {
    let columns = columns::of_document(&serde_json::to_value(&*document).unwrap_or_default());
    for (path, item) in &mut document.paths.paths {
        let (Some(columns), Some(operation)) = (columns.get(path), &mut item.get) else { continue };
        let names: BTreeSet<&str> = columns.iter().flat_map(|column| with_objects(column)).collect();
        let name = format!("({})", names.into_iter().collect::<Vec<_>>().join("|").replace('.', r"\."));
        let pattern = format!("^{name}(,{name}){{0,{}}}$", FIELDS_MAX - 1);
        for parameter in operation.parameters.iter_mut().flatten() {
            if let RefOr::T(parameter) = parameter
                && parameter.name == "fields"
            {
                let schema = ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern.clone()));
                parameter.schema = Some(RefOr::T(schema.into()));
            }
        }
    }
}

/// A column, and the objects that it is in.
fn with_objects(column: &str) -> impl Iterator<Item = &str> {
    let ends = column.match_indices('.').map(|(end, _)| end).chain([column.len()]);
    ends.filter_map(move |end| column.get(..end))
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
    let reasons = problems::of(operation);
    if problems::is_login(operation) {
        operation.security = Some(Vec::new());
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
            let text = match status.as_str() {
                "default" => "Another problem.",
                "201" => "It is made.",
                _ => "What was asked for.",
            };
            text.clone_into(&mut response.description);
        }
    }
    let Some(RefOr::T(problem)) = responses.get("default").cloned() else { return };
    for (status, text) in reasons {
        let mut response = problem.clone();
        text.clone_into(&mut response.description);
        responses.insert(status.to_owned(), RefOr::T(response));
    }
    let streams = matches!(responses.get("200"), Some(RefOr::T(one)) if one.content.contains_key("text/event-stream"));
    if is_read && !streams {
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
