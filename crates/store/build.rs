//! Builds the crate again when a migration was added: they are compiled into it.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
