//! The GraphQL queries of the connector against GitHub's own schema.

use std::path::Path;
use std::process::Command;

#[test]
fn the_queries_are_what_githubs_schema_expects() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/graphql-queries");
    let output = Command::new(script).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
