//! The shell around every role: settings, secrets, telemetry, metrics, health and ordered shutdown.
//!
//! Promises: what is wrong with the settings is found before anything starts, and named by its key; a
//! secret never shows in a log, an error or printed settings. Every program that links this crate allocates with
//! mimalloc.

pub mod backoff;
mod causes;
mod changed;
pub mod duration;
mod ending;
pub mod exposition;
pub mod health;
pub mod http;
pub mod kept;
mod layers;
mod load;
mod lock;
mod metrics;
mod operations;
pub mod panics;
mod position;
mod problem;
mod redact;
pub mod reload;
pub mod role;
mod running;
pub mod schedule;
pub mod secret;
pub mod settings;
mod shutdown;
mod signals;
pub mod telemetry;
mod threads;

// Bodies, events and rows are allocated by the thousand, and freed on other threads. With mimalloc the gateway takes up
// to a tenth less processor time for a request than with glibc's allocator.
// its tests link the crate itself too, with the feature that they test
#[cfg(not(test))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub use causes::with_causes;
pub use changed::changed_keys;
pub use ending::ended_within;
pub use load::{CheckedSettings, StartError, check, load, load_with_warnings, log_warnings, settings_file, start};
pub use lock::locked;
pub use metrics::{Metrics, Reason, labels, metrics};
pub use operations::{Operation, OperationOutcome};
pub use problem::{SettingsError, SettingsProblem, Severity};
pub use redact::redact;
pub use shutdown::{before_forced_end, catch_signals, shutdown};
pub use signals::taking_signals;
pub use threads::block_on;
