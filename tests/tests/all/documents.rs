//! Parts of documents that follow from declarations. With `SEI_WRITE_DOCUMENTS` set they are written, not compared.

use std::collections::BTreeMap;
use std::path::Path;

use kernel::{Fact, Tenant};
use metabase::Content;
use superset::Target;

use crate::architecture::root;

/// Compares a part of a document, from `begin` up to what `rest` finds behind it, with what it must be.
fn assert_part(document: &str, begin: &str, expected: &str, rest: impl Fn(&str) -> usize) {
    let path = root().join(document);
    let text = std::fs::read_to_string(&path).unwrap();
    let start = text.find(begin).unwrap_or_else(|| panic!("{document} has no `{begin}`"));
    let end = start + rest(&text[start..]);
    if std::env::var_os("SEI_WRITE_DOCUMENTS").is_some() {
        let new = format!("{}{}\n{}", &text[..start], expected.trim(), &text[end..]);
        std::fs::write(&path, new).unwrap();
        return;
    }
    let found = text[start..end].trim();
    assert_eq!(found, expected.trim(), "{document} is not current: set SEI_WRITE_DOCUMENTS=1 and run this test again");
}

/// Compares the end of a document, from `begin` on.
pub(crate) fn assert_ends(document: &str, begin: &str, expected: &str) {
    assert_part(document, begin, expected, str::len);
}

/// The end of a table: the empty line behind it.
fn end_of_table(text: &str) -> usize {
    text.find("\n\n").map_or(text.len(), |end| end + 1)
}

/// A sentence as the cell of a table has it: on one line, its first letter in lower case unless its first word is an
/// abbreviation.
fn lowercase_first(sentence: &str) -> String {
    let sentence = sentence.replace('\n', " ");
    let (first, rest) = sentence.split_at(1);
    if rest.starts_with(char::is_uppercase) { sentence } else { format!("{}{rest}", first.to_lowercase()) }
}

#[test]
fn every_address_is_documented_with_its_parameters() {
    let document = serde_json::to_value(api::openapi()).unwrap();
    let mut expected = "| address | parameters | answer |\n|---|---|---|\n".to_owned();
    for (path, item) in document["paths"].as_object().unwrap() {
        if item["get"].is_null() {
            continue;
        }
        let parameters = item["get"]["parameters"].as_array().into_iter().flatten();
        let asked = parameters.filter(|parameter| parameter["in"] == "query" && parameter["name"] != "tenant");
        let names = asked.map(|parameter| format!(" `{}`", parameter["name"].as_str().unwrap())).collect::<Vec<_>>();
        let answer = lowercase_first(item["get"]["summary"].as_str().unwrap().trim_end_matches('.'));
        expected.push_str(&format!("| `{path}` |{} | {answer} |\n", names.join(",")));
    }
    assert_part("docs/api.md", "| address | parameters |", &expected, end_of_table);
}

#[test]
fn every_kind_of_fact_is_documented_with_its_identity() {
    let mut expected = "| kind | definition | identity |\n|---|---|---|\n".to_owned();
    for kind in Fact::KINDS {
        let sentence = kind.description.split(['.', ':']).next().unwrap_or_default();
        let what = lowercase_first(sentence);
        let identity: Vec<String> = kind.key_columns().map(|column| format!("`{}`", column.name)).collect();
        expected.push_str(&format!("| `{}` | {what} | {} |\n", kind.name, identity.join(", ")));
    }
    assert_part("collectors/connectors/generic/README.md", "| kind | definition |", &expected, end_of_table);
}

#[test]
fn the_readme_lists_each_connector_as_its_manifest_describes_it() {
    let mut expected = "| source | how | what |\n|---|---|---|\n".to_owned();
    for connector in registry::all() {
        let directory = format!("collectors/connectors/{}", connector.name());
        let path = root().join(&directory).join("Cargo.toml");
        let manifest: toml::Table = toml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let source = manifest["package"].get("metadata").and_then(|metadata| metadata.get("source"));
        let source = source.unwrap_or_else(|| panic!("{directory}/Cargo.toml has no [package.metadata.source]"));
        let [how, what] = ["how", "what"].map(|key| source[key].as_str().unwrap());
        expected.push_str(&format!("| [`{}`]({directory}/README.md) | {how} | {what} |\n", connector.name()));
    }
    assert_part("README.md", "| source | how | what |", &expected, end_of_table);
}

#[test]
fn the_documentation_site_lists_each_connector_by_the_title_of_its_page() {
    let mut expected = "# Sources\n\n".to_owned();
    for connector in registry::all() {
        let page = format!("collectors/connectors/{}/README.md", connector.name());
        let text = std::fs::read_to_string(root().join(&page)).unwrap();
        let title = text.lines().next().and_then(|line| line.strip_prefix("# "));
        let title = title.unwrap_or_else(|| panic!("{page} does not begin with a title"));
        expected.push_str(&format!("- [{title}](../{page})\n"));
    }
    let other_pages = |text: &str| text.find("- [Who is who]").unwrap_or(text.len());
    assert_part("docs/SUMMARY.md", "# Sources\n", &expected, other_pages);
}

#[test]
fn the_description_of_rest_is_committed_as_it_is_served() {
    let expected = serde_json::to_string_pretty(api::openapi()).unwrap();
    assert_ends("api/openapi.json", "{", &expected);
}

#[test]
fn the_page_of_each_client_shows_the_program_that_tests_it() {
    for (language, fence, program) in [
        ("typescript", "ts", "test.ts"),
        ("python", "python", "test.py"),
        ("go", "go", "test/main.go"),
        ("rust", "rust", "src/main.rs"),
    ] {
        let code = std::fs::read_to_string(root().join("clients").join(language).join(program)).unwrap();
        let begin = format!("```{fence}\n");
        let expected = format!("{begin}{code}```");
        let end = |text: &str| text.find("\n```\n").map_or(text.len(), |end| end + "\n```\n".len());
        assert_part(&format!("docs/clients/{language}.md"), &begin, &expected, end);
    }
}

#[test]
fn the_schema_of_graphql_is_committed() {
    let path = root().join("api/schema.graphql");
    let expected = api::sdl();
    if std::env::var_os("SEI_WRITE_DOCUMENTS").is_some() {
        std::fs::write(&path, expected).unwrap();
        return;
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "api/schema.graphql is not current: set SEI_WRITE_DOCUMENTS=1 and run this test again; a field that is gone \
         breaks clients"
    );
}

#[test]
fn the_views_for_bi_tools_are_documented() {
    assert_ends("docs/analytics.md", "## Views", &store::analytics::document());
}

/// All files in a directory and those in it, by their paths from `from` on.
fn files_in(directory: &Path, from: &Path, into: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(directory).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_in(&path, from, into);
        } else {
            let relative = path.strip_prefix(from).unwrap().to_str().unwrap().to_owned();
            into.insert(relative, std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// Compares all files of a directory with what they must be; `command` writes them.
fn assert_files(directory: &str, expected: &BTreeMap<String, String>, command: &str) {
    let directory = root().join(directory);
    let mut found = BTreeMap::new();
    files_in(&directory, &directory, &mut found);
    if std::env::var_os("SEI_WRITE_DOCUMENTS").is_some() {
        for path in found.keys().filter(|path| !expected.contains_key(*path)) {
            std::fs::remove_file(directory.join(path)).unwrap();
        }
        for (path, text) in expected {
            let path = directory.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        return;
    }
    let paths = expected.keys().chain(found.keys()).filter(|path| expected.get(*path) != found.get(*path));
    let other: Vec<&String> = paths.collect();
    assert!(other.is_empty(), "not current: {other:?}; run `{command}`");
}

#[test]
fn the_files_that_metabase_imports_are_committed() {
    let expected = Content::of(&Tenant::default(), "sei").unwrap().files("sei").unwrap();
    assert_files("dashboards/metabase", &expected, "sei metabase export dashboards/metabase");
}

#[test]
fn the_files_that_grafana_is_provisioned_with_are_committed() {
    assert_files("dashboards/grafana", &grafana::files().unwrap(), "sei grafana export dashboards/grafana");
}

#[test]
fn the_files_that_superset_imports_are_committed() {
    let target = Target::new("sei", "postgresql+psycopg2://superset@127.0.0.1:5433/sei").unwrap();
    let expected = superset::files(&target).unwrap();
    assert_files("dashboards/superset", &expected, "sei superset export dashboards/superset");
}
