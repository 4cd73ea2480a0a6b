//! What is wrong with a question.

/// A parameter that can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{parameter}` is `{found}`; expected {expected}")]
pub struct Invalid {
    /// Its name, as the query string has it.
    pub parameter: String,
    /// The value found.
    pub found: String,
    /// What was expected, in the middle of a sentence.
    pub expected: String,
    /// The value could be used by itself, but not with the other parameters.
    pub contradicts: bool,
}

impl Invalid {
    /// A parameter whose value is not what it may be.
    pub fn value(parameter: impl Into<String>, found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { parameter: parameter.into(), found: found.into(), expected: expected.into(), contradicts: false }
    }

    /// A parameter that contradicts another.
    pub fn contradiction(parameter: &str, found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { contradicts: true, ..Self::value(parameter, found, expected) }
    }

    /// The same in the terms of the command line.
    #[must_use]
    pub fn of_flag(&self) -> String {
        format!("--{}: found `{}`, expected {}", self.parameter.replace('_', "-"), self.found, self.expected)
    }

    /// The same with the name that GraphQL's argument has.
    #[must_use]
    pub fn of_argument(self) -> Self {
        let mut words = self.parameter.split('_');
        let first = words.next().unwrap_or_default().to_owned();
        let parameter = words.fold(first, |name, word| {
            let (initial, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
            name + &initial.to_uppercase() + rest
        });
        Self { parameter, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_interface_names_a_parameter_in_its_own_terms() {
        let invalid = Invalid::value("time_zone", "Mars", "a time zone");
        assert_eq!(invalid.to_string(), "`time_zone` is `Mars`; expected a time zone");
        assert_eq!(invalid.of_flag(), "--time-zone: found `Mars`, expected a time zone");
        assert_eq!(invalid.of_argument().parameter, "timeZone");
    }
}
