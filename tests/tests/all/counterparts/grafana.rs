//! The types of Grafana, as npm's `@grafana/schema` has them.

use parts::Part;
use tokio::process::Command;

use crate::architecture::root;

#[tokio::test]
async fn files_for_grafana_are_of_the_types_of_its_schema() {
    if parts::directory("SEI_TEST_CLIENTS", Part::Node).is_none() {
        return;
    }
    let output = Command::new(root().join("scripts/grafana")).output().await.unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    assert!(out.contains("are of the types of Grafana"), "{out}");
}
