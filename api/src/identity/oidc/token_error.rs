//! Why a token of a provider is refused.

/// Why a token is refused. Nothing of the token is shown but what its sender may know anyway.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    /// It has another form.
    #[error("it is not a signed JWT")]
    Malformed,
    /// By this algorithm no token is signed that is accepted.
    #[error("its `alg` is not one of {accepted}", accepted = ACCEPTED)]
    Algorithm,
    /// It names a key that the issuer does not publish.
    #[error("the issuer publishes no key for it")]
    UnknownKey,
    /// Another one has signed it, or it was changed.
    #[error("its signature is wrong")]
    Signature,
    /// A claim that is needed is not there.
    #[error("it has no `{0}`")]
    Missing(&'static str),
    /// A claim has a value that is not expected.
    #[error("its `{0}` is not the expected one")]
    Wrong(&'static str),
    /// A claim is there that does not belong into such a token.
    #[error("it has `{0}`, so it is a token for something else")]
    OtherKind(&'static str),
    /// Nothing in it says that it is an access token.
    #[error(
        "nothing in it says that it is an access token; expected the header `typ` `at+jwt`, or a claim `scope`, \
         `client_id` or `scp`"
    )]
    NotForAccess,
    /// Its time is over.
    #[error("it has expired")]
    Expired,
    /// Its time has not begun.
    #[error("it is not valid yet; compare the clocks of both machines")]
    NotYetValid,
}

/// The algorithms by which tokens may be signed.
pub(super) const ACCEPTED: &str = "RS256, RS384, RS512, PS256, ES256, ES384, EdDSA";
