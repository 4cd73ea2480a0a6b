//! Why a provider's word can't be had, or is not accepted.

use super::token_error::TokenError;

/// Why a login, a refresh or a token of a provider comes to nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProviderError {
    /// It does not answer, or not in a way that can be used: worth another try.
    #[error("the identity provider `{provider}` can't be used now: {why}")]
    Unavailable {
        /// Its name.
        provider: String,
        /// In words.
        why: String,
    },
    /// It says no: the code, the refresh token or the user is not good any more.
    #[error("the identity provider `{provider}` refused: {why}")]
    Refused {
        /// Its name.
        provider: String,
        /// Its error code.
        why: String,
    },
    /// A token of it is not accepted.
    #[error("a token of the identity provider `{provider}` is not accepted: {error}")]
    Token {
        /// Its name.
        provider: String,
        /// Why.
        error: TokenError,
    },
    /// The settings name no such provider.
    #[error("the settings name no identity provider `{0}`")]
    Unknown(String),
    /// It is not a token that any provider could have signed.
    #[error("the token is not accepted: {0}")]
    Bearer(TokenError),
    /// No provider of the settings has issued it.
    #[error("the settings name no identity provider that issues such tokens for the API")]
    NoIssuer,
    /// What came back belongs to no login that this browser has begun.
    #[error("this browser has begun no such login, or more than ten minutes ago")]
    NotBegun,
    /// The system has no randomness to give.
    #[error("the system's source of randomness can't be read")]
    NoRandomness,
}

impl ProviderError {
    /// What went wrong, and what to do about it.
    pub(crate) fn in_words(&self) -> String {
        let what_to_do = match self {
            Self::Unavailable { .. } => "Try again; log in with a name and a password meanwhile.",
            Self::Refused { .. } | Self::NotBegun => "Begin again at /login.",
            Self::Token { .. } => "Compare the settings of both sides.",
            Self::Unknown(_) => "/login lists those that there are.",
            Self::Bearer(_) => "Send an access token of an identity provider, or an API token: `sei_…`.",
            Self::NoIssuer => "Compare its `iss` and `aud` with `issuer` and `audience` in the settings.",
            Self::NoRandomness => "Look at the machine.",
        };
        let text = self.to_string();
        let mut letters = text.chars();
        let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
        format!("{first}{}. {what_to_do}", letters.as_str())
    }
}
