//! References to secrets. The settings never hold a secret itself, and nothing that stands where a reference was
//! expected is shown.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

use schemars::{JsonSchema, SchemaGenerator, json_schema};
use serde::de::{Error, IgnoredAny, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Where a secret comes from.
///
/// The name of the variable or file may be the secret itself, pasted into the wrong place. It is shown only if it looks
/// like what it should be.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretRef {
    /// The name of an environment variable.
    Env(String),
    /// A file; spaces and line ends around the secret are not part of it.
    File(PathBuf),
}

/// What is expected where a secret is referred to.
pub(crate) const SECRET_REFERENCE: &str = "a reference to a secret: { env = \"NAME\" } or { file = \"/path\" }";

/// Shown instead of a name that may be a secret.
const NOT_SHOWN: &str = "(not shown: it may be a secret)";

impl SecretRef {
    /// `env` or `file`, and the name if it can't be a secret: variables in upper case, paths with a directory.
    fn parts(&self) -> (&'static str, Cow<'_, str>) {
        match self {
            Self::Env(name) if is_variable(name) => ("env", name.into()),
            Self::Env(_) => ("env", NOT_SHOWN.into()),
            Self::File(path) if is_path(path) => ("file", path.to_string_lossy()),
            Self::File(_) => ("file", NOT_SHOWN.into()),
        }
    }
}

/// Whether a name is one as variables have: long ones are words with `_` between them, which keys are not.
fn is_variable(name: &str) -> bool {
    let is_readable = name.len() < 16 || name.contains('_');
    is_readable && name.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_')
}

fn is_path(path: &Path) -> bool {
    path.is_absolute() || path.starts_with(".") || path.starts_with("..") || path.exists()
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, name) = self.parts();
        let kind = if kind == "env" { "environment variable" } else { kind };
        if name == NOT_SHOWN { write!(f, "the {kind} {name}") } else { write!(f, "the {kind} `{name}`") }
    }
}

impl fmt::Debug for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, name) = self.parts();
        write!(f, "SecretRef {{ {kind}: {name:?} }}")
    }
}

impl Serialize for SecretRef {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let (kind, name) = self.parts();
        to.collect_map([(kind, name)])
    }
}

impl JsonSchema for SecretRef {
    fn schema_name() -> Cow<'static, str> {
        "SecretRef".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> schemars::Schema {
        json_schema!({
            "type": "object",
            "format": "secret",
            "properties": { "env": { "type": "string" }, "file": { "type": "string" } },
            "additionalProperties": false,
            "minProperties": 1,
            "maxProperties": 1,
        })
    }
}

/// No error shows what was found, since it may be the secret itself.
impl<'de> Deserialize<'de> for SecretRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reference)
    }
}

struct Reference;

impl Reference {
    fn refuse<E: Error>(&self) -> E {
        E::invalid_type(Unexpected::Other("a value that may be a secret"), self)
    }
}

impl<'de> Visitor<'de> for Reference {
    type Value = SecretRef;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SECRET_REFERENCE)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<SecretRef, E> {
        Err(self.refuse())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<SecretRef, E> {
        Err(self.refuse())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<SecretRef, E> {
        Err(self.refuse())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<SecretRef, E> {
        Err(self.refuse())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<SecretRef, E> {
        Err(self.refuse())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SecretRef, A::Error> {
        // neither names nor values go into the error
        let wrong = || A::Error::invalid_value(Unexpected::Map, &self);
        let first: Option<(String, String)> = map.next_entry().map_err(|_| wrong())?;
        let further: Option<(IgnoredAny, IgnoredAny)> = map.next_entry()?;
        match (first, further) {
            (Some((kind, name)), None) if kind == "env" => Ok(SecretRef::Env(name)),
            (Some((kind, path)), None) if kind == "file" => Ok(SecretRef::File(path.into())),
            _ => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_reference_is_shown_only_if_it_can_t_be_the_secret() {
        for (reference, shown) in [
            (SecretRef::Env("GITHUB_TOKEN".into()), "the environment variable `GITHUB_TOKEN`"),
            (SecretRef::Env("ghp_hunter2".into()), "the environment variable (not shown: it may be a secret)"),
            (SecretRef::File("/run/secrets/token".into()), "the file `/run/secrets/token`"),
            (SecretRef::File("./token".into()), "the file `./token`"),
            (SecretRef::File("glpat-hunter2".into()), "the file (not shown: it may be a secret)"),
        ] {
            assert_eq!(reference.to_string(), shown);
            let written = format!("{reference:?}{}", serde_json::to_string(&reference).unwrap());
            assert!(!written.contains("hunter2"), "{written}");
        }
    }
}
