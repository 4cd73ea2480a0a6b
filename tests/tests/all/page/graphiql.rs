//! GraphiQL in a real browser: it asks, follows subscriptions and explains the schema, under the policy of every page, which
//! loads nothing from elsewhere.

use serde_json::{Value, json};

use super::manage::logged_in;
use super::{address, axe_file, is_ready, take};
use crate::api::known;
use crate::api::served::{self, Served};
use crate::browser::{axe, click, look, open, run, wait};

/// Rules of axe that GraphiQL and its editor do not meet: tabs hold the button that closes them, and the text of an editor
/// is moved by its keys, not by the focus of the part that scrolls.
const NOT_MET: [&str; 2] = ["nested-interactive", "scrollable-region-focusable"];

/// Opens the page, and waits until the editor is there.
fn graphiql(served: &Served) -> [Value; 2] {
    [open(&address(served, "/graphql")), wait(".graphiql-query-editor .CodeMirror")]
}

/// Writes a query, and runs it once the editor has read it.
fn asked(query: &str) -> [Value; 2] {
    let script = format!(
        "(async () => {{
            const [editor, query] = [document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror, {}];
            editor.setValue(query);
            for (let tries = 0; tries < 400 && editor.documentAST?.loc.source.body !== query; tries += 1) {{
                await new Promise((done) => setTimeout(done, 25));
            }}
            return null;
        }})()",
        json!(query)
    );
    [run(&script), click(".graphiql-execute-button")]
}

/// The data of the answer, once there is any.
const DATA: &str = "(async () => {
    for (let tries = 0; tries < 400; tries += 1) {
        const text = document.querySelector('.result-window .CodeMirror')?.CodeMirror.getValue() ?? '';
        if (text.trim() !== '') return JSON.parse(text).data ?? text;
        await new Promise((done) => setTimeout(done, 25));
    }
    throw new Error('there is no answer');
})()";

/// What axe found, beside the rules that are not met.
fn found(examined: &Value) -> Vec<&Value> {
    assert!(examined["passes"].as_u64() > Some(10), "{examined}");
    let violations = examined["violations"].as_array().unwrap();
    violations.iter().filter(|violation| NOT_MET.iter().all(|rule| violation["id"] != *rule)).collect()
}

#[tokio::test]
async fn graphiql_asks_and_explains_the_schema_and_loads_nothing_from_elsewhere() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let (query, file) = ("{ services(first: 3) { nodes { name } } }", axe_file().await);
    for theme in ["light", "dark"] {
        let mut steps = vec![look(theme, 1280, 900)];
        steps.extend(graphiql(&served));
        steps.extend(asked(query));
        steps.extend([run(DATA), axe(&file), click("[aria-label='Show Documentation Explorer']")]);
        steps.extend([
            click("a.graphiql-doc-explorer-type-name >> nth=0"),
            wait(".graphiql-doc-explorer-field-name"),
            run("document.querySelector('.graphiql-doc-explorer').textContent"),
            axe(&file),
        ]);
        // what is not from this server, and what the policy forbids, is complained about
        let shown = take(&steps).await;
        let values: Vec<&Value> = shown.values.iter().filter(|value| !value.is_null()).collect();
        let [data, before, documentation, after] = values[..] else { panic!("{values:?}") };
        assert_eq!(*data, served.graphql(query).await);
        for field in ["dora", "deployments", "metricDefinitions"] {
            assert!(documentation.as_str().unwrap().contains(field), "{documentation}");
        }
        assert_eq!((found(before), found(after)), (Vec::new(), Vec::new()), "in {theme}");
    }
}

#[tokio::test]
async fn graphiql_offers_examples_and_follows_subscriptions() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let mut steps = graphiql(&served).to_vec();
    steps.extend([
        click("button[aria-label=Examples]"),
        click("[role=menuitem]:has-text('Failed deployments')"),
        run("document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror.getValue()"),
    ]);
    steps.extend(asked("subscription { metrics(names: [\"change_lead_time\"]) { metric { name } } }"));
    steps.push(run(DATA));
    let shown = take(&steps).await;
    let values: Vec<&Value> = shown.values.iter().filter(|value| !value.is_null()).collect();
    assert!(values[0].as_str().unwrap().contains("failed: true"), "{values:?}");
    assert_eq!(values[1]["metrics"][0]["metric"]["name"], "change_lead_time", "{values:?}");
}

#[tokio::test]
async fn graphiql_asks_in_the_session_of_who_has_logged_in() {
    let served = known::served().await;
    if !is_ready(&served).await {
        return;
    }
    let mut steps = logged_in(&served).await;
    steps.extend(graphiql(&served));
    steps.extend(asked("{ me { role } }"));
    steps.push(run(DATA));
    let shown = take(&steps).await;
    assert_eq!(shown.values.last().unwrap()["me"]["role"], "admin", "{:?}", shown.values);
}
