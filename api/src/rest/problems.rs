//! Which problems an operation may answer, by status, and why. Each is stated once, for all operations that may answer it.

use utoipa::openapi::RefOr;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};

/// A status, why it is answered, and whether an operation may.
type Reason = (&'static str, &'static str, fn(&Operation) -> bool);

const REASONS: [Reason; 14] = [
    ("400", "A parameter is unknown, doubled or not what it may be.", |operation| !has_body(operation)),
    ("400", "The body is not JSON, or a field of it, or a parameter, is not what it may be.", has_body),
    ("401", "It is not known who asks: log in, or send an API token.", |operation| !is_login(operation)),
    ("401", "The name or the password is wrong, or the user may not log in.", is_login),
    ("403", "Who asks may not do this.", |operation| !is_about_oneself(operation)),
    (
        "404",
        "There is no such tenant, service, team, metric, deployment or change, or nothing of this id.",
        names_something,
    ),
    ("406", "None of the media types of `Accept` is offered.", |_| true),
    ("413", "The body is too large.", has_body),
    ("415", "The body is of a media type that is not taken.", has_body),
    (
        "422",
        "Each parameter may be as it is, but they can't be answered together, or a cursor is of another list.",
        |operation| has_query(operation) && !has_body(operation),
    ),
    ("422", "The body is not of this form, or its fields do not go together.", has_body),
    ("429", "More than this client may ask for: `Retry-After` says when to try again.", |_| true),
    ("500", "A fault of the server, whose log says more.", |_| true),
    ("503", "Busy, or not answered in time: `Retry-After` says when to try again.", |_| true),
];

/// The problems that an operation may answer: status and reason.
pub(super) fn of(operation: &Operation) -> Vec<(&'static str, &'static str)> {
    REASONS.into_iter().filter(|(_, _, may)| may(operation)).map(|(status, reason, _)| (status, reason)).collect()
}

/// Whether it begins a session: who asks is not known before.
pub(super) fn is_login(operation: &Operation) -> bool {
    operation.operation_id.as_deref() == Some("login")
}

/// Whether it is answered to everyone who is known.
fn is_about_oneself(operation: &Operation) -> bool {
    operation.operation_id.as_deref() == Some("me")
}

fn has_body(operation: &Operation) -> bool {
    operation.request_body.is_some()
}

fn has_query(operation: &Operation) -> bool {
    takes(operation, |parameter| parameter.parameter_in == ParameterIn::Query)
}

/// Whether a tenant, an id or the body names what may not be there.
fn names_something(operation: &Operation) -> bool {
    let by_parameter =
        |parameter: &Parameter| parameter.parameter_in == ParameterIn::Path || parameter.name == "tenant";
    takes(operation, by_parameter) || (has_body(operation) && !is_login(operation))
}

fn takes(operation: &Operation, is_one: impl Fn(&Parameter) -> bool) -> bool {
    let mut parameters = operation.parameters.iter().flatten();
    parameters.any(|parameter| matches!(parameter, RefOr::T(parameter) if is_one(parameter)))
}

#[cfg(test)]
mod tests {
    use utoipa::openapi::path::{OperationBuilder, ParameterBuilder};
    use utoipa::openapi::request_body::RequestBody;

    use super::*;

    fn statuses(operation: &Operation) -> Vec<&'static str> {
        of(operation).into_iter().map(|(status, _)| status).collect()
    }

    #[test]
    fn an_operation_answers_each_status_for_one_reason_and_only_what_it_can() {
        let parameter = |name: &str, place| ParameterBuilder::new().name(name).parameter_in(place).build();
        let me = OperationBuilder::new().operation_id(Some("me")).build();
        assert_eq!(statuses(&me), ["400", "401", "406", "429", "500", "503"]);
        let list = OperationBuilder::new().parameter(parameter("tenant", ParameterIn::Query)).build();
        assert_eq!(statuses(&list), ["400", "401", "403", "404", "406", "422", "429", "500", "503"]);
        let remove = OperationBuilder::new().parameter(parameter("id", ParameterIn::Path)).build();
        assert_eq!(statuses(&remove), ["400", "401", "403", "404", "406", "429", "500", "503"]);
        let create = OperationBuilder::new().request_body(Some(RequestBody::new())).build();
        let all = ["400", "401", "403", "404", "406", "413", "415", "422", "429", "500", "503"];
        assert_eq!(statuses(&create), all);
    }
}
