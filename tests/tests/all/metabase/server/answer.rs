//! Requests as endpoints see them, and answers in Metabase's shapes.

use serde_json::{Map, Value, json};

use super::schemas::Misfit;
use super::state::Object;

/// A request that fits the description.
pub(super) struct Ask {
    /// As the description has it: `PUT /api/card/{id}`.
    pub(super) endpoint: String,
    /// The values of the variables of its path.
    pub(super) variables: Vec<String>,
    pub(super) query: Object,
    pub(super) body: Value,
    /// Who asks; 0 where no one is logged in.
    pub(super) user: i64,
    /// The session, of a user who has logged in.
    pub(super) session: Option<String>,
}

pub(super) enum Content {
    None,
    Json(Value),
    Text(String),
}

pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content: Content,
}

/// An answer, or that of a request that failed.
pub(super) type Reply = Result<Answer, Answer>;

impl Ask {
    /// The id in the path.
    pub(super) fn id(&self) -> Result<i64, Answer> {
        self.number(0)
    }

    pub(super) fn number(&self, index: usize) -> Result<i64, Answer> {
        let number = self.variables.get(index).and_then(|text| text.parse().ok()).filter(|id| *id > 0);
        number.ok_or_else(|| invalid("id", "value must be an integer greater than zero."))
    }

    /// The body, which the description has as an object.
    pub(super) fn fields(&self) -> &Object {
        static EMPTY: std::sync::LazyLock<Object> = std::sync::LazyLock::new(Object::new);
        self.body.as_object().unwrap_or(&EMPTY)
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.query.get(name).and_then(Value::as_bool).unwrap_or(false)
    }
}

pub(super) fn json_answer(value: Value) -> Answer {
    Answer { status: 200, content: Content::Json(value) }
}

pub(super) fn no_content() -> Answer {
    Answer { status: 204, content: Content::None }
}

pub(super) fn text(status: u16, text: &str) -> Answer {
    Answer { status, content: Content::Text(text.to_owned()) }
}

pub(super) fn not_found() -> Answer {
    text(404, "Not found.")
}

pub(super) fn forbidden() -> Answer {
    text(403, "You don't have permissions to do that.")
}

pub(super) fn unauthenticated() -> Answer {
    text(401, "Unauthenticated")
}

pub(super) fn out_of_date() -> Answer {
    text(
        409,
        "Looks like someone else edited the permissions and your data is out of date. Please fetch new data and try \
         again.",
    )
}

/// A request whose body or parameter does not fit.
pub(super) fn invalid(field: &str, message: &str) -> Answer {
    refused(&[Misfit { field: field.to_owned(), text: message.to_owned() }])
}

pub(super) fn refused(misfits: &[Misfit]) -> Answer {
    let (mut errors, mut specific) = (Map::new(), Map::new());
    for misfit in misfits {
        errors.insert(misfit.field.clone(), json!(misfit.text));
        let list = specific.entry(misfit.field.clone()).or_insert_with(|| json!([]));
        list.as_array_mut().unwrap().push(json!(misfit.text));
    }
    Answer { status: 400, content: Content::Json(json!({ "errors": errors, "specific-errors": specific })) }
}
