//! Words for how something ended, of senders that are free in their choice of words and of letter case.

use kernel::{Outcome, RejectReason, Rejection};

/// How a word is counted; `None` for one that is not known.
#[must_use]
pub fn outcome(word: &str) -> Option<Outcome> {
    let word = word.trim().to_ascii_lowercase().replace([' ', '-'], "_");
    Some(match word.as_str() {
        "success" | "successful" | "succeeded" | "passed" | "pass" | "ok" => Outcome::Success,
        "failure" | "failed" | "fail" | "error" | "errored" | "timeout" | "timed_out" | "timedout" => Outcome::Failure,
        "cancel" | "canceled" | "cancelled" | "abort" | "aborted" | "skip" | "skipped" | "neutral" | "manual"
        | "neither" => Outcome::Neither,
        _ => return None,
    })
}

/// The same, where a word that is not known is a fault of the sender's.
pub fn required(word: &str, field: &str) -> Result<Outcome, Rejection> {
    outcome(word).ok_or_else(|| {
        let problem = "unknown outcome; expected success, failure, error or cancel";
        Rejection::new(RejectReason::Schema, format!("{field}: {problem}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_in_any_letter_case_and_unknown_ones_are_none() {
        assert_eq!(outcome(" SUCCESS "), Some(Outcome::Success));
        assert_eq!(outcome("Timed Out"), Some(Outcome::Failure));
        assert_eq!(outcome("Cancelled"), Some(Outcome::Neither));
        for unknown in ["", "green", "unknown"] {
            assert_eq!(outcome(unknown), None, "{unknown}");
        }
        let message = required("green", "result").unwrap_err().to_string();
        assert!(message.starts_with("schema: result: unknown outcome; expected success"), "{message}");
    }
}
