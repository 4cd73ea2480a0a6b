//! What a provider says of itself (OpenID Connect Discovery 1.0, section 3).

use kernel::plain_json;
use serde::Deserialize;
use url::Url;

use super::address::is_confidential;

/// Where it is asked for what, and what it supports.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Metadata {
    issuer: String,
    pub authorization_endpoint: Url,
    pub token_endpoint: Url,
    pub jwks_uri: Url,
    #[serde(default)]
    pub userinfo_endpoint: Option<Url>,
    #[serde(default)]
    pub end_session_endpoint: Option<Url>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// Whether the answer to a login names the issuer (RFC 9207).
    #[serde(default, rename = "authorization_response_iss_parameter_supported")]
    pub names_issuer: bool,
}

impl Metadata {
    /// Where the document of an issuer is.
    pub(super) fn address(issuer: &str) -> Option<Url> {
        Url::parse(&format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))).ok()
    }

    /// Reads the document of an issuer; says in words what is wrong with it.
    pub(super) fn read(body: &[u8], issuer: &str) -> Result<Self, String> {
        let text = plain_json(body).ok_or("its openid-configuration is not JSON that can be read")?;
        let metadata: Self =
            serde_json::from_str(text).map_err(|error| format!("its openid-configuration can't be used: {error}"))?;
        if metadata.issuer != issuer {
            let found = &metadata.issuer;
            return Err(format!("it names the issuer `{found}`; expected `{issuer}`: set `issuer` to what it names"));
        }
        let named = [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri];
        let optional = [&metadata.userinfo_endpoint, &metadata.end_session_endpoint].into_iter().flatten();
        if let Some(url) = named.into_iter().chain(optional).find(|url| !is_confidential(url)) {
            return Err(format!("it names the address `{url}`; expected https"));
        }
        Ok(metadata)
    }

    /// Whether the client's secret goes into the header `Authorization`, which all providers take unless they say
    /// otherwise.
    pub(super) fn takes_basic_authentication(&self) -> bool {
        let methods = self.token_endpoint_auth_methods_supported.as_ref();
        methods.is_none_or(|methods| methods.iter().any(|method| method == "client_secret_basic"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(change: impl Fn(&mut serde_json::Value)) -> Result<Metadata, String> {
        let mut document = json!({
            "issuer": "https://a.example/b",
            "authorization_endpoint": "https://a.example/authorize",
            "token_endpoint": "https://a.example/token",
            "jwks_uri": "https://keys.example/",
        });
        change(&mut document);
        Metadata::read(document.to_string().as_bytes(), "https://a.example/b")
    }

    #[test]
    fn a_document_is_of_its_issuer_and_names_addresses_that_are_confidential() {
        let good = read(|_| ()).unwrap();
        assert!(good.takes_basic_authentication() && !good.names_issuer);
        for (key, bad) in [
            ("issuer", json!("https://a.example/b/")),
            ("issuer", json!("https://evil.example")),
            ("token_endpoint", json!("http://a.example/token")),
            ("jwks_uri", json!("ftp://a.example")),
            ("end_session_endpoint", json!("http://a.example")),
            ("jwks_uri", json!(null)),
        ] {
            assert!(read(|document| document[key] = bad.clone()).is_err(), "{key} {bad}");
        }
        let nested = br#"{"issuer": {"$serde_json::private::RawValue": "[]"}}"#;
        assert!(Metadata::read(nested, "https://a.example/b").unwrap_err().contains("not JSON"));
        let post = read(|document| document["token_endpoint_auth_methods_supported"] = json!(["client_secret_post"]));
        assert!(!post.unwrap().takes_basic_authentication());
    }

    #[test]
    fn the_document_is_below_the_issuer() {
        for issuer in ["https://a.example/b", "https://a.example/b/"] {
            let address = Metadata::address(issuer).unwrap();
            assert_eq!(address.as_str(), "https://a.example/b/.well-known/openid-configuration");
        }
    }
}
