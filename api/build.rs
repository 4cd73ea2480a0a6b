//! Lists the files of the web application, where it was built (`scripts/web build`) before this crate: each with its
//! compressed forms.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Where Vite puts the application. A file of it is committed, so that the directory is always there to be watched.
const DIST: &str = "../dashboards/web/dist";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={DIST}");
    let root = std::fs::canonicalize(DIST)?;
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();
    let mut list = "static BUILT: &[Built] = &[\n".to_owned();
    for file in &files {
        let name = file.strip_prefix(&root)?.to_str().ok_or("the name of a file is not UTF-8")?;
        let is_form = file.extension().is_some_and(|ending| ending == "br" || ending == "gz");
        if is_form || name.starts_with('.') {
            continue;
        }
        let (plain, brotli, gzip) = (include(file), compressed(file, "br"), compressed(file, "gz"));
        let path = name.replace('\\', "/");
        writeln!(list, "    Built {{ path: \"/{path}\", plain: {plain}, brotli: {brotli}, gzip: {gzip} }},")?;
    }
    list.push_str("];\n");
    #[expect(clippy::disallowed_methods, reason = "cargo states the directory of its output so")]
    let directory = std::env::var_os("OUT_DIR").ok_or("cargo did not set OUT_DIR")?;
    std::fs::write(Path::new(&directory).join("application.rs"), list)?;
    Ok(())
}

/// Adds the files of a directory, and of those in it.
fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn include(file: &Path) -> String {
    format!("include_bytes!({:?})", file.display().to_string())
}

/// The form of a file that has this ending beside its own, if there is one.
fn compressed(file: &Path, ending: &str) -> String {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    let file = PathBuf::from(name);
    if file.is_file() { format!("Some({})", include(&file)) } else { "None".to_owned() }
}
