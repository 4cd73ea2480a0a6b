//! Metrics held against plain loops, and on cases counted by hand.

mod counted;
mod points;
mod random;
