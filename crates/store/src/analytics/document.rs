//! The views as documents: for people in Markdown, and as the sources of a dbt project.

use std::fmt::Write as _;

use kernel::Tenant;

use super::schema_name::schema_of;
use super::view::{View, ViewColumn};
use super::views::{VERSION, views};

/// The part of `docs/analytics.md` that follows from the declarations, from `## Views` on.
#[must_use]
pub fn document() -> String {
    let mut text =
        format!("## Views\n\nThis is version {VERSION}. The views over all tenants have a column `tenant` first.\n");
    for view in views() {
        let _written = write!(text, "\n### {}\n\n{}", view.name, view.comment);
        if !view.key.is_empty() {
            let key: Vec<String> = view.key.iter().map(|name| format!("`{name}`")).collect();
            let _written = write!(text, " Key: {}.", key.join(", "));
        }
        text.push_str("\n\n| column | type | what |\n|---|---|---|\n");
        for column in &view.columns {
            let _written = writeln!(text, "| `{}` | {} | {} |", column.name, native(column), what(column));
        }
    }
    text
}

/// The type as people write it.
fn native(column: &ViewColumn) -> &'static str {
    match column.native {
        "timestamp with time zone" => "timestamptz",
        native => native,
    }
}

fn what(column: &ViewColumn) -> String {
    let comment = column.comment.replace('|', "\\|");
    match column.references {
        Some((view, name)) => format!("{comment} → `{view}.{name}`"),
        None => comment,
    }
}

/// A text in quotes, as JSON and YAML have it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The view whose rows say how current everything is, and the expression of that time.
const FRESH: (&str, &str) = ("metric_daily", "day::timestamp");

/// The sources of a dbt project: the views of a tenant, or those over all of them, with their descriptions, and tests of
/// keys and references.
#[must_use]
pub fn dbt(tenant: Option<&Tenant>) -> String {
    let (schema, is_of_all) = (schema_of(tenant), tenant.is_none());
    let mut text = format!(
        "version: 2\n\nsources:\n  - name: sei\n    description: {}\n    schema: {schema}\n    tables:\n",
        quoted(&format!("Software engineering metrics of sei, version {VERSION} of its views."))
    );
    for view in views() {
        let _written = writeln!(text, "      - name: {}\n        description: {}", view.name, quoted(view.comment));
        if view.name == FRESH.0 {
            let _written = writeln!(
                text,
                "        config:\n          loaded_at_field: {}\n          freshness:\n            \
                 warn_after: {{ count: 2, period: day }}",
                FRESH.1
            );
        }
        text.push_str(&tests_of(&view, is_of_all));
        text.push_str("        columns:\n");
        if is_of_all {
            text.push_str("          - name: tenant\n            data_type: text\n");
        }
        for column in &view.columns {
            let _written = writeln!(
                text,
                "          - name: {}\n            description: {}\n            data_type: {}",
                column.name,
                quoted(&column.comment),
                column.native
            );
            if view.key == [column.name] {
                text.push_str("            data_tests:\n              - not_null\n");
            }
        }
    }
    text
}

/// The tests of a view: that its key is one, and that what its columns refer to is there.
fn tests_of(view: &View, is_of_all: bool) -> String {
    let mut text = String::new();
    if !view.key.is_empty() {
        // a row as a text is never null, and equal only where all of it is
        let tenant = if is_of_all { "tenant, " } else { "" };
        let key = format!("row({tenant}{})::text", view.key.join(", "));
        let _written = write!(
            text,
            "          - unique:\n              name: sei_{}_key\n              arguments:\n                column_name: {}\n",
            view.name,
            quoted(&key)
        );
    }
    let of_tenant = |column: &str| if is_of_all { format!("tenant || '/' || {column}") } else { column.to_owned() };
    for column in &view.columns {
        let Some((to, field)) = column.references else { continue };
        let _written = write!(
            text,
            "          - relationships:\n              name: sei_{}_{}\n              arguments:\n                \
             column_name: {}\n                to: source('sei', '{to}')\n                field: {}\n",
            view.name,
            column.name,
            quoted(&of_tenant(column.name)),
            quoted(&of_tenant(field))
        );
        // a fact may name what nothing has described yet; what the engine writes may not
        if !["service", "metric_definition"].contains(&to) {
            text.push_str("              config:\n                severity: warn\n");
        }
    }
    if text.is_empty() { text } else { format!("        data_tests:\n{text}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_has_the_sources_of_its_schema_with_tests_of_keys_and_references() {
        let text = dbt(Some(&Tenant::default()));
        assert!(text.contains("schema: analytics_main\n"), "{text}");
        let metric = "- name: metric\n            description: \"Its name.\"\n            data_type: text\n            data_tests:";
        assert!(text.contains(metric), "{text}");
        assert!(!text.contains("- name: tenant\n"), "{text}");
        assert!(text.contains("column_name: \"row(change_id, service)::text\"\n"), "{text}");
        let parent = "name: sei_team_parent\n              arguments:\n                column_name: \"parent\"\n                \
                      to: source('sei', 'team')\n                field: \"team\"\n              config:";
        assert!(text.contains(parent), "{text}");
    }

    #[test]
    fn all_tenants_have_keys_and_references_within_a_tenant() {
        let text = dbt(None);
        assert!(text.contains("schema: analytics\n") && text.contains("- name: tenant\n"), "{text}");
        assert!(text.contains("column_name: \"row(tenant, change_id, service)::text\"\n"), "{text}");
        assert!(text.contains("field: \"tenant || '/' || team\"\n"), "{text}");
    }

    #[test]
    fn a_row_of_the_document_names_type_meaning_and_reference() {
        let text = document();
        assert!(text.starts_with("## Views\n"), "{text}");
        assert!(text.contains("| `team` | text | The team that owns the service. → `team.team` |"), "{text}");
    }
}
