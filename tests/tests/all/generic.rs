//! Facts of our own: the published schema, files of them, and their way into the database.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use collectors::import::{ImportError, ImportFormat, ImportOptions, ImportSummary, import};
use eventlog::settings::LogKind;
use flate2::Compression;
use flate2::write::GzEncoder;
use kernel::Tenant;
use processors::Processor;
use pull::progress::{Progress, Silent};
use serde_json::{Value, json};

use super::gateway::{MemoryLog, serve, settings};
use super::rows;
use tests::TestLog;

/// An example of each kind of fact, out of the schema itself.
fn examples() -> Vec<Value> {
    let schema = connector_generic::schema();
    schema["oneOf"].as_array().unwrap().iter().map(|kind| kind["examples"][0].clone()).collect()
}

fn facts(keep_going: bool) -> ImportOptions {
    ImportOptions { format: ImportFormat::Facts, tenant: Tenant::default(), keep_going }
}

fn file(directory: &Path, name: &str, content: &[u8]) -> PathBuf {
    let path = directory.join(name);
    std::fs::write(&path, content).unwrap();
    path
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn the_schema_is_one_and_says_the_same_as_the_gateway() {
    let schema = connector_generic::schema();
    assert!(jsonschema::meta::is_valid(&schema));
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    for example in examples() {
        let problems: Vec<String> = validator.iter_errors(&example).map(|error| error.to_string()).collect();
        assert!(problems.is_empty(), "{example}: {problems:?}");
    }
    for wrong in [
        json!({}),
        json!([]),
        json!({"fact": "deploy", "id": "x"}),
        json!({"fact": "deployment"}),
        json!({"fact": "deployment", "id": "x", "colour": "red"}),
        json!({"fact": "deployment", "id": "x", "sha": "main"}),
        json!({"fact": "deployment", "id": "x", "outcome": "good"}),
        json!({"fact": "team", "name": "a", "members": "ann"}),
    ] {
        assert!(!validator.is_valid(&wrong), "{wrong}");
    }
}

#[tokio::test]
async fn the_example_of_each_kind_of_fact_is_stored() {
    let TestLog { database, log, .. } = TestLog::new(LogKind::Embedded).await;
    let served = serve(&settings(), log.clone()).await;
    let reply = served.facts("application/json", &Value::from(examples()).to_string()).await;
    assert_eq!((reply.status, reply.body.as_str()), (202, r#"{"accepted":21}"#));
    let processor = Processor::new(database.store.clone(), log.clone(), registry::connector);
    processor.drain().await.unwrap();
    let rows = rows::all(&database.options()).await;
    for (table, rows) in &rows {
        assert_eq!(rows.len(), 1, "{table}: {rows:?}");
    }
    assert_eq!(store::dead_letters::count(&database.store).await.unwrap(), 0);
}

#[tokio::test]
async fn a_correction_without_a_version_wins_over_what_it_corrects() {
    let TestLog { database, log, .. } = TestLog::new(LogKind::Embedded).await;
    let served = serve(&settings(), log.clone()).await;
    let processor = Processor::new(database.store.clone(), log.clone(), registry::connector);
    for outcome in ["success", "failure", "success", "failure"] {
        let fact =
            json!({"fact": "deployment", "id": "shop/1", "finished_at": "2026-02-03T09:00:00Z", "outcome": outcome});
        assert_eq!(served.facts("application/json", &fact.to_string()).await.status, 202);
        processor.drain().await.unwrap();
        let rows = &rows::all(&database.options()).await["deployment"];
        assert!(rows.len() == 1 && rows[0].contains(outcome), "{rows:?}");
    }
}

#[tokio::test]
async fn every_form_of_file_gives_the_same_events() {
    let directory = tempfile::tempdir().unwrap();
    let examples = examples();
    let lines: String = examples.iter().map(|fact| format!("{fact}\n")).collect();
    let pretty = serde_json::to_string_pretty(&Value::from(examples.clone())).unwrap();
    let members = [gzip(&lines.as_bytes()[..300]), gzip(&lines.as_bytes()[300..])].concat();
    let mut ids: Option<Vec<String>> = None;
    for (name, content) in [
        ("facts.ndjson", lines.as_bytes()),
        ("facts.jsonl.gz", &gzip(lines.as_bytes())),
        ("members.ndjson.gz", &members),
        ("array.json", pretty.as_bytes()),
        ("array.json.gz", &gzip(pretty.as_bytes())),
        ("objects.JSON", lines.replace(",\"", ",\n  \"").as_bytes()),
        ("windows.ndjson", lines.replace('\n', "\r\n\r\n").as_bytes()),
    ] {
        let log = MemoryLog::new();
        let path = file(directory.path(), name, content);
        let summary = import(&[path], &facts(false), &*log, &Silent).await.unwrap();
        assert_eq!(summary, ImportSummary { files: 1, events: 21, ..ImportSummary::default() }, "{name}");
        let found: Vec<String> = log.events().into_iter().map(|event| event.id).collect();
        assert_eq!(*ids.get_or_insert(found.clone()), found, "{name}");
    }
}

#[tokio::test]
async fn a_bad_line_is_named_with_its_file_or_reported_and_passed_over() {
    let directory = tempfile::tempdir().unwrap();
    let good = r#"{"fact":"deployment","id":"shop/1"}"#;
    let content = format!("{good}\n{{\"fact\":\"deployment\",\"id\":1}}\n\nnot json\n{good}\n");
    let path = file(directory.path(), "facts.ndjson", content.as_bytes());
    let error = import(std::slice::from_ref(&path), &facts(false), &*MemoryLog::new(), &Silent).await.unwrap_err();
    let ImportError::Problem(problem) = &error else { panic!("{error:?}") };
    assert_eq!(problem.file, path);
    assert!(error.to_string().contains("facts.ndjson, line 2: id: "), "{error}");
    let log = MemoryLog::new();
    let summary = import(&[path], &facts(true), &*log, &Silent).await.unwrap();
    assert_eq!((summary.events, summary.rejected, log.events().len()), (2, 2, 2));
    let lines: Vec<String> = summary.problems.iter().map(|problem| problem.at.to_string()).collect();
    assert_eq!(lines, ["line 2", "line 4"]);
}

#[tokio::test]
async fn files_that_are_cut_off_damaged_or_not_there_are_errors_that_say_so() {
    let directory = tempfile::tempdir().unwrap();
    let good = r#"{"fact":"deployment","id":"shop/1"}"#;
    // Enough of it that what was compressed is read in pieces, and no two lines alike.
    let lines: String = (0..5000).map(|number| format!("{}\n", good.replace('1', &number.to_string()))).collect();
    let zipped = gzip(lines.as_bytes());
    for (name, content, expected) in [
        ("cut.ndjson.gz", &zipped[..zipped.len() / 2], "the file ends in the middle"),
        ("foreign.ndjson.gz", &[0x1f, 0x8b, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9][..], "damaged"),
        ("cut.json", &format!("[{good},{good}").into_bytes(), "element 2: not a JSON object: it ends in the middle"),
        ("cut.ndjson", &lines.as_bytes()[..lines.len() - 5], "line 5000: not a JSON object: it ends in the middle"),
        ("bytes.ndjson", b"\xff\xfe{", "no UTF-8 at byte 0"),
    ] {
        let path = file(directory.path(), name, content);
        let error = import(&[path], &facts(false), &*MemoryLog::new(), &Silent).await.unwrap_err();
        assert!(error.to_string().contains(expected) && error.to_string().contains(name), "{name}: {error}");
    }
    let missing = directory.path().join("missing.ndjson");
    let error = import(&[missing], &facts(true), &*MemoryLog::new(), &Silent).await.unwrap_err();
    assert!(error.to_string().contains("missing.ndjson can't be opened"), "{error}");
}

/// Adds up the progress that it receives.
#[derive(Default)]
struct Total(Mutex<(Option<u64>, u64)>);

impl Progress for Total {
    fn stage(&self, _: &'static str, total: Option<u64>) {
        self.0.lock().unwrap().0 = total;
    }
    fn advance(&self, units: u64) {
        self.0.lock().unwrap().1 += units;
    }
}

#[tokio::test]
async fn progress_is_in_bytes_of_the_files_and_ends_at_their_size() {
    let directory = tempfile::tempdir().unwrap();
    let lines: String =
        (0..10_000).map(|number| format!("{{\"fact\":\"deployment\",\"id\":\"shop/{number}\"}}\n")).collect();
    let paths = [
        file(directory.path(), "a.ndjson", lines.as_bytes()),
        file(directory.path(), "b.ndjson.gz", &gzip(lines.as_bytes())),
    ];
    let fetched = Total::default();
    let summary = import(&paths, &facts(false), &*MemoryLog::new(), &fetched).await.unwrap();
    assert_eq!((summary.files, summary.events), (2, 20_000));
    let (total, done) = *fetched.0.lock().unwrap();
    assert_eq!(total, Some(done));
}
