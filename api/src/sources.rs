//! Connecting a source: asks it what a token is good for before it stands in the settings, and registers the webhook there.
//!
//! Promises: only what administrators name is asked, by `https` and not on this machine, unless the settings allow
//! that, at the addresses that were looked at and no others; a token is used for the requests of its question and kept
//! nowhere; what was registered is recorded, and its secret not lost. How a source is asked is left to connectors,
//! which the API does not know: the program hands in who does it.

mod address;
mod in_time;
mod registration;
mod settings_text;
mod setup;

pub(crate) use address::{addresses_of, source_url};
pub(crate) use in_time::in_time;
pub(crate) use registration::{Registering, Registration, UnseenSecrets};
pub(crate) use settings_text::{WEBHOOK_SECRET, settings_text, variable};
pub use setup::{
    CheckedSource, NewHook, NewSource, RegisteredHook, SetupError, SourceAccount, SourceRight, SourceSetup,
};
