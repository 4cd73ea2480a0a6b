//! The last thing before a line of the log is written: it is shortened where it is too long, and URLs in it
//! lose what may be a secret.

use std::io::{self, Write};

use serde_json::{Map, Value};
use tracing_subscriber::fmt::MakeWriter;

use crate::redact::redact;

/// The longest line of the log, in bytes.
pub const LINE_BYTES: usize = 4096;
/// The longest text of a JSON line that is too long as a whole, in bytes.
const FIELD_BYTES: usize = 512;
/// What stays of a JSON line that is too long even so.
const KEPT: [&str; 6] = ["timestamp", "level", "message", "trace_id", "span_id", "shortened_from_bytes"];

/// Writers of lines of text.
pub(super) fn text<M>(to: M) -> Lines<M> {
    Lines { to, bound: shorten_text }
}

/// Writers of lines of JSON: what is shortened is JSON, too.
pub(super) fn json<M>(to: M) -> Lines<M> {
    Lines { to, bound: shorten_json }
}

/// Makes writers that bound each event.
pub(super) struct Lines<M> {
    to: M,
    bound: fn(&str) -> String,
}

/// Writes one event, which comes in one piece.
pub(super) struct Line<W> {
    to: W,
    bound: fn(&str) -> String,
}

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for Lines<M> {
    type Writer = Line<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        Line { to: self.to.make_writer(), bound: self.bound }
    }
}

impl<W: Write> Write for Line<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let shown = redact(&text);
        if shown.len() > LINE_BYTES {
            self.to.write_all((self.bound)(&shown).as_bytes())?;
        } else {
            self.to.write_all(shown.as_bytes())?;
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// The beginning of a text, in whole characters.
pub(super) fn beginning(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or_default()
}

fn shorten_text(line: &str) -> String {
    let line = line.trim_end();
    let kept = beginning(line, LINE_BYTES - 40);
    format!("{kept}… ({} bytes left out)\n", line.len() - kept.len())
}

fn shorten_json(line: &str) -> String {
    let mut fields: Map<String, Value> = serde_json::from_str(line).unwrap_or_default();
    for value in fields.values_mut() {
        let text = match &*value {
            Value::String(text) => text.clone(),
            Value::Array(_) | Value::Object(_) => value.to_string(),
            _ => continue,
        };
        if text.len() > FIELD_BYTES {
            *value = Value::from(format!("{}…", beginning(&text, FIELD_BYTES)));
        }
    }
    fields.insert("shortened_from_bytes".to_owned(), Value::from(line.len()));
    let mut short = Value::from(fields.clone()).to_string();
    if short.len() >= LINE_BYTES {
        fields.retain(|name, _| KEPT.contains(&name.as_str()));
        short = Value::from(fields).to_string();
    }
    short.push('\n');
    short
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is written of one event with these fields.
    fn logged(as_json: bool, message: &str, detail: &str) -> String {
        let written = Written::default();
        let to = written.clone();
        let builder = tracing_subscriber::fmt().with_ansi(false);
        let make = move || to.clone();
        if as_json {
            let subscriber = builder.json().flatten_event(true).with_writer(json(make)).finish();
            tracing::subscriber::with_default(subscriber, || tracing::warn!(detail, "{message}"));
        } else {
            let subscriber = builder.with_writer(text(make)).finish();
            tracing::subscriber::with_default(subscriber, || tracing::warn!(detail, "{message}"));
        }
        let bytes = written.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn no_line_of_the_log_is_longer_than_its_bound() {
        for (message, detail) in [("ä".repeat(70_000), "x".to_owned()), ("short".to_owned(), "ö\"\\".repeat(50_000))]
        {
            let line = logged(false, &message, &detail);
            assert!(line.len() <= LINE_BYTES && line.ends_with("bytes left out)\n"), "{} bytes", line.len());
            let line = logged(true, &message, &detail);
            assert!(line.len() <= LINE_BYTES && line.ends_with('\n'), "{} bytes", line.len());
            let fields: Value = serde_json::from_str(&line).unwrap();
            assert_eq!(fields["level"], "WARN");
            assert!(fields["shortened_from_bytes"].as_u64().unwrap() > 70_000, "{fields}");
        }
        let line = logged(true, "short", "as it is");
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["detail"], "as it is");
    }

    #[test]
    fn a_url_in_the_log_shows_no_secret() {
        for as_json in [false, true] {
            let line = logged(as_json, "asking https://h.example/a?token=hunter2", "https://ann:hunter2@h.example/");
            assert!(line.contains("h.example") && !line.contains("hunter2"), "{line}");
        }
    }
}
