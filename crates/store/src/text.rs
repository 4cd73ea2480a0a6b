//! Text on its way into PostgreSQL, which takes every character but NUL.

use std::borrow::Cow;

/// The text with each NUL replaced by U+FFFD, the character for what can't be shown.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{FFFD}")) } else { Cow::Borrowed(text) }
}
