//! All that Metabase is to have of a tenant, made from the declarations.

use dora::DoraError;
use kernel::Tenant;
use panels::{PanelError, fields};
use serde_json::json;
use store::analytics::schema_of;

use crate::boards;
use crate::columns::metadata;
use crate::content::{Content, Object};
use crate::key::{Key, Kind};
use crate::models::{METRICS, MODELS, metrics, models};
use crate::reference::object;

/// The collection above all others.
const ROOT: &str = "root";

/// Why the declarations can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContentError {
    /// The panels.
    #[error("the declared dashboards can't be used")]
    Panels(#[from] PanelError),
    /// The metrics.
    #[error("the declared metrics can't be used")]
    Metrics(#[from] DoraError),
}

impl Content {
    /// What is wanted of a tenant. `scope` is the name of the connection and of the collection above all others.
    pub fn of(tenant: &Tenant, scope: &str) -> Result<Self, ContentError> {
        let (dashboards, definitions) = (panels::dashboards()?, dora::definitions(&[])?);
        let mut objects = vec![collection(scope, (ROOT, scope), None, "Software engineering metrics of `sei`.")];
        for dashboard in &dashboards {
            let names = (dashboard.name.as_str(), dashboard.title.as_str());
            objects.push(collection(scope, names, Some(ROOT), &dashboard.description));
        }
        objects.push(collection(scope, (MODELS, "Models"), Some(ROOT), "The views of `sei`, to ask questions of."));
        let text = "Metrics of `sei` as Metabase computes them from what was observed.";
        objects.push(collection(scope, (METRICS, "Metrics"), Some(ROOT), text));
        objects.extend(models(scope));
        objects.extend(metrics(scope, &definitions));
        objects.extend(dashboards.iter().flat_map(|dashboard| boards::questions(scope, dashboard)));
        objects.extend(dashboards.iter().map(|dashboard| boards::dashboard(scope, dashboard, &dashboards)));
        Ok(Self { schema: schema_of(Some(tenant)), views: metadata(), objects })
    }
}

fn collection(scope: &str, (name, title): (&str, &str), parent: Option<&str>, description: &str) -> Object {
    let key = Key::new(Kind::Collection, name);
    let mut body = fields(json!({ "name": title, "description": key.described(scope, description) }));
    if let Some(parent) = parent {
        body.insert("parent_id".to_owned(), object(Kind::Collection, parent));
    }
    Object { key, body }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::reference::{Names, Reference, resolved};

    struct Earlier<'a>(&'a BTreeSet<Key>);

    impl Names for Earlier<'_> {
        fn find(&self, reference: &Reference) -> Option<Value> {
            match reference {
                Reference::Object(key) => self.0.contains(key).then_some(Value::Null),
                _ => Some(Value::Null),
            }
        }
    }

    #[test]
    fn each_object_refers_to_earlier_ones_and_has_a_name_of_its_own() {
        let content = Content::of(&Tenant::default(), "sei").unwrap();
        assert_eq!(content.schema, "analytics_main");
        let mut earlier = BTreeSet::new();
        for object in &content.objects {
            let body = Value::Object(object.body.clone());
            assert!(resolved(&body, &Earlier(&earlier)).is_ok(), "{}", object.key);
            let described = object.body["description"].as_str().unwrap();
            assert_eq!(Key::of("sei", described), Some(object.key.clone()));
            assert!(earlier.insert(object.key.clone()), "{} twice", object.key);
        }
    }
}
