//! The connection of Metabase to the views: made, or brought to what is wanted.

use kernel::Secret;
use panels::set;
use serde_json::{Map, Value, json};

use crate::change::{Action, Change};
use crate::difference::differing;
use crate::error::MetabaseError;
use crate::key::Key;
use crate::run::{Run, id_of, items_of, text};
use crate::wanted::Wanted;

const LIST: &str = "/api/database?saved=false&include_analytics=false&include_editable_data_model=false\
                    &exclude_uneditable_details=false&include_only_uploadable=false";

/// Where a connection leads, by the names of its details.
const PLACE: [&str; 4] = ["user", "host", "port", "dbname"];

/// What is to be done.
#[derive(Debug, PartialEq)]
enum Step {
    Create,
    Update(Vec<String>),
    Nothing,
}

/// Makes the connection, or changes it.
pub(crate) async fn apply(run: &mut Run<'_>) -> Result<(), MetabaseError> {
    let wanted = run.wanted;
    let all = run.get(LIST).await?;
    let of_name = items_of(&all, "/api/database")?.iter().find(|item| text(item, "name") == wanted.name);
    let found = match of_name {
        Some(item) => {
            let path = format!("/api/database/{}", id_of(item, "/api/database")?);
            Some(run.get(&path).await?)
        }
        None => None,
    };
    let step = step(wanted, found.as_ref())?;
    run.known.database = found.as_ref().map(|found| id_of(found, "/api/database/{id}")).transpose()?;
    let change = |action| Change::new(action, "database", wanted.name.as_str());
    match step {
        Step::Nothing => {}
        Step::Create => {
            run.changed(change(Action::Create));
            run.known.database = run.create("/api/database", created(wanted)?).await?;
            if let Some(id) = run.known.database {
                // a new connection takes no description
                run.update(&format!("/api/database/{id}"), json!({ "description": description(wanted) })).await?;
            }
        }
        Step::Update(fields) => {
            let body = updated(wanted, &fields, found.as_ref())?;
            run.changed(change(Action::Update).with(fields));
            if let Some(id) = run.known.database {
                run.update(&format!("/api/database/{id}"), body).await?;
            }
        }
    }
    Ok(())
}

fn description(wanted: &Wanted) -> String {
    wanted.content.database_description(&wanted.name)
}

/// What is to be done with the connection of the wanted name.
fn step(wanted: &Wanted, found: Option<&Value>) -> Result<Step, MetabaseError> {
    let Some(found) = found else { return Ok(Step::Create) };
    let is_ours = Key::of(&wanted.name, text(found, "description")).is_some();
    let details = found.get("details").unwrap_or(&Value::Null);
    let place = place(&Value::Object(wanted.details()));
    if !is_ours && (text(found, "engine") != "postgres" || self::place(details) != place) {
        let found = format!("{} {}", text(found, "engine"), self::place(details));
        return Err(MetabaseError::Taken { name: wanted.name.clone(), found, wanted: format!("postgres {place}") });
    }
    let mut fields: Vec<String> =
        differing(&wanted.details(), details).into_iter().map(|name| format!("details.{name}")).collect();
    if wanted.replaces_password {
        fields.push("details.password".to_owned());
    }
    if text(found, "description") != description(wanted) {
        fields.push("description".to_owned());
    }
    Ok(if fields.is_empty() { Step::Nothing } else { Step::Update(fields) })
}

/// Where details lead, as an address.
fn place(details: &Value) -> String {
    let [user, host, port, database] = PLACE.map(|name| match details.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => "?".to_owned(),
    });
    format!("{user}@{host}:{port}/{database}")
}

/// The body that makes the connection.
fn created(wanted: &Wanted) -> Result<Value, MetabaseError> {
    Ok(json!({
        "name": wanted.name,
        "engine": "postgres",
        "details": with_password(wanted, wanted.details())?,
        "is_full_sync": true,
        "is_on_demand": false,
        "auto_run_queries": true,
        "connection_source": "admin",
    }))
}

/// The body that changes the connection: details only if they differ, and then never without the password, which
/// Metabase would send to another place otherwise.
fn updated(wanted: &Wanted, differing: &[String], found: Option<&Value>) -> Result<Value, MetabaseError> {
    let mut body = json!({ "name": wanted.name, "engine": "postgres", "description": description(wanted) });
    if differing.iter().any(|field| field.starts_with("details.")) {
        let found = found.and_then(|found| found.get("details")).and_then(Value::as_object);
        let mut details = found.cloned().unwrap_or_default();
        details.extend(wanted.details());
        set(&mut body, "details", Value::Object(with_password(wanted, details)?));
    }
    Ok(body)
}

fn with_password(wanted: &Wanted, mut details: Map<String, Value>) -> Result<Map<String, Value>, MetabaseError> {
    let password = wanted.connection.password.as_ref().and_then(Secret::expose_str);
    let password = password.ok_or_else(|| MetabaseError::NoPassword(wanted.name.clone()))?;
    details.insert("password".to_owned(), password.into());
    Ok(details)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::content::Content;
    use crate::wanted::{Connection, Ssl};

    fn wanted() -> Wanted {
        Wanted {
            name: "sei".to_owned(),
            connection: Connection {
                host: "db.example.org".to_owned(),
                port: 5432,
                database: "sei".to_owned(),
                user: "metabase".to_owned(),
                password: Secret::new(b"hunter2".as_slice()),
                ssl: Ssl::Required,
            },
            content: Content { schema: "analytics_main".to_owned(), views: Vec::new(), objects: Vec::new() },
            viewers: "sei viewers".to_owned(),
            is_for_all_users: false,
            replaces_password: false,
            sync_timeout: Duration::ZERO,
            is_dry_run: false,
        }
    }

    fn found(wanted: &Wanted) -> Value {
        let mut details = wanted.details();
        details.insert("password".to_owned(), "**MetabasePass**".into());
        json!({ "id": 3, "name": "sei", "engine": "postgres", "details": details, "description": description(wanted) })
    }

    #[test]
    fn a_connection_is_made_once_and_changed_only_where_it_differs() {
        let mut wanted = wanted();
        assert_eq!(step(&wanted, None).unwrap(), Step::Create);
        let found = found(&wanted);
        assert_eq!(step(&wanted, Some(&found)).unwrap(), Step::Nothing);
        wanted.connection.host = "other.example.org".to_owned();
        assert_eq!(step(&wanted, Some(&found)).unwrap(), Step::Update(vec!["details.host".to_owned()]));
        wanted.replaces_password = true;
        let both = ["details.host", "details.password"].map(str::to_owned).to_vec();
        assert_eq!(step(&wanted, Some(&found)).unwrap(), Step::Update(both));
    }

    #[test]
    fn changed_details_are_never_sent_without_the_password() {
        let mut wanted = wanted();
        let found = found(&wanted);
        let of = |wanted: &Wanted, field: &str| updated(wanted, &[field.to_owned()], Some(&found));
        assert_eq!(of(&wanted, "details.host").unwrap()["details"]["password"], "hunter2");
        wanted.connection.password = None;
        assert!(matches!(of(&wanted, "details.host"), Err(MetabaseError::NoPassword(_))));
        assert!(of(&wanted, "description").unwrap().get("details").is_none());
        assert!(matches!(created(&wanted), Err(MetabaseError::NoPassword(_))));
    }

    #[test]
    fn a_connection_of_others_is_left_as_it_is() {
        let wanted = wanted();
        let mut found = found(&wanted);
        found["description"] = json!("ours");
        // the same place: it was made by hand, and is taken over
        assert_eq!(step(&wanted, Some(&found)).unwrap(), Step::Update(vec!["description".to_owned()]));
        found["details"]["host"] = json!("shop.example.org");
        let error = step(&wanted, Some(&found)).unwrap_err().to_string();
        assert!(error.contains("postgres metabase@shop.example.org:5432/sei"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}
