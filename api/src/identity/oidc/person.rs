//! Who has logged in, as claims of a provider state it.

use serde_json::{Map, Value};

/// The most groups of a user that are read, and the longest name of one in bytes.
const MOST: usize = 1000;
const LONGEST: usize = 256;

/// What a provider states about a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    /// For people: the name, or else by what the provider calls the user.
    pub name: String,
    /// Where mail reaches the user.
    pub email: Option<String>,
    /// The provider has verified that address.
    pub email_verified: bool,
    /// The groups, each with the name of the provider before it: `sso:admins`. So a group of one provider never has what
    /// was granted to one of another.
    pub groups: Vec<String>,
}

impl Person {
    /// What claims state about a subject.
    pub(super) fn new(claims: &Map<String, Value>, subject: &str, provider: &str, groups_claim: &str) -> Self {
        let text = |name: &str| {
            let text = claims.get(name)?.as_str()?.trim();
            (!text.is_empty() && text.len() <= LONGEST && !text.contains('\0')).then(|| text.to_owned())
        };
        let name = ["name", "preferred_username", "email", "client_id"].into_iter().find_map(text);
        Self {
            name: name.unwrap_or_else(|| subject.to_owned()),
            email: text("email"),
            // some send it as a text
            email_verified: claims
                .get("email_verified")
                .is_some_and(|verified| *verified == Value::Bool(true) || verified == "true"),
            groups: groups(claims, provider, groups_claim),
        }
    }
}

/// Claims with those that were stated later, which go before them. Whether an address is verified is stated with it: what was
/// stated of another one says nothing.
pub(super) fn with_more(mut claims: Map<String, Value>, more: Map<String, Value>) -> Map<String, Value> {
    if more.contains_key("email") {
        claims.remove("email_verified");
    }
    claims.extend(more);
    claims
}

/// The claim of a name, or the one that its parts between dots lead to.
pub(super) fn find<'c>(claims: &'c Map<String, Value>, name: &str) -> Option<&'c Value> {
    claims.get(name).or_else(|| {
        let (first, rest) = name.split_once('.')?;
        find(claims.get(first)?.as_object()?, rest)
    })
}

fn groups(claims: &Map<String, Value>, provider: &str, claim: &str) -> Vec<String> {
    let named: Vec<&str> = match find(claims, claim) {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if named.len() > MOST {
        tracing::warn!(login.provider = provider, "a user is in more than {MOST} groups; the others are not read");
    }
    let usable = named.into_iter().filter(|name| !name.is_empty() && name.len() <= LONGEST && !name.contains('\0'));
    let mut groups: Vec<String> = usable.take(MOST).map(|name| format!("{provider}:{name}")).collect();
    groups.sort();
    groups.dedup();
    groups
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn person(claims: &Value, groups_claim: &str) -> Person {
        Person::new(claims.as_object().unwrap(), "7", "sso", groups_claim)
    }

    #[test]
    fn groups_are_those_of_their_provider() {
        for (claims, claim, expected) in [
            (json!({ "groups": ["b", "a", "b", 7, ""] }), "groups", vec!["sso:a", "sso:b"]),
            (json!({ "groups": "one" }), "groups", vec!["sso:one"]),
            (json!({ "groups": ["/shop/web"] }), "groups", vec!["sso:/shop/web"]),
            (json!({ "realm_access": { "roles": ["x"] } }), "realm_access.roles", vec!["sso:x"]),
            (json!({ "https://a.example/groups": ["x"] }), "https://a.example/groups", vec!["sso:x"]),
            (json!({ "groups": { "a": 1 } }), "groups", vec![]),
            (json!({ "groups": null }), "groups", vec![]),
            (json!({}), "realm_access.roles", vec![]),
            (json!({ "groups": ["a\0b", "x".repeat(257)] }), "groups", vec![]),
        ] {
            assert_eq!(person(&claims, claim).groups, expected, "{claims}");
        }
    }

    #[test]
    fn an_address_is_verified_only_where_that_is_stated_of_it() {
        let verified = |claims: Value, more: Value| {
            let object = |value: Value| value.as_object().unwrap().clone();
            let all = with_more(object(claims), object(more));
            person(&Value::Object(all), "groups").email_verified
        };
        let stated = json!({ "email": "ada@example.org", "email_verified": true });
        assert!(verified(stated.clone(), json!({ "name": "Ada" })));
        assert!(verified(stated.clone(), stated.clone()));
        assert!(!verified(stated, json!({ "email": "bob@example.org" })));
    }

    #[test]
    fn a_user_has_the_best_name_that_is_stated() {
        let all = json!({ "name": "Ada", "preferred_username": "ada", "email": "ada@example.org" });
        assert_eq!(
            (person(&all, "groups").name, person(&all, "groups").email),
            ("Ada".into(), all["email"].as_str().map(str::to_owned))
        );
        let verified = |claim: Value| person(&json!({ "email_verified": claim }), "groups").email_verified;
        assert!(verified(json!(true)) && verified(json!("true")));
        assert!(!verified(json!(false)) && !verified(json!("false")) && !verified(json!(1)) && !verified(Value::Null));
        assert_eq!(person(&json!({ "name": " ", "preferred_username": "ada" }), "groups").name, "ada");
        assert_eq!(person(&json!({ "name": 7 }), "groups").name, "7");
    }
}
