//! Where in a trace an event was received, so that what comes of it is part of the same trace in another process.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A span of a trace, as W3C Trace Context writes it: `00-<trace>-<span>-<flags>`. In an event it is the extension
/// attribute `traceparent` of CloudEvents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TraceParent {
    /// The trace; not all zero.
    pub trace_id: [u8; 16],
    /// The span; not all zero.
    pub span_id: [u8; 8],
    /// 1 if the trace is exported.
    pub flags: u8,
}

/// A text that is not a trace parent. It is not repeated: it comes from clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a trace parent such as `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01`")]
pub struct NotATraceParent;

impl TraceParent {
    /// The trace in 32 hexadecimal digits, as logs and exemplars name it.
    #[must_use]
    pub fn trace(&self) -> String {
        hex::encode(self.trace_id)
    }

    /// The span in 16 hexadecimal digits.
    #[must_use]
    pub fn span(&self) -> String {
        hex::encode(self.span_id)
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let [version] = bytes::<1>(parts.next()?)?;
        let trace_id = bytes::<16>(parts.next()?)?;
        let span_id = bytes::<8>(parts.next()?)?;
        let [flags] = bytes::<1>(parts.next()?)?;
        // a later version may have more parts
        let is_whole = version != 0 || parts.next().is_none();
        let is_valid = version != u8::MAX && trace_id != [0; 16] && span_id != [0; 8];
        (is_whole && is_valid).then_some(Self { trace_id, span_id, flags })
    }
}

/// Bytes in lower-case hexadecimal digits.
fn bytes<const COUNT: usize>(text: &str) -> Option<[u8; COUNT]> {
    if !text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    let mut bytes = [0; COUNT];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(bytes)
}

impl FromStr for TraceParent {
    type Err = NotATraceParent;

    fn from_str(text: &str) -> Result<Self, NotATraceParent> {
        Self::read(text).ok_or(NotATraceParent)
    }
}

impl TryFrom<String> for TraceParent {
    type Error = NotATraceParent;

    fn try_from(text: String) -> Result<Self, NotATraceParent> {
        text.parse()
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-{:02x}", self.trace(), self.span(), self.flags)
    }
}

impl From<TraceParent> for String {
    fn from(parent: TraceParent) -> Self {
        parent.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn what_is_read_is_written_the_same() {
        let parent: TraceParent = TEXT.parse().unwrap();
        assert_eq!((parent.to_string().as_str(), parent.flags), (TEXT, 1));
        assert_eq!((parent.trace().as_str(), parent.span().as_str()), (&TEXT[3..35], &TEXT[36..52]));
        assert_eq!(serde_json::from_value::<TraceParent>(serde_json::to_value(parent).unwrap()).unwrap(), parent);
        let later: TraceParent = format!("01{}-more", &TEXT[2..]).parse().unwrap();
        assert_eq!(later, parent);
    }

    #[test]
    fn what_is_not_a_trace_parent_is_refused() {
        let zero_trace = format!("00-{}-b7ad6b7169203331-01", "0".repeat(32));
        let zero_span = TEXT.replace("b7ad6b7169203331", &"0".repeat(16));
        let (upper, longer, reserved) = (TEXT.to_uppercase(), format!("{TEXT}-x"), format!("ff{}", &TEXT[2..]));
        for bad in ["", "00", "00-ä-1-01", &TEXT[..54], &zero_trace, &zero_span, &upper, &longer, &reserved] {
            assert_eq!(bad.parse::<TraceParent>(), Err(NotATraceParent), "{bad}");
        }
    }
}
