//! Which known name was probably meant by an unknown one in the settings.

/// The name that was probably meant.
pub(crate) fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    kernel::near::nearest(name, known.iter().copied()).into_iter().next()
}
