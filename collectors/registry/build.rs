//! Lists the connectors: each dependency `connector-<name>` of the manifest is one, and each whose pull side the feature
//! `pull` of the manifest names has one.

use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=Cargo.toml");
    let manifest = std::fs::read_to_string("Cargo.toml")?;
    let dependency = |line: &str| Some(item(line.strip_prefix("connector-")?.split_once(" = ")?.0));
    let pull_side = |line: &str| Some(item(line.trim().strip_prefix("\"connector-")?.strip_suffix("/pull\",")?));
    let connectors: String = manifest.lines().filter_map(dependency).collect();
    let pulled: String = manifest.lines().filter_map(pull_side).collect();
    let lists = format!(
        "static CONNECTORS: &[&dyn Connector] = &[\n{connectors}];\n\n\
         #[cfg(feature = \"pull\")]\nstatic PULLED: &[&dyn Pull] = &[\n{pulled}];\n"
    );
    #[expect(clippy::disallowed_methods, reason = "cargo states the directory of its output so")]
    let directory = std::env::var_os("OUT_DIR").ok_or("cargo did not set OUT_DIR")?;
    std::fs::write(Path::new(&directory).join("connectors.rs"), lists)?;
    Ok(())
}

/// The line of the connector of this name in a list.
fn item(name: &str) -> String {
    format!("    &connector_{}::CONNECTOR,\n", name.replace('-', "_"))
}
