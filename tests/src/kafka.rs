//! A real Kafka for the tests: that of `SEI_TEST_KAFKA`, or the one that `scripts/kafka up` starts. All
//! tests share it, each with a topic and a group of its own.

use std::path::Path;
use std::process::Command;

use tokio::sync::OnceCell;

/// The address of a broker.
///
/// # Panics
/// When none can be started: a test can't go on without, whether `SEI_REQUIRE` names `kafka` or not.
pub async fn kafka() -> String {
    static BROKER: OnceCell<String> = OnceCell::const_new();
    let start = || async {
        if let Ok(broker) = std::env::var("SEI_TEST_KAFKA") {
            return broker;
        }
        let up = || Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/kafka")).arg("up").output();
        match tokio::task::spawn_blocking(up).await {
            Ok(Ok(output)) if output.status.success() => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
            Ok(Ok(output)) => panic!("{}", String::from_utf8_lossy(&output.stderr)),
            other => panic!("scripts/kafka: {other:?}"),
        }
    };
    BROKER.get_or_init(start).await.clone()
}
