//! Everything that needs real parts, as one test binary: one module a subject.

mod architecture;
mod eventlog;
mod k8s;
mod processor;
mod store;
