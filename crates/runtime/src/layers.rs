//! The layers that settings are made of, each of which knows where it came from.

use std::path::{Path, PathBuf};

use figment::providers::{Format, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};

/// The prefix of environment variables that are settings.
const PREFIX: &str = "SEI_";

/// Where a layer came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// None: the value is a default.
    Defaults,
    /// A file of the user's.
    File(PathBuf),
    /// Environment variables.
    Environment,
    /// `--set`.
    Flags,
}

/// One layer: keys and values of one origin.
pub(crate) struct Layer {
    pub(crate) origin: Origin,
    dict: Dict,
}

impl Layer {
    /// The keys of a TOML text, whose syntax was checked before.
    pub(crate) fn toml(origin: Origin, text: &str) -> Self {
        Self { origin, dict: Toml::from_str(text).unwrap_or_default() }
    }

    /// Variables `SEI_<SECTION>__<KEY>`; those without `__` are no settings (`SEI_CONFIG`).
    pub(crate) fn environment(variables: impl Iterator<Item = (String, String)>) -> Self {
        let mut dict = Dict::new();
        for (name, value) in variables {
            let Some(name) = name.strip_prefix(PREFIX) else { continue };
            if name.contains("__") {
                let key = name.to_lowercase().replace("__", ".");
                merge(&mut dict, &key, &value);
            }
        }
        Self { origin: Origin::Environment, dict }
    }

    /// `key=value` from `--set`. A value is read as TOML where it is TOML, else it is a text.
    pub(crate) fn flags<'a>(flags: impl Iterator<Item = &'a (String, String)>) -> Self {
        let mut dict = Dict::new();
        for (key, value) in flags {
            merge(&mut dict, key, value);
        }
        Self { origin: Origin::Flags, dict }
    }
}

fn merge(dict: &mut Dict, key: &str, value: &str) {
    // Reading a value cannot fail: what is no other value is a text.
    let Ok(value) = value.parse::<Value>();
    if let Value::Dict(_, nested) = figment::util::nest(key, value) {
        merge_dicts(dict, nested);
    }
}

fn merge_dicts(into: &mut Dict, from: Dict) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Dict(_, old)), Value::Dict(_, new)) => merge_dicts(old, new),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(match &self.origin {
            Origin::Defaults => "defaults".to_owned(),
            Origin::File(path) => format!("file {}", path.display()),
            Origin::Environment => "environment".to_owned(),
            Origin::Flags => "flags".to_owned(),
        })
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        Ok(Map::from([(Profile::Default, self.dict.clone())]))
    }
}

impl Origin {
    /// The origin that [`Layer::metadata`] named so.
    pub(crate) fn of(metadata: &Metadata) -> Self {
        match metadata.name.as_ref() {
            "environment" => Self::Environment,
            "flags" => Self::Flags,
            name => match name.strip_prefix("file ") {
                Some(path) => Self::File(path.into()),
                None => Self::Defaults,
            },
        }
    }

    /// Where in this origin a key stands, for people. `text` is that of the origin's file.
    pub(crate) fn place(&self, path: &[String], text: &str) -> String {
        let at = |file: &Path, text| match crate::position::line_of(text, path) {
            Some(line) => format!("{}:{line}", file.display()),
            None => file.display().to_string(),
        };
        match self {
            Self::Defaults => "the defaults".to_owned(),
            Self::File(file) => at(file, text),
            Self::Environment => format!("the environment variable {PREFIX}{}", path.join("__").to_uppercase()),
            Self::Flags => format!("the flag --set {}=…", path.join(".")),
        }
    }
}
