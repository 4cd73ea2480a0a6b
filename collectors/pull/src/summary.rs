//! What a pull did, and what it could not pull.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

/// What a pull did.
#[derive(Debug, Default, Serialize)]
pub struct PullSummary {
    /// The source.
    pub source: String,
    /// Rows that the log has now.
    pub rows: u64,
    /// Pages that they came on.
    pub pages: u64,
    /// What could not be pulled.
    pub problems: Vec<PullProblem>,
    /// Something that the source has was skipped.
    pub incomplete: bool,
    /// How long it took.
    pub elapsed: Duration,
}

/// A stream that could not be pulled to its end, or something of it that was skipped.
#[derive(Debug, Serialize)]
pub struct PullProblem {
    /// The stream; none if the source could not be asked what streams it has.
    pub stream: Option<String>,
    /// Why, in words.
    pub error: String,
    /// It was to be expected: the stream is one that a token need not be able to read.
    pub expected: bool,
    /// The pull went on past it: a row that could not be fetched, a cursor that could not be read.
    pub warning: bool,
}

impl PullSummary {
    /// Of a pull that panicked.
    #[must_use]
    pub fn broken_off(source: &str, message: &str) -> Self {
        let error = format!("pulling it broke off, which is a fault of sei: {message}");
        Self::failed(source, error)
    }

    /// Of a pull that could not begin.
    #[must_use]
    pub fn failed(source: &str, error: String) -> Self {
        Self { source: source.to_owned(), problems: vec![PullProblem::of_source(error)], ..Self::default() }
    }

    /// Whether everything that had to be pulled was.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.problems.iter().all(|problem| problem.expected)
    }

    /// What stopped streams and was not to be expected, in words.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        let mut streams_by_error: Vec<(&str, Vec<Option<&str>>)> = Vec::new();
        for problem in self.problems.iter().filter(|problem| !problem.expected && !problem.warning) {
            match streams_by_error.iter_mut().find(|(error, _)| *error == problem.error) {
                Some((_, streams)) => streams.push(problem.stream.as_deref()),
                None => streams_by_error.push((&problem.error, vec![problem.stream.as_deref()])),
            }
        }
        let text = |(error, streams): &(&str, Vec<Option<&str>>)| match streams.as_slice() {
            [None, ..] | [] => (*error).to_owned(),
            [Some(stream)] => format!("{stream}: {error}"),
            [Some(stream), more @ ..] => format!("{stream} and {} more: {error}", more.len()),
        };
        let texts: Vec<String> = streams_by_error.iter().map(text).collect();
        (!texts.is_empty()).then(|| texts.join("; "))
    }

    /// What streams went on past, in words.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.problems.iter().filter(|problem| problem.warning).map(PullProblem::to_string).collect()
    }
}

impl PullProblem {
    /// Of a source, whatever its streams are.
    pub(super) fn of_source(error: String) -> Self {
        Self { stream: None, error, expected: false, warning: false }
    }
}

impl fmt::Display for PullProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(stream) = &self.stream {
            write!(f, "{stream}: ")?;
        }
        f.write_str(&self.error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_of_the_whole_source_has_no_name_before_it() {
        let mut summary = PullSummary::failed("jenkins/main", "/api/json: no answer".to_owned());
        assert_eq!(summary.problems[0].to_string(), "/api/json: no answer");
        let of_stream =
            PullProblem { stream: Some("builds/shop".to_owned()), ..PullProblem::of_source("gone".to_owned()) };
        assert_eq!(of_stream.to_string(), "builds/shop: gone");
        summary.problems.push(of_stream);
        assert_eq!(summary.failure().as_deref(), Some("/api/json: no answer; builds/shop: gone"));
    }
}
