//! Which settings differ between two readings of them.

use serde::Serialize;
use serde_json::Value;

/// The keys whose values differ, such as `server.listen` or `source.0.pull.schedule`; of a list whose length differs its own.
#[must_use]
pub fn changed_keys<T: Serialize>(before: &T, after: &T) -> Vec<String> {
    let mut keys = Vec::new();
    // settings are written as JSON by `sei config show` too
    if let (Ok(before), Ok(after)) = (serde_json::to_value(before), serde_json::to_value(after)) {
        compare("", &before, &after, &mut keys);
    }
    keys
}

fn compare(key: &str, before: &Value, after: &Value, keys: &mut Vec<String>) {
    let below = |name: &str| if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") };
    match (before, after) {
        _ if before == after => {}
        (Value::Object(before), Value::Object(after)) => {
            let added = after.keys().filter(|name| !before.contains_key(*name));
            for name in before.keys().chain(added) {
                let (before, after) = (before.get(name), after.get(name));
                compare(&below(name), before.unwrap_or(&Value::Null), after.unwrap_or(&Value::Null), keys);
            }
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            for (nth, (before, after)) in before.iter().zip(after).enumerate() {
                compare(&below(&nth.to_string()), before, after, keys);
            }
        }
        _ => keys.push(key.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_that_differ_are_named_by_their_keys() {
        let base = json!({ "server": { "listen": "127.0.0.1:1" }, "source": [] });
        let with = |key: &str, value: Value| {
            let mut settings = base.clone();
            settings[key] = value;
            settings
        };
        let source = |url: &str| json!([{ "connector": "git", "pull": { "urls": [url], "jitter": "30s" } }]);
        let (one, other) = (with("source", source("/a")), with("source", source("/b")));
        let mut workers = other.clone();
        workers["dora"] = json!({ "workers": 7 });
        for (before, after, expected) in [
            (&base, &base, vec![]),
            (&base, &with("server", json!({ "listen": "127.0.0.1:9" })), vec!["server.listen"]),
            (&one, &workers, vec!["dora", "source.0.pull.urls.0"]),
            (&base, &one, vec!["source"]),
        ] {
            let mut keys = changed_keys(before, after);
            keys.sort();
            assert_eq!(keys, expected);
        }
    }
}
