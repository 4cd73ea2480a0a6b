//! The shell around every role: settings, telemetry, health and ordered shutdown.

pub mod settings;
