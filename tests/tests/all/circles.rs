//! No file of a crate depends on itself by way of others: what two files need stands in a third, so that each can be
//! read after the files that it imports.
//!
//! The test reads the `use` declarations and the paths of every file but its tests. It follows a path to the file that
//! defines the item, through modules that only re-export it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

#[path = "circles/source.rs"]
mod source;

use source::Source;

/// The most re-exports that a path is followed through: two globs may name each other.
const MAX_REEXPORTS: usize = 8;

/// A path of names: a module of a crate (empty for its root), or what a file writes.
type Names = Vec<String>;

/// For each file the files that it imports, with the paths as written.
type Imports = BTreeMap<Names, BTreeMap<Names, BTreeSet<String>>>;

/// The files of one crate by module.
struct Crate {
    files: BTreeMap<Names, Source>,
}

impl Crate {
    fn read(src: &Path) -> Self {
        let paths = files_below(src, &|path| path.extension().is_some_and(|ending| ending == "rs"));
        let modules = paths.iter().filter_map(|path| Some((module_of(path.strip_prefix(src).unwrap())?, path)));
        let text = |path: &PathBuf| std::fs::read_to_string(path).unwrap();
        Self { files: modules.map(|(module, path)| (module, Source::read(&text(path)))).collect() }
    }

    fn imports(&self) -> Imports {
        let mut imports = Imports::new();
        for (module, file) in &self.files {
            for path in file.dependencies() {
                if let Some(target) = self.defining_file(module, &path, 0).filter(|target| target != module) {
                    imports.entry(module.clone()).or_default().entry(target).or_default().insert(path.join("::"));
                }
            }
        }
        imports
    }

    /// The file that defines what `path` means in `module`, if it is one of this crate.
    fn defining_file(&self, module: &[String], path: &[String], reexports: usize) -> Option<Names> {
        let (mut here, mut rest) = self.start(module, path)?;
        while let Some((name, after)) = rest.split_first() {
            let child = child(&here, name);
            if !self.files.contains_key(&child) {
                let elsewhere = self.reexported(&here, name, after, reexports);
                return Some(elsewhere.unwrap_or(here));
            }
            (here, rest) = (child, after);
        }
        Some(here)
    }

    /// Where an item is defined that a module does not define itself.
    fn reexported(&self, module: &[String], name: &String, after: &[String], reexports: usize) -> Option<Names> {
        let file = self.files.get(module).filter(|file| reexports < MAX_REEXPORTS && !file.defines.contains(name))?;
        let named = file.uses.iter().filter(|found| found.name == *name);
        let named = named.map(|found| [&found.path, after].concat());
        named.into_iter().find_map(|path| self.defining_file(module, &path, reexports + 1)).or_else(|| {
            let globs = file.uses.iter().filter(|found| found.name == "*");
            let modules = globs.filter_map(|found| self.defining_file(module, &found.path, reexports + 1));
            modules.into_iter().find(|target| self.files[target].defines.contains(name))
        })
    }

    /// The module at which a path starts, and the rest of the path.
    fn start<'a>(&self, module: &[String], path: &'a [String]) -> Option<(Names, &'a [String])> {
        let (first, mut rest) = path.split_first()?;
        let mut here = match first.as_str() {
            "crate" => Names::new(),
            "self" => module.to_vec(),
            "super" => module.split_last()?.1.to_vec(),
            name => child(module, name),
        };
        while let Some((_, after)) = rest.split_first().filter(|(name, _)| *name == "super") {
            here.pop()?;
            rest = after;
        }
        self.files.contains_key(&here).then_some((here, rest))
    }

    /// Each group of files that depend on each other: their names, then the imports among them, one file a line.
    fn circles(&self) -> Vec<String> {
        let imports = self.imports();
        let reached: BTreeMap<&Names, BTreeSet<&Names>> =
            imports.keys().map(|module| (module, reached(&imports, module))).collect();
        let circle_of = |module: &Names, targets: &BTreeSet<&Names>| -> BTreeSet<Names> {
            let back = |target: &Names| reached.get(target).is_some_and(|targets| targets.contains(module));
            targets.iter().filter(|target| back(target)).map(|target| (*target).clone()).collect()
        };
        let circles: BTreeSet<_> = reached.iter().map(|(module, targets)| circle_of(module, targets)).collect();
        circles.iter().filter(|circle| !circle.is_empty()).map(|circle| describe(&imports, circle)).collect()
    }
}

fn child(module: &[String], name: &str) -> Names {
    module.iter().cloned().chain([name.to_owned()]).collect()
}

/// All files that a file imports, directly or by way of others.
fn reached<'a>(imports: &'a Imports, module: &Names) -> BTreeSet<&'a Names> {
    let targets = |module: &Names| imports.get(module).into_iter().flat_map(BTreeMap::keys);
    let mut reached = BTreeSet::new();
    let mut open: Vec<&Names> = targets(module).collect();
    while let Some(next) = open.pop() {
        if reached.insert(next) {
            open.extend(targets(next));
        }
    }
    reached
}

fn describe(imports: &Imports, circle: &BTreeSet<Names>) -> String {
    let name = |module: &Names| if module.is_empty() { "the root".to_owned() } else { module.join("::") };
    let mut text = circle.iter().map(name).collect::<Vec<_>>().join(", ");
    for (from, targets) in imports.iter().filter(|(from, _)| circle.contains(*from)) {
        for (to, paths) in targets.iter().filter(|(to, _)| circle.contains(*to)) {
            let paths = paths.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            write!(text, "\n    {} imports {}: {paths}", name(from), name(to)).unwrap();
        }
    }
    text
}

/// The module of a file of `src`; none for tests, and for programs, whose crate is another.
fn module_of(path: &Path) -> Option<Names> {
    let mut names: Names = path.with_extension("").iter().map(|name| name.to_str().unwrap().to_owned()).collect();
    if names == ["main"] || names[0] == "bin" || names.iter().any(|name| name == "tests") {
        return None;
    }
    names.pop_if(|name| name == "mod" || name == "lib");
    Some(names)
}

/// The wanted files below a directory, but for those that a build makes.
fn files_below(directory: &Path, wanted: &dyn Fn(&Path) -> bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !["target", ".git"].iter().any(|made| path.ends_with(made)) {
            found.extend(files_below(&path, wanted));
        } else if path.is_file() && wanted(&path) {
            found.push(path);
        }
    }
    found
}

#[test]
fn no_files_of_a_crate_import_each_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let manifests = files_below(root, &|path| path.ends_with("Cargo.toml") && path.with_file_name("src").is_dir());
    let mut sizes = BTreeMap::new();
    let mut circles = Vec::new();
    for directory in manifests.iter().filter_map(|manifest| manifest.parent()) {
        let name = directory.strip_prefix(root).unwrap().display().to_string();
        let read = Crate::read(&directory.join("src"));
        circles.extend(read.circles().iter().map(|circle| format!("{name}: {circle}")));
        sizes.insert(name, read.files.len());
    }
    for expected in [
        "api",
        "collectors",
        "collectors/connector",
        "collectors/connectors/git",
        "collectors/pull",
        "crates/kernel",
        "crates/store",
        "dora",
        "processors",
        "sei",
    ] {
        assert!(sizes.get(expected).is_some_and(|files| *files > 3), "{expected} was not read: {sizes:?}");
    }
    assert!(
        circles.is_empty(),
        "these files import each other; move what both need into a file of its own:\n{}",
        circles.join("\n")
    );
}

/// The circles of an invented crate of these modules.
fn circles_of(files: &[(&str, &str)]) -> Vec<String> {
    let module = |names: &str| names.split("::").filter(|name| !name.is_empty()).map(str::to_owned).collect();
    Crate { files: files.iter().map(|(names, text)| (module(names), Source::read(text))).collect() }.circles()
}

#[test]
fn a_circle_over_three_files_is_found_with_its_imports() {
    let circles = circles_of(&[
        ("", "mod ink; mod pen; mod paper; mod desk; use pen::Pen;"),
        ("ink", "use std::fmt; use crate::{paper::{Paper as Sheet, Size}, desk};"),
        ("pen", "fn fill() -> super::ink::Ink { todo!() }"),
        ("paper", "use super::pen;"),
        ("desk", "pub struct Desk;"),
    ]);
    let expected = "ink, paper, pen\n    \
        ink imports paper: crate::paper::Paper, crate::paper::Size\n    \
        paper imports pen: super::pen\n    \
        pen imports ink: super::ink::Ink";
    assert_eq!(circles, [expected]);
}

#[test]
fn a_child_that_imports_from_the_parent_that_uses_it_is_a_circle() {
    let circles = circles_of(&[
        ("", "mod shop;"),
        ("shop", "mod till; use till::Till; pub struct Shop(Till); const OPEN: u8 = 9;"),
        ("shop::till", "pub struct Till; fn open() -> u8 { super::OPEN }"),
    ]);
    let expected = "shop, shop::till\n    \
        shop imports shop::till: till::Till\n    \
        shop::till imports shop: super::OPEN";
    assert_eq!(circles, [expected]);
}

#[test]
fn a_reexport_stands_for_the_file_that_defines_the_item() {
    let by_name = [("", "mod a; mod b; pub use a::A;"), ("a", "pub struct A;"), ("b", "use crate::A;")];
    assert!(circles_of(&by_name).is_empty());
    let by_glob =
        [("", "mod a; mod b; pub use a::*;"), ("a", "pub struct A; use crate::b::B;"), ("b", "use crate::A;")];
    assert_eq!(circles_of(&by_glob), ["a, b\n    a imports b: crate::b::B\n    b imports a: crate::A"]);
    // a module that uses what it re-exports depends on it
    let used = [("", "mod a; pub use a::A; pub struct B(A);"), ("a", "pub struct A(crate::B);")];
    assert_eq!(circles_of(&used), ["the root, a\n    the root imports a: a::A\n    a imports the root: crate::B"]);
}

#[test]
fn what_a_module_within_the_file_imports_of_the_file_is_no_import() {
    let inline = "pub struct A; mod inner { use super::A; mod most { use super::super::A; } } use crate::b;";
    assert!(circles_of(&[("", "mod a; mod b;"), ("a", inline), ("b", "")]).is_empty());
    let outer = "mod inner { use super::super::B; }";
    let circles = circles_of(&[("", "mod a; use a::A; struct B;"), ("a", outer)]);
    assert_eq!(circles, ["the root, a\n    the root imports a: a::A\n    a imports the root: super::B"]);
}

#[test]
fn comments_texts_visibilities_and_tests_import_nothing() {
    let circles = circles_of(&[
        ("", "mod a; mod b;"),
        ("a", "use crate::b;"),
        (
            "b",
            "// crate::a\n/* use crate::a; */ const T: &str = \"crate::a\"; const R: &str = r#\"\" crate::a\"#; \
             const Q: char = '\"'; pub(in crate::a) fn f<'a>(x: &'a str) {} \
             #[cfg(test)] use crate::a; #[cfg(test)] mod tests { use crate::a; fn t() {} }",
        ),
    ]);
    assert!(circles.is_empty(), "{circles:?}");
}
