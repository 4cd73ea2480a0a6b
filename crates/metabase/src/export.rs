//! The same content as files of Metabase's serialization: YAML with ids and names in place of numbers, which Metabase
//! imports, and people review.

use std::collections::BTreeMap;

use panels::fields;
use serde_json::{Map, Value, json};

use crate::columns::base_type;
use crate::content::{Content, Object, ViewMetadata};
use crate::entity_id::entity_id;
use crate::key::{Key, Kind};
use crate::mbql;
use crate::reference::{Names, Reference, resolved};

/// The user who makes what is imported, whom each Metabase has.
const CREATOR: &str = "internal@metabase.com";

/// The fields that stand first in a file.
const FIRST: [&str; 3] = ["name", "entity_id", "description"];

/// The names by which serialized files refer to each other.
struct Portable<'a> {
    scope: &'a str,
    schema: &'a str,
}

impl Portable<'_> {
    fn entity_id(&self, key: &Key) -> String {
        entity_id(&format!("{}/{key}", self.scope))
    }

    /// Who an object is, as each file says at its end.
    fn meta(&self, model: &str, key: &Key, label: &str) -> Value {
        json!([{ "model": model, "id": self.entity_id(key), "label": slug(label) }])
    }

    /// The path to a table, or to a column of it.
    fn path(&self, view: &str, column: Option<&str>) -> Value {
        let mut path = vec![
            json!({ "model": "Database", "id": self.scope }),
            json!({ "model": "Schema", "id": self.schema }),
            json!({ "model": "Table", "id": view }),
        ];
        path.extend(column.map(|column| json!({ "model": "Field", "id": column })));
        Value::Array(path)
    }
}

impl Names for Portable<'_> {
    fn find(&self, reference: &Reference) -> Option<Value> {
        Some(match reference {
            Reference::Database => self.scope.into(),
            Reference::Table(view) => json!([self.scope, self.schema, view]),
            Reference::Field(view, column) => json!([self.scope, self.schema, view, column]),
            Reference::Object(key) => self.entity_id(key).into(),
        })
    }
}

fn document(fields: &Map<String, Value>) -> String {
    panels::yaml(fields, &FIRST)
}

/// A name as part of a path.
fn slug(name: &str) -> String {
    name.to_lowercase().chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect()
}

impl Content {
    /// The directories that hold all files, relative to that of an export.
    #[must_use]
    pub fn directories(scope: &str) -> [String; 2] {
        let slug = slug(scope);
        [format!("collections/main/{slug}"), format!("databases/{slug}")]
    }

    /// The path of a file that each export has: the collection above all others.
    #[must_use]
    pub fn sign(scope: &str) -> String {
        let slug = slug(scope);
        format!("collections/main/{slug}/{slug}.yaml")
    }

    /// The serialized files by their paths. The error is a reference to nothing.
    pub fn files(&self, scope: &str) -> Result<BTreeMap<String, String>, Reference> {
        let names = Portable { scope, schema: &self.schema };
        let [collections, databases] = Self::directories(scope);
        let mut files = BTreeMap::new();
        for object in &self.objects {
            let body = fields(resolved(&Value::Object(object.body.clone()), &names)?);
            let (path, body) = match object.key.kind {
                Kind::Collection => (collection_path(&collections, object), collection(&names, object, body)),
                Kind::Dashboard => {
                    let path = format!("{}/{}_dashboard.yaml", directory(&collections, object), object.key.name);
                    (path, dashboard(&names, object, body))
                }
                Kind::Model | Kind::Metric | Kind::Question | Kind::Database => {
                    let path = format!("{}/{}.yaml", directory(&collections, object), object.key.name);
                    (path, card(&names, object, body))
                }
            };
            files.insert(path, document(&body));
        }
        files.insert(format!("{databases}/{}.yaml", slug(scope)), document(&database(&names, self)));
        for view in &self.views {
            let directory = format!("{databases}/schemas/{}/tables/{}", slug(&self.schema), view.name);
            files.insert(format!("{directory}/{}.yaml", view.name), document(&table(&names, view)));
            for column in &view.columns {
                let body = fields(resolved(&Value::Object(column.body.clone()), &names)?);
                let file = self::column(&names, (view.name, column.name, column.native), body);
                files.insert(format!("{directory}/fields/{}.yaml", column.name), document(&file));
            }
        }
        Ok(files)
    }
}

/// The name of the collection that an object is in.
fn collection_of(object: &Object) -> Option<String> {
    let value = object.body.get("collection_id").or_else(|| object.body.get("parent_id"))?;
    match Reference::of(value)? {
        Reference::Object(key) => Some(key.name),
        _ => None,
    }
}

fn directory(collections: &str, object: &Object) -> String {
    collection_of(object).map_or_else(|| collections.to_owned(), |name| format!("{collections}/{name}"))
}

/// A collection is described in its own directory; the one above all others is that of the export.
fn collection_path(collections: &str, object: &Object) -> String {
    match collection_of(object) {
        Some(_) => format!("{collections}/{0}/{0}.yaml", object.key.name),
        None => format!("{collections}/{}.yaml", collections.rsplit('/').next().unwrap_or_default()),
    }
}

fn title(body: &Map<String, Value>) -> String {
    body.get("name").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The fields with more of them, such as who an object is.
fn with(mut body: Map<String, Value>, more: Value) -> Map<String, Value> {
    body.extend(fields(more));
    body
}

fn collection(names: &Portable<'_>, object: &Object, body: Map<String, Value>) -> Map<String, Value> {
    let title = title(&body);
    let more = json!({
        "entity_id": names.entity_id(&object.key),
        "slug": slug(&title),
        "archived": false,
        "serdes/meta": names.meta("Collection", &object.key, &title),
    });
    with(body, more)
}

fn card(names: &Portable<'_>, object: &Object, body: Map<String, Value>) -> Map<String, Value> {
    let title = title(&body);
    let query = body.get("dataset_query");
    let kind = query.and_then(|query| query.get("type")).cloned().unwrap_or_default();
    let source = query.and_then(|query| query.get("query")).and_then(|query| query.get("source-table")).cloned();
    let mut more = fields(json!({
        "entity_id": names.entity_id(&object.key),
        "creator_id": CREATOR,
        "archived": false,
        "database_id": names.scope,
        "query_type": kind,
        "parameter_mappings": [],
        "serdes/meta": names.meta("Card", &object.key, &title),
    }));
    if let Some(query) = query {
        more.insert("dataset_query".to_owned(), mbql::serialized(query));
    }
    if let Some(source) = source {
        more.insert("table_id".to_owned(), source);
    }
    if !body.contains_key("parameters") {
        more.insert("parameters".to_owned(), json!([]));
    }
    with(body, Value::Object(more))
}

fn dashboard(names: &Portable<'_>, object: &Object, mut body: Map<String, Value>) -> Map<String, Value> {
    let title = title(&body);
    let id = names.entity_id(&object.key);
    for card in body.get_mut("dashcards").and_then(Value::as_array_mut).into_iter().flatten() {
        let of = card.get("card_id").and_then(Value::as_str).unwrap_or_default();
        let card_id = entity_id(&format!("{id}/{of}"));
        let more = json!({
            "entity_id": card_id,
            "serdes/meta": [{ "model": "Dashboard", "id": id }, { "model": "DashboardCard", "id": card_id }],
        });
        if let Some(card) = card.as_object_mut() {
            card.extend(fields(more));
        }
    }
    let more = json!({
        "entity_id": id,
        "creator_id": CREATOR,
        "archived": false,
        "auto_apply_filters": true,
        "tabs": [],
        "serdes/meta": names.meta("Dashboard", &object.key, &title),
    });
    with(body, more)
}

/// The connection, without its details: those are given by `apply`, or by people.
fn database(names: &Portable<'_>, content: &Content) -> Map<String, Value> {
    fields(json!({
        "name": names.scope,
        "description": content.database_description(names.scope),
        "engine": "postgres",
        "is_full_sync": true,
        "is_on_demand": false,
        "serdes/meta": [{ "model": "Database", "id": names.scope }],
    }))
}

fn table(names: &Portable<'_>, view: &ViewMetadata) -> Map<String, Value> {
    let more = json!({
        "name": view.name,
        "db_id": names.scope,
        "schema": names.schema,
        "active": true,
        "serdes/meta": names.path(view.name, None),
    });
    with(view.body.clone(), more)
}

fn column(
    names: &Portable<'_>,
    (view, column, native): (&str, &str, &str),
    body: Map<String, Value>,
) -> Map<String, Value> {
    let more = json!({
        "name": column,
        "table_id": [names.scope, names.schema, view],
        "database_type": native,
        "base_type": base_type(native),
        "active": true,
        "serdes/meta": names.path(view, Some(column)),
    });
    with(body, more)
}

#[cfg(test)]
mod tests {
    use kernel::Tenant;

    use super::*;

    fn exported() -> BTreeMap<String, String> {
        Content::of(&Tenant::default(), "sei").unwrap().files("sei").unwrap()
    }

    #[test]
    fn files_refer_to_each_other_by_ids_that_do_not_change() {
        let files = exported();
        assert_eq!(files, exported());
        let model = &files["collections/main/sei/models/team.yaml"];
        let collection = entity_id("sei/collection/models");
        assert!(
            model.contains(&format!("collection_id: {collection}\n")) || model.contains(&format!("\"{collection}\""))
        );
        assert!(model.contains("table_id:\n- sei\n- analytics_main\n- team\n"), "{model}");
        assert!(model.contains("creator_id: "), "{model}");
        assert!(files.contains_key("collections/main/sei/sei.yaml"));
        assert!(files.contains_key("collections/main/sei/models/models.yaml"));
    }

    #[test]
    fn metadata_of_views_is_exported_and_no_detail_of_the_connection() {
        let files = exported();
        let team = &files["databases/sei/schemas/analytics_main/tables/deployment/fields/team.yaml"];
        assert!(team.contains("semantic_type: type/FK\n"), "{team}");
        assert!(team.contains("fk_target_field_id:\n- sei\n- analytics_main\n- team\n- team\n"), "{team}");
        let database = &files["databases/sei/sei.yaml"];
        assert!(database.contains("Managed by sei: sei/database/analytics_main\n"), "{database}");
        assert!(!database.contains("details") && !database.contains("password"), "{database}");
    }

    #[test]
    fn no_reference_is_left_in_a_file() {
        let with_sign: Vec<String> =
            exported().into_iter().filter(|(_, text)| text.contains("$sei")).map(|(path, _)| path).collect();
        assert_eq!(with_sign, Vec::<String>::new());
    }
}
