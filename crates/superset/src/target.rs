//! The database that Superset asks, and the name of all that belongs to it.

use url::Url;

use crate::error::SupersetError;

/// What Superset asks for a password for, on import.
const MASK: &str = "XXXXXXXXXX";

/// The database as Superset reaches it. Several can be in one Superset, each with a name of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    name: String,
    database: Url,
}

impl Target {
    /// A target. The address is of the form `postgresql+psycopg2://ROLE@HOST:PORT/DATABASE`, and holds no password:
    /// it is entered on import.
    pub fn new(name: &str, database: &str) -> Result<Self, SupersetError> {
        let is_name = name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !is_name {
            return Err(SupersetError::Target(format!(
                "`{}` can't name a database in Superset: use a lower-case letter, then letters, digits or `-`",
                name.escape_debug()
            )));
        }
        // the address is not repeated: it may hold a password
        let wrong = |found: &str| {
            SupersetError::Target(format!(
                "the address of the database {found}; expected postgresql+psycopg2://ROLE@HOST:PORT/DATABASE"
            ))
        };
        let url = Url::parse(database).map_err(|_| wrong("can't be read"))?;
        if !url.scheme().starts_with("postgresql") {
            return Err(wrong("is not one of PostgreSQL"));
        }
        if url.password().is_some() || url.query_pairs().any(|(name, _)| name.contains("password")) {
            return Err(wrong("holds a password, which is entered on import"));
        }
        if url.username().is_empty() || url.host_str().is_none_or(str::is_empty) || url.path().len() < 2 {
            return Err(wrong("lacks the role, the host or the database"));
        }
        Ok(Self { name: name.to_owned(), database: url })
    }

    /// The name of the database in Superset.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address with a mask in place of the password.
    pub(crate) fn address(&self) -> String {
        let mut url = self.database.clone();
        match url.set_password(Some(MASK)) {
            Ok(()) => url.to_string(),
            // an address without a host, which is refused above
            Err(()) => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_asks_for_the_password() {
        let target = Target::new("sei", "postgresql+psycopg2://bi@db.example.org:5433/sei?sslmode=require").unwrap();
        assert_eq!(target.address(), "postgresql+psycopg2://bi:XXXXXXXXXX@db.example.org:5433/sei?sslmode=require");
        assert_eq!(target.name(), "sei");
    }

    #[test]
    fn what_is_wrong_is_refused_and_no_password_is_repeated() {
        for (name, database, expected) in [
            ("Sei", "postgresql://bi@db/sei", "`Sei` can't name"),
            ("", "postgresql://bi@db/sei", "can't name"),
            ("a/b", "postgresql://bi@db/sei", "can't name"),
            ("sei", "postgresql://bi:secret@db/sei", "holds a password"),
            ("sei", "postgresql://bi@db/sei?password=secret", "holds a password"),
            ("sei", "postgresql://bi@db/sei?sslpassword=secret", "holds a password"),
            ("sei", "mysql://bi@db/sei", "not one of PostgreSQL"),
            ("sei", "postgresql://db/sei", "lacks the role"),
            ("sei", "postgresql://bi@db", "lacks the role"),
            ("sei", "bi:secret@db", "the address of the database"),
        ] {
            let error = Target::new(name, database).unwrap_err().to_string();
            assert!(error.contains(expected) && !error.contains("secret"), "{name} {database}: {error}");
        }
    }
}
