//! Tags that name a version.

/// A regular expression for tags such as `v1.2.3`, `1.2`, `release-1.2.3`, `curl-8_4_0`, `package@1.2.3`, but no
/// pre-releases such as `v1.2.3-rc.1`, which reach no production.
pub const VERSION_TAGS: &str = r"^(?:.*[-_/@])?v?\d+(?:[._]\d+)+$";
