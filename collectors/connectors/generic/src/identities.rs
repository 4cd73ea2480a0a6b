//! Identities that people write: brought into the form that our own connectors give them, so that facts from both
//! meet.

use connector::json::JsonProblem;
use kernel::catalog::{Column, Form};
use kernel::{Fact, RepositoryId};

/// Brings all identities of a fact into their usual form, and refuses those that say nothing.
pub(super) fn tidy(fact: &mut Fact) -> Result<(), JsonProblem> {
    let record = fact.record_mut();
    for (position, column) in record.kind().columns.iter().enumerate() {
        let texts = record.texts_mut(position);
        if column.form == Form::Selector && texts.len() > MAX_SELECTORS {
            let problem = format!("{} of them; expected {MAX_SELECTORS} at most", texts.len());
            return Err(JsonProblem { path: column.name.to_owned(), problem });
        }
        for text in texts {
            usual(column, text)?;
            if column.filled || column.form == Form::Repository {
                filled(column.name, text)?;
            }
        }
    }
    Ok(())
}

/// Gives a text its usual form.
fn usual(column: &Column, text: &mut String) -> Result<(), JsonProblem> {
    match column.form {
        Form::Any => {}
        Form::Lowercase => *text = text.to_lowercase(),
        // an address is taken for what it points to
        Form::Repository => match RepositoryId::from_url(text) {
            Some(found) => *text = found.0,
            None => lowercase_unless_local(text),
        },
        Form::Change => lowercase_unless_local(text),
        Form::Place => *text = text.trim_end_matches('/').to_lowercase(),
        Form::Selector => {
            filled(column.name, text)?;
            let problem = || format!("`{text}`; expected {}", kernel::SELECTOR_FORMS);
            let usual = kernel::incident_selector(text)
                .ok_or_else(|| JsonProblem { path: column.name.to_owned(), problem: problem() })?;
            *text = usual;
            // in lower case, some letters take more bytes
            filled(column.name, text)?;
        }
    }
    Ok(())
}

/// Paths of this machine keep their case.
fn lowercase_unless_local(text: &mut String) {
    if !text.starts_with("localhost/") {
        *text = text.to_lowercase();
    }
}

/// The longest identity, in bytes: longer ones cannot be indexed.
const MAX_ID: usize = 1000;

/// The most selectors of one fact.
const MAX_SELECTORS: usize = 200;

fn filled(path: &str, text: &str) -> Result<(), JsonProblem> {
    let problem = match text.len() {
        _ if text.trim().is_empty() => "empty; expected a name of its own".to_owned(),
        length if length > MAX_ID => format!("{length} bytes; expected {MAX_ID} at most"),
        _ => return Ok(()),
    };
    Err(JsonProblem { path: path.to_owned(), problem })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tidied(incidents: &str, repositories: &str) -> Result<Fact, String> {
        let version = json!({ "at": "2026-02-03T10:00:00Z" });
        let mut fact: Fact = serde_json::from_value(json!({
            "fact": "service", "name": "s", "incidents": [incidents], "repositories": [repositories], "version": version,
        }))
        .unwrap();
        tidy(&mut fact).map_err(|problem| problem.to_string())?;
        Ok(fact)
    }

    #[test]
    fn identities_stay_as_they_are_when_they_are_brought_into_their_form_again() {
        let mut fact = tidied("label: A/B", "https://Host/path://other/Name.git").unwrap();
        let Fact::Service(service) = &fact else { panic!("{fact:?}") };
        assert_eq!(service.incidents, ["label:a/b"]);
        assert_eq!(service.repositories, [RepositoryId::from("host/path://other/name")]);
        let first = fact.clone();
        tidy(&mut fact).map_err(|problem| problem.to_string()).unwrap();
        assert_eq!(fact, first);
    }

    #[test]
    fn a_selector_that_is_too_long_in_its_form_is_refused() {
        let long = format!("label:{}", "İ".repeat(497));
        assert_eq!(long.len(), MAX_ID);
        let problem = tidied(&long, "host/a").unwrap_err();
        assert_eq!(problem, "incidents: 1497 bytes; expected 1000 at most");
    }
}
