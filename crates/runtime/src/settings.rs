//! Settings: each crate declares the sections that it reads, as structs whose doc comments are the texts of the
//! reference; a program puts together those of its parts.
//!
//! Loading ([`crate::load`]), the checks for unknown keys and for secrets, and the reference
//! ([`reference`](mod@reference)) follow from the declarations. Here are the sections that every process has, and those
//! of sources.

mod check;
mod findings;
mod options;
mod process;
pub mod reference;
mod schema;
mod secret_ref;
mod sources;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) use findings::Finding;
pub use findings::{Findings, shown};
pub use options::{OptionsType, RawOptions, SourceOptions};
pub use process::{Data, Database, LogFormat, Otlp, Server, Telemetry, TlsFiles};
pub use schema::Schema;
pub use schema::generate as generate_schema;
pub(crate) use secret_ref::SECRET_REFERENCE;
pub use secret_ref::SecretRef;
pub use sources::{Source, SourcePart, SourceType, WebhookOptions, every_five_minutes};

/// The names of all sections. A program that reads only some of them still refuses a misspelled one.
pub const SECTIONS: [&str; 16] = [
    "api",
    "backup",
    "data",
    "database",
    "dora",
    "events",
    "log",
    "login",
    "metric",
    "person",
    "retention",
    "server",
    "service",
    "source",
    "team",
    "telemetry",
];

/// The settings of a program: a struct with a field for each section that it reads.
pub trait Settings: Clone + Default + DeserializeOwned + Serialize + JsonSchema + Send + Sync + 'static {
    /// The database.
    fn database(&self) -> &Database;

    /// The HTTP server.
    fn server(&self) -> &Server;

    /// Logs of the program itself.
    fn telemetry(&self) -> &Telemetry;

    /// The sources, if the program reads them.
    fn sources(&self) -> &[Source] {
        &[]
    }

    /// What the connectors of the program take in `[[source]]`.
    #[must_use]
    fn source_types() -> Vec<SourceType> {
        Vec::new()
    }

    /// Reports what the types of the sections can't express.
    fn check(&self, findings: &mut Findings);
}

/// Within an implementation of [`Settings`](crate::settings::Settings): the sections that every program reads.
#[macro_export]
macro_rules! process_sections {
    () => {
        fn database(&self) -> &$crate::settings::Database {
            &self.database
        }

        fn server(&self) -> &$crate::settings::Server {
            &self.server
        }

        fn telemetry(&self) -> &$crate::settings::Telemetry {
            &self.telemetry
        }
    };
}
