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

/// The sources of a dbt project: the views of a tenant, or those over all of them, with their descriptions, and tests of
/// keys and references.
#[must_use]
pub fn dbt(tenant: Option<&Tenant>) -> String {
    let schema = schema_of(tenant);
    let mut text = format!(
        "version: 2\n\nsources:\n  - name: sei\n    description: {}\n    schema: {schema}\n    tables:\n",
        quoted(&format!("Software engineering metrics of sei, version {VERSION} of its views."))
    );
    for view in views() {
        let _written = writeln!(text, "      - name: {}\n        description: {}", view.name, quoted(view.comment));
        text.push_str("        columns:\n");
        if tenant.is_none() {
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
            text.push_str(&tests_of(&view, column, tenant.is_none()));
        }
    }
    text
}

/// The tests of a column: that a key is one.
fn tests_of(view: &View, column: &ViewColumn, is_of_all: bool) -> String {
    if is_of_all || view.key != [column.name] {
        return String::new();
    }
    "            data_tests:\n              - unique\n              - not_null\n".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_has_the_sources_of_its_schema_with_tests_of_single_keys() {
        let text = dbt(Some(&Tenant::default()));
        assert!(text.contains("schema: analytics_main\n"), "{text}");
        let metric = "- name: metric\n            description: \"Its name.\"\n            data_type: text\n            data_tests:";
        assert!(text.contains(metric), "{text}");
        assert!(!text.contains("- name: tenant\n"), "{text}");
        assert!(dbt(None).contains("- name: tenant\n"));
    }

    #[test]
    fn a_row_of_the_document_names_type_meaning_and_reference() {
        let text = document();
        assert!(text.starts_with("## Views\n"), "{text}");
        assert!(text.contains("| `team` | text | The team that owns the service. → `team.team` |"), "{text}");
    }
}
