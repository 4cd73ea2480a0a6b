//! The rules of the computation on cases counted by hand, and on random histories against a slow and
//! obvious implementation.

mod build;
mod random;
mod reference;
mod regressions;
mod rules;
