//! Tests of what holds with either log.

/// Makes each test one of the embedded log and one of Kafka.
macro_rules! on_both_logs {
    ($($name:ident)*) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name(super::LogKind::Embedded).await })*
        }
        mod kafka {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name(super::LogKind::Kafka).await })*
        }
    };
}
pub(crate) use on_both_logs;
