//! Loads the settings out of their layers and finds all that is wrong with them, not only the first.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::error::{Actual, Kind};
use figment::value::{Dict, Value};
use kernel::near::UnknownName;

use crate::layers::{Layer, Origin};
use crate::problem::{SettingsError, SettingsProblem, Severity};
use crate::settings::{Finding, Findings, SECRET_REFERENCE, SECTIONS, Schema, Settings, generate_schema};
use crate::telemetry::TelemetryError;

/// Where a file is looked for when none is named.
const FILES: [&str; 2] = ["sei.toml", "/etc/sei/sei.toml"];

/// How often a broken value is taken out to look for further problems. Far above any honest file.
const MAX_PROBLEMS: usize = 500;

/// What [`check`] found.
#[derive(Debug)]
pub struct CheckedSettings<S> {
    /// The settings, if nothing is wrong with them beyond warnings.
    pub settings: Option<S>,
    /// All that is wrong, errors first.
    pub problems: Vec<SettingsProblem>,
    /// The file that was read, if there was one.
    pub file: Option<PathBuf>,
}

/// Why a process cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings can't be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The filter of the log can't be read.
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
}

/// The settings: defaults, then the file (this one, else `./sei.toml`, else `/etc/sei/sei.toml`), then
/// the environment, then `overrides` (each `key=value`).
pub fn load<S: Settings>(file: Option<&Path>, overrides: &[String]) -> Result<S, SettingsError> {
    load_with_warnings(file, overrides).map(|(settings, _)| settings)
}

/// As [`load`], with what works but may not be meant.
pub fn load_with_warnings<S: Settings>(
    file: Option<&Path>,
    overrides: &[String],
) -> Result<(S, Vec<SettingsProblem>), SettingsError> {
    let checked = check(file, overrides);
    match checked.settings {
        Some(settings) => Ok((settings, checked.problems)),
        None => Err(SettingsError { problems: checked.problems }),
    }
}

/// Logs what may not be meant.
pub fn log_warnings(warnings: &[SettingsProblem]) {
    for warning in warnings {
        tracing::warn!(setting.key = warning.key, "{}", warning.text());
    }
}

/// How each role begins: loads the settings, starts logging by the name of its program, and logs the warnings.
pub fn start<S: Settings>(program: &'static str, file: Option<&Path>, overrides: &[String]) -> Result<S, StartError> {
    let (settings, warnings) = load_with_warnings::<S>(file, overrides)?;
    crate::telemetry::init(settings.telemetry(), program)?;
    log_warnings(&warnings);
    Ok(settings)
}

/// The settings file: the one that is named, else the first that is there of those that are looked for.
#[must_use]
pub fn settings_file(named: Option<&Path>) -> Option<PathBuf> {
    named.map(Path::to_owned).or_else(|| FILES.iter().map(PathBuf::from).find(|file| file.exists()))
}

/// As [`load`], but reports everything that is wrong, warnings too.
#[must_use]
pub fn check<S: Settings>(file: Option<&Path>, overrides: &[String]) -> CheckedSettings<S> {
    let file = settings_file(file);
    let text = match &file {
        None => Ok(String::new()),
        Some(file) => std::fs::read_to_string(file).map_err(|error| {
            problem("--config", format!("no readable file ({error})"), "a TOML file", file.display().to_string())
        }),
    };
    let text = match text.and_then(|text| syntax(file.as_deref(), &text).map(|()| text)) {
        Ok(text) => text,
        Err(problem) => return CheckedSettings { settings: None, problems: vec![problem], file },
    };
    let layered = match Layered::new(file.as_deref(), text, std::env::vars(), overrides) {
        Ok(layered) => layered,
        Err(problem) => return CheckedSettings { settings: None, problems: vec![problem], file },
    };
    let (settings, problems) = layered.settings::<S>();
    CheckedSettings { settings, problems, file }
}

fn problem(key: &str, found: String, expected: &str, place: String) -> SettingsProblem {
    SettingsProblem { severity: Severity::Error, key: key.to_owned(), found, expected: expected.to_owned(), place }
}

/// The file must be TOML before anything else is checked.
fn syntax(file: Option<&Path>, text: &str) -> Result<(), SettingsProblem> {
    let Some(file) = file else { return Ok(()) };
    toml::de::DeTable::parse(text).map(|_| ()).map_err(|error| {
        let line = error.span().map_or(1, |span| crate::position::line(text, span.start));
        let place = format!("{}:{line}", file.display());
        problem("(file)", error.message().replace('\n', "; "), "valid TOML", place)
    })
}

/// All layers, merged, with the memory of where each value came from.
struct Layered {
    figment: Figment,
    file_text: String,
}

impl Layered {
    fn new(
        file: Option<&Path>,
        file_text: String,
        variables: impl Iterator<Item = (String, String)>,
        overrides: &[String],
    ) -> Result<Self, SettingsProblem> {
        let mut figment = Figment::new();
        if let Some(file) = file {
            figment = figment.merge(Layer::toml(Origin::File(file.to_owned()), &file_text));
        }
        let mut flags = Vec::new();
        for text in overrides {
            let (key, value) = text.split_once('=').ok_or_else(|| {
                // the value may be a secret, whose key is not known
                problem(
                    "--set",
                    format!("{} characters without `=`", text.chars().count()),
                    "key=value, such as server.listen=127.0.0.1:9000",
                    "the flag --set".to_owned(),
                )
            })?;
            flags.push((key.trim().to_owned(), value.trim().to_owned()));
        }
        let figment = figment.merge(Layer::environment(variables)).merge(Layer::flags(flags.iter()));
        Ok(Self { figment, file_text })
    }

    /// The settings, if there is no error, and all problems.
    fn settings<S: Settings>(&self) -> (Option<S>, Vec<SettingsProblem>) {
        let mut value = match self.figment.find_value("") {
            Ok(value) => value,
            Err(error) => {
                return (None, vec![problem("(all)", error.to_string(), "settings", "the layers".to_owned())]);
            }
        };
        let whole = value.clone();
        let mut problems: BTreeMap<String, SettingsProblem> = BTreeMap::new();
        self.unknown_sections(&mut value, &mut problems);
        self.entries_that_are_no_tables(&mut value, &mut problems);
        let schema = generate_schema::<S>();
        let read = |value: &Value| value.deserialize::<S>().map_err(Box::new);
        let settings = self.extract(&Table { schema: &schema, path: &[] }, read, &mut value, &mut problems, &whole);
        if let Some(settings) = &settings {
            let mut findings = Findings::default();
            settings.check(&mut findings);
            self.check_options(settings, &value, &whole, &mut problems, &mut findings);
            for finding in findings.into_vec() {
                // What was fixed above is not the user's own value any more, nor is a list whose entry was.
                let is_below =
                    |key: &str, above: &str| key.strip_prefix(above).is_some_and(|rest| rest.starts_with('.'));
                let known = problems
                    .keys()
                    .any(|key| finding.key == *key || is_below(&finding.key, key) || is_below(key, &finding.key));
                if !known {
                    let problem = self.of_finding(finding, &whole);
                    problems.insert(problem.key.clone(), problem);
                }
            }
        }
        let mut problems: Vec<SettingsProblem> = problems.into_values().collect();
        problems.sort_by_key(|problem| problem.severity);
        let broken = problems.first().is_some_and(|problem| problem.severity == Severity::Error);
        (settings.filter(|_| !broken), problems)
    }

    /// Takes out sections that no program has. Those of other programs stay: they are read there.
    fn unknown_sections(&self, value: &mut Value, problems: &mut BTreeMap<String, SettingsProblem>) {
        let Value::Dict(_, sections) = value else { return };
        let unknown: Vec<String> = sections.keys().filter(|name| !SECTIONS.contains(&name.as_str())).cloned().collect();
        for name in unknown {
            let path = [name.clone()];
            let kind = Kind::UnknownField(name.clone(), &SECTIONS);
            problems.insert(
                name.clone(),
                SettingsProblem {
                    severity: Severity::Error,
                    found: found(&kind, false, None),
                    expected: expected(&kind, None, None),
                    place: self.place(&Value::from(sections.clone()), &path),
                    key: name.clone(),
                },
            );
            sections.remove(&name);
        }
    }

    /// Takes out lists of tables that have another entry. A list in place of a table would be read by position, and its
    /// texts, which may be secrets, shown as names.
    fn entries_that_are_no_tables(&self, value: &mut Value, problems: &mut BTreeMap<String, SettingsProblem>) {
        let whole = value.clone();
        let Value::Dict(_, sections) = value else { return };
        sections.retain(|name, section| {
            let Value::Array(_, entries) = section else { return true };
            let Some(nth) = entries.iter().position(|entry| !matches!(entry, Value::Dict(..))) else { return true };
            let path = [name.clone(), nth.to_string()];
            let key = path.join(".");
            let found = "no table (not shown: it may be a secret)".to_owned();
            problems.insert(
                key.clone(),
                problem(&key, found, &format!("[[{name}]] and its keys"), self.place(&whole, &path)),
            );
            false
        });
    }

    /// Checks the options of sources by the types of their connectors.
    fn check_options<S: Settings>(
        &self,
        settings: &S,
        value: &Value,
        whole: &Value,
        problems: &mut BTreeMap<String, SettingsProblem>,
        findings: &mut Findings,
    ) {
        let types = S::source_types();
        for (nth, source) in settings.sources().iter().enumerate() {
            let kind = types.iter().find(|kind| kind.connector == source.connector);
            let Some(options) = kind.and_then(|kind| kind.pull) else { continue };
            let path = ["source".to_owned(), nth.to_string(), "pull".to_owned()];
            let Some(mut table) = find(value, &path).cloned() else { continue };
            let (schema, key) = ((options.schema)(), path.join("."));
            let mut read = |table: &Value| (options.check)(table, &key, findings);
            self.extract(&Table { schema: &schema, path: &path }, &mut read, &mut table, problems, whole);
        }
    }

    /// Reads a typed table out of `value`; what does not fit is reported, taken out and read again.
    fn extract<T>(
        &self,
        table: &Table<'_>,
        mut read: impl FnMut(&Value) -> Result<T, Box<figment::Error>>,
        value: &mut Value,
        problems: &mut BTreeMap<String, SettingsProblem>,
        whole: &Value,
    ) -> Option<T> {
        let schema = Schema::new(table.schema);
        let mut fixes: BTreeMap<Vec<String>, usize> = BTreeMap::new();
        for _ in 0..MAX_PROBLEMS {
            let error = match read(value) {
                Ok(settings) => return Some(settings),
                Err(error) => error,
            };
            let mut path = error.path.clone();
            match &error.kind {
                Kind::UnknownField(name, _) if path.last() != Some(name) => path.push(name.clone()),
                Kind::MissingField(name) => path.push(name.to_string()),
                _ => {}
            }
            let tried = fixes.entry(path.clone()).or_default();
            let is_changed = match *tried {
                0 if !matches!(error.kind, Kind::MissingField(_)) => remove(value, &path),
                0 | 1 => put(value, &path, Value::from("")),
                2 => put(value, &path, Value::from(Vec::<String>::new())),
                3 => put(value, &path, Value::from(Dict::from([("env".to_owned(), Value::from("A"))]))),
                _ => false,
            };
            *tried += 1;
            let full_path = [table.path, path.as_slice()].concat();
            let (key, stated) = (full_path.join("."), find(whole, &full_path));
            problems.entry(key.clone()).or_insert_with(|| SettingsProblem {
                severity: Severity::Error,
                key,
                found: found(&error.kind, may_be_secret(schema, &path), stated),
                expected: expected_at(&error.kind, schema, &path, stated),
                place: self.place(whole, &full_path),
            });
            if !is_changed {
                return None;
            }
        }
        None
    }

    fn of_finding(&self, finding: Finding, whole: &Value) -> SettingsProblem {
        let path: Vec<String> = finding.key.split('.').map(str::to_owned).collect();
        SettingsProblem {
            severity: finding.severity,
            found: finding.found,
            expected: finding.expected,
            place: self.place(whole, &path),
            key: finding.key,
        }
    }

    /// The layer of the value at `path`, or the nearest above it.
    fn place(&self, whole: &Value, path: &[String]) -> String {
        let nearest = (0..=path.len()).rev().find_map(|length| path.get(..length).and_then(|path| find(whole, path)));
        let origin = nearest.and_then(|value| self.figment.get_metadata(value.tag())).map(Origin::of);
        origin.unwrap_or(Origin::Defaults).place(path, &self.file_text)
    }
}

/// A table of the settings whose type is known.
struct Table<'a> {
    schema: &'a serde_json::Value,
    /// Where it stands.
    path: &'a [String],
}

fn find<'a>(value: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, part| match value {
        Value::Dict(_, dict) => dict.get(part),
        Value::Array(_, array) => part.parse::<usize>().ok().and_then(|index| array.get(index)),
        _ => None,
    })
}

/// The table that holds the last part of `path`, and that part.
fn table_of<'a, 'p>(value: &'a mut Value, path: &'p [String]) -> Option<(&'a mut Dict, &'p String)> {
    let (last, above) = path.split_last()?;
    let table = above.iter().try_fold(value, |value, part| match value {
        Value::Dict(_, dict) => dict.get_mut(part),
        Value::Array(_, array) => part.parse::<usize>().ok().and_then(|index| array.get_mut(index)),
        _ => None,
    })?;
    match table {
        Value::Dict(_, dict) => Some((dict, last)),
        _ => None,
    }
}

fn put(value: &mut Value, path: &[String], new: Value) -> bool {
    if let Some((table, key)) = table_of(value, path) {
        table.insert(key.clone(), new);
        return true;
    }
    // An entry of a list cannot be replaced alone: the whole list goes.
    path.split_last()
        .is_some_and(|(_, above)| !above.is_empty() && put(value, above, Value::from(Vec::<String>::new())))
}

fn remove(value: &mut Value, path: &[String]) -> bool {
    match table_of(value, path) {
        Some((table, key)) => table.remove(key).is_some(),
        None => put(value, path, Value::from("")),
    }
}

/// Whether the value at a path may be a secret, which is not shown: it stands in or above a reference to a secret, or
/// where nothing is declared.
fn may_be_secret(schema: Schema<'_>, path: &[String]) -> bool {
    let above = (0..path.len()).filter_map(|length| schema.at(path.get(..length)?));
    above.into_iter().any(Schema::is_secret) || schema.at(path).is_none_or(Schema::holds_secrets)
}

const NOT_SHOWN: &str = "something else (not shown: it may be a secret)";

fn found(kind: &Kind, is_secret: bool, value: Option<&Value>) -> String {
    match kind {
        Kind::UnknownField(..) => "an unknown key".to_owned(),
        Kind::MissingField(_) => "nothing".to_owned(),
        _ if is_secret => NOT_SHOWN.to_owned(),
        Kind::InvalidType(actual, _) | Kind::InvalidValue(actual, _) => show(actual),
        Kind::UnknownVariant(name, _) => format!("`{name}`"),
        Kind::InvalidLength(length, _) => format!("{length} entries"),
        Kind::ISizeOutOfRange(number) => number.to_string(),
        Kind::USizeOutOfRange(number) => number.to_string(),
        other => match value {
            Some(Value::String(_, text)) => format!("the text `{text}`"),
            _ => other.to_string(),
        },
    }
}

fn show(actual: &Actual) -> String {
    match actual {
        Actual::Str(text) => format!("the text `{text}`"),
        Actual::Map => "a table".to_owned(),
        Actual::Seq => "a list".to_owned(),
        other => other.to_string(),
    }
}

/// What was expected at a path, with the hint of the table that has no such key.
fn expected_at(kind: &Kind, schema: Schema<'_>, path: &[String], value: Option<&Value>) -> String {
    let expected = expected(kind, schema.at(path), value);
    let table = path.split_last().and_then(|(_, above)| schema.at(above));
    match (kind, table.and_then(Schema::hint)) {
        (Kind::UnknownField(..), Some(hint)) => format!("{expected}; {hint}"),
        _ => expected,
    }
}

fn expected(kind: &Kind, declared: Option<Schema<'_>>, value: Option<&Value>) -> String {
    if let Kind::UnknownField(name, known) = kind {
        let unknown = UnknownName::new(name, known.iter().copied());
        return if unknown.near.is_empty() {
            format!("one of {}", list(known))
        } else {
            unknown.expected("a known one")
        };
    }
    if declared.and_then(Schema::items).is_some_and(Schema::is_secret) {
        return "a list of references to secrets: [{ env = \"NAME\" }, { file = \"/path\" }]".to_owned();
    }
    match declared.and_then(Schema::format) {
        Some("secret") => return SECRET_REFERENCE.to_owned(),
        Some("duration") => return "a duration such as \"30s\", \"24h\" or \"90d\"".to_owned(),
        Some("socket-address") => {
            return "an address and port such as \"127.0.0.1:8080\" or \"[::1]:8080\"".to_owned();
        }
        Some("time-zone") => {
            let name = value.and_then(Value::as_str).unwrap_or_default();
            return kernel::time_zone(name).map_or_else(|error| error.expected().to_owned(), |zone| zone.to_string());
        }
        _ => {}
    }
    match kind {
        Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) | Kind::InvalidLength(_, expected) => {
            plain(expected)
        }
        Kind::UnknownVariant(_, known) => format!("one of {}", list(known)),
        Kind::MissingField(name) => format!("`{name}` to be set"),
        _ => "another value".to_owned(),
    }
}

/// serde's names of types, as users of TOML say them.
fn plain(expected: &str) -> String {
    match expected {
        "u16" | "u32" | "u64" | "usize" => "a whole number, not negative".to_owned(),
        "i16" | "i32" | "i64" => "a whole number".to_owned(),
        "a boolean" | "bool" => "true or false".to_owned(),
        "a string" | "path string" => "a text".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "a table".to_owned(),
        other if other.starts_with("struct ") => "a table".to_owned(),
        other => other.to_owned(),
    }
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
