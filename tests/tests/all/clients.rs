//! Clients that are generated from the description of the API, each by its test program against a served API with a
//! login. `make counterparts` requires them; elsewhere they are skipped, since their generators come from registries.

use kernel::Role;
use parts::Part;
use tokio::process::Command;

use crate::api::{served, tenancy};
use crate::architecture::root;

/// Generates a client and runs its test program.
async fn run(language: &str) {
    if parts::directory("SEI_TEST_CLIENTS", Part::Node).is_none() {
        return;
    }
    let served = served::with(|all| all.login.enabled = true).await;
    served::fill(&served.database.store, served::organization().facts()).await;
    let token = tenancy::token(&served, Role::Viewer, Some("main")).await;
    let output = Command::new(root().join("scripts/clients"))
        .args(["test", language])
        .env("SEI_URL", format!("http://{}", served.address))
        .env("SEI_TOKEN", token.strip_prefix("Bearer ").unwrap())
        .env("SEI_TENANT", "main")
        .output()
        .await
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    assert!(out.contains("services: ") && out.contains("deployments a day (n = "), "{out}");
    assert!(out.contains("404: There is no service `no-such-service`."), "{out}");
}

#[tokio::test]
async fn the_typescript_client_reads_lists_reports_and_problems() {
    run("typescript").await;
}

#[tokio::test]
async fn the_python_client_reads_lists_reports_and_problems() {
    run("python").await;
}

#[tokio::test]
async fn the_go_client_reads_lists_reports_and_problems() {
    run("go").await;
}

#[tokio::test]
async fn the_rust_client_reads_lists_reports_and_problems() {
    run("rust").await;
}
