//! Splits a text into its facts, one at a time, so that it can be larger than memory: JSON (one
//! object, several, or an array of them) or a fact a line.

use std::cell::Cell;
use std::fmt;
use std::io::{BufRead, ErrorKind, Read};

use connector::json::{self, JsonProblem};
use connector::problem::At;
use serde::de::{DeserializeSeed, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// How facts stand in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// JSON: an object, several, or an array of them.
    Json,
    /// NDJSON: an object a line.
    Lines,
}

/// Why a text could not be split to its end, and where.
pub type Broken = (At, JsonProblem);

/// Calls `each` with every fact of a text, until it says false. What is no more than a bad line goes to
/// `each` too, and it goes on after it; JSON cannot be read after an error. A fact may have `limit` bytes.
pub fn elements(
    text: impl BufRead,
    form: Form,
    limit: u64,
    mut each: impl FnMut(At, Result<&str, JsonProblem>) -> bool,
) -> Result<(), Broken> {
    match form {
        Form::Lines => lines(text, limit, &mut each),
        Form::Json => json(text, limit, &mut each),
    }
}

type Each<'a> = dyn FnMut(At, Result<&str, JsonProblem>) -> bool + 'a;

fn whole(problem: impl Into<String>) -> JsonProblem {
    JsonProblem { path: ".".to_owned(), problem: problem.into() }
}

fn too_long(limit: u64) -> JsonProblem {
    whole(format!("more than {limit} bytes; a fact is smaller than that"))
}

fn lines(mut text: impl BufRead, limit: u64, each: &mut Each<'_>) -> Result<(), Broken> {
    let mut line = Vec::new();
    for number in 1.. {
        let at = At::Line(number);
        line.clear();
        let read = (&mut text).take(limit).read_until(b'\n', &mut line);
        match read.map_err(|error| (at, unreadable(&error)))? {
            0 => break,
            _ if !line.ends_with(b"\n") && line.len() as u64 == limit => return Err((at, too_long(limit))),
            _ => {}
        }
        let goes_on = match std::str::from_utf8(&line) {
            Ok(text) if text.trim().is_empty() => continue,
            Ok(text) => each(at, Ok(text)),
            Err(error) => each(at, Err(whole(format!("no UTF-8 at byte {} of the line", error.valid_up_to())))),
        };
        if !goes_on {
            break;
        }
    }
    Ok(())
}

fn json(mut text: impl BufRead, limit: u64, each: &mut Each<'_>) -> Result<(), Broken> {
    let first = first_byte(&mut text).map_err(|error| (At::Index(0), unreadable(&error)))?;
    let budget = Cell::new(limit);
    let reader = Bounded { text, left: &budget };
    let mut index = 0;
    let mut again = |element: &RawValue| {
        budget.set(limit);
        let more = each(At::Index(index), Ok(element.get()));
        index += 1;
        more
    };
    let result = if first == Some(b'[') {
        let mut reader = serde_json::Deserializer::from_reader(reader);
        let mut stopped = false;
        let read = Array { each: &mut again, stopped: &mut stopped }.deserialize(&mut reader);
        if stopped { Ok(()) } else { read.and_then(|()| reader.end()) }
    } else {
        let mut elements = serde_json::Deserializer::from_reader(reader).into_iter::<Box<RawValue>>();
        loop {
            match elements.next() {
                Some(Ok(element)) if again(&element) => {}
                Some(Err(error)) => break Err(error),
                _ => break Ok(()),
            }
        }
    };
    result.map_err(|error| {
        let problem = if budget.get() == 0 {
            too_long(limit)
        } else if error.is_io() {
            unreadable(&error.into())
        } else {
            whole(json::describe(&error))
        };
        (At::Index(index), problem)
    })
}

/// The first byte that is no white space, without taking it.
pub fn first_byte(text: &mut impl BufRead) -> std::io::Result<Option<u8>> {
    loop {
        let buffer = text.fill_buf()?;
        if buffer.is_empty() {
            return Ok(None);
        }
        if let Some(byte) = buffer.iter().find(|byte| !byte.is_ascii_whitespace()) {
            return Ok(Some(*byte));
        }
        let spaces = buffer.len();
        text.consume(spaces);
    }
}

/// Why a text cannot be read further.
#[must_use]
pub fn unreadable(error: &std::io::Error) -> JsonProblem {
    whole(match error.kind() {
        ErrorKind::UnexpectedEof => "the file ends in the middle: it is cut off".to_owned(),
        ErrorKind::InvalidData | ErrorKind::InvalidInput => "the file is damaged, or no gzip file".to_owned(),
        _ => format!("the file can't be read: {error}"),
    })
}

/// The elements of an array, given away one by one.
struct Array<'a, F> {
    each: &'a mut F,
    stopped: &'a mut bool,
}

impl<'de, F: FnMut(&RawValue) -> bool> DeserializeSeed<'de> for Array<'_, F> {
    type Value = ();
    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, F: FnMut(&RawValue) -> bool> Visitor<'de> for Array<'_, F> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of facts")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<(), A::Error> {
        while let Some(element) = array.next_element::<Box<RawValue>>()? {
            if !(self.each)(&element) {
                *self.stopped = true;
                break;
            }
        }
        Ok(())
    }
}

/// Reads on as long as the budget of the element at hand lasts.
struct Bounded<'a, R> {
    text: R,
    left: &'a Cell<u64>,
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.left.get() == 0 {
            return Err(ErrorKind::FileTooLarge.into());
        }
        let read = self.text.read(buffer)?;
        self.left.set(self.left.get().saturating_sub(read as u64));
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, form: Form, limit: u64) -> (Vec<String>, Option<(At, String)>) {
        let mut found = Vec::new();
        let end = elements(text.as_bytes(), form, limit, |_, text| {
            found.push(text.unwrap_or("bad").trim().to_owned());
            true
        });
        (found, end.err().map(|(at, problem)| (at, problem.problem)))
    }

    #[test]
    fn objects_come_one_by_one_from_every_form() {
        for (text, form) in [
            ("{\"a\":1}\n{\"b\":2}", Form::Lines),
            ("\r\n{\"a\":1}\r\n\n{\"b\":2}\n", Form::Lines),
            (" [{\"a\":1} , {\"b\":2}] ", Form::Json),
            ("{\"a\":1}{\"b\":2}", Form::Json),
            ("\n{\"a\":1}\n{\"b\":2}\n", Form::Json),
        ] {
            assert_eq!(read(text, form, 100), (vec!["{\"a\":1}".to_owned(), "{\"b\":2}".to_owned()], None), "{text}");
        }
        assert_eq!(read("", Form::Json, 100), (vec![], None));
    }

    #[test]
    fn what_comes_before_a_break_is_given_and_the_break_is_named() {
        for (text, form, place) in [
            ("[1,2", Form::Json, At::Index(2)),
            ("[1,2]x", Form::Json, At::Index(2)),
            ("1 2 x", Form::Json, At::Index(2)),
            ("1\n2\n[\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"]", Form::Lines, At::Line(3)),
            ("[1,2,\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"]", Form::Json, At::Index(2)),
        ] {
            let (found, end) = read(text, form, 50);
            assert_eq!(found, ["1", "2"], "{text}");
            assert_eq!(end.as_ref().map(|(at, _)| *at), Some(place), "{text} {end:?}");
        }
    }
}
