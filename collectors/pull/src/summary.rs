//! What a pull did, and what it could not pull.

use std::time::Duration;

use serde::Serialize;

/// What a pull did.
#[derive(Debug, Default, Serialize)]
pub struct Summary {
    /// The source.
    pub source: String,
    /// Rows that the log has now.
    pub rows: u64,
    /// Pages that they came on.
    pub pages: u64,
    /// What could not be pulled.
    pub problems: Vec<Problem>,
    /// Something that the source has was skipped.
    pub incomplete: bool,
    /// How long it took.
    pub elapsed: Duration,
}

/// A stream that could not be pulled to its end, or something of it that was skipped.
#[derive(Debug, Serialize)]
pub struct Problem {
    /// The stream; empty if the source could not be asked what streams it has.
    pub stream: String,
    /// Why, in words.
    pub error: String,
    /// It was to be expected: the stream is one that a token need not be able to read.
    pub expected: bool,
    /// The pull went on past it: a row that could not be fetched, a cursor that could not be read.
    pub warning: bool,
}

impl Summary {
    /// Of a pull that panicked.
    #[must_use]
    pub fn broken_off(source: &str, message: &str) -> Self {
        let error = format!("pulling it broke off, which is a fault of sei: {message}");
        Self::failed(source, error)
    }

    /// Of a pull that could not begin.
    #[must_use]
    pub fn failed(source: &str, error: String) -> Self {
        let problems = vec![Problem { stream: String::new(), error, expected: false, warning: false }];
        Self { source: source.to_owned(), problems, ..Self::default() }
    }

    /// Whether everything that had to be pulled was.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.problems.iter().all(|problem| problem.expected)
    }

    /// What stopped streams and was not to be expected, in words.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        let mut streams_by_error: Vec<(&str, Vec<&str>)> = Vec::new();
        for problem in self.problems.iter().filter(|problem| !problem.expected && !problem.warning) {
            match streams_by_error.iter_mut().find(|(error, _)| *error == problem.error) {
                Some((_, streams)) => streams.push(&problem.stream),
                None => streams_by_error.push((&problem.error, vec![&problem.stream])),
            }
        }
        let text = |(error, streams): &(&str, Vec<&str>)| match streams.as_slice() {
            ["", ..] | [] => (*error).to_owned(),
            [stream] => format!("{stream}: {error}"),
            [stream, more @ ..] => format!("{stream} and {} more: {error}", more.len()),
        };
        let texts: Vec<String> = streams_by_error.iter().map(text).collect();
        (!texts.is_empty()).then(|| texts.join("; "))
    }

    /// What streams went on past, in words.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.texts(|problem| problem.warning).collect()
    }

    fn texts(&self, which: impl Fn(&Problem) -> bool) -> impl Iterator<Item = String> {
        self.problems.iter().filter(move |problem| which(problem)).map(|problem| {
            if problem.stream.is_empty() {
                problem.error.clone()
            } else {
                format!("{}: {}", problem.stream, problem.error)
            }
        })
    }
}
