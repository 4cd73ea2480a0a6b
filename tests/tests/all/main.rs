//! Everything that needs real parts, as one test binary: one module a subject.

mod architecture;
mod k8s;
mod store;
