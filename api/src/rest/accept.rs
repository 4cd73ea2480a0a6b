//! What a request accepts: the media types of `Accept`, and which of those that are offered is wanted most.

use std::borrow::Cow;

use axum::http::{HeaderMap, header};

/// All that `Accept` says, in however many headers; `None` where it says nothing.
pub(super) fn accept(headers: &HeaderMap) -> Option<Cow<'_, str>> {
    let values = headers.get_all(header::ACCEPT).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    let all = values.reduce(|all, value| format!("{all},{value}").into())?;
    Some(all).filter(|all| !all.trim().is_empty())
}

/// The form that is wanted most, the first of those that are wanted alike.
pub(super) fn choose(offered: &[&'static str], accept: &str) -> Option<&'static str> {
    let mut best = None;
    for form in offered {
        let quality = quality(accept, form);
        if quality > best.map_or(0, |(quality, _)| quality) {
            best = Some((quality, *form));
        }
    }
    best.map(|(_, form)| form)
}

/// How much a media type is wanted, in thousandths: what the most specific range that it is in says.
fn quality(accept: &str, offered: &str) -> u16 {
    let group = offered.split('/').next().unwrap_or_default();
    let mut found = (0, 0);
    for range in accept.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let specific = match name.as_str() {
            name if name == offered => 3,
            name if name.strip_suffix("/*") == Some(group) => 2,
            "*/*" => 1,
            _ => continue,
        };
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse::<f32>().ok());
        let weight = weight.filter(|weight| (0.0..=1.0).contains(weight)).unwrap_or(1.0);
        if specific > found.0 {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and 1000")]
            let thousandths = (weight * 1000.0) as u16;
            found = (specific, thousandths);
        }
    }
    found.1
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const JSON: &str = "application/json";
    const CSV: &str = "text/csv";
    const NDJSON: &str = "application/x-ndjson";

    #[test]
    fn the_most_specific_range_says_how_much_a_form_is_wanted() {
        for (accept, rows, json) in [
            ("*/*", Some(JSON), Some(JSON)),
            ("text/csv", Some(CSV), None),
            ("TEXT/CSV; charset=utf-8", Some(CSV), None),
            ("text/html,application/xhtml+xml,*/*;q=0.8", Some(JSON), Some(JSON)),
            ("text/*, application/json;q=0.5", Some(CSV), Some(JSON)),
            ("application/json;q=0, */*;q=0.1", Some(CSV), None),
            ("application/x-ndjson, text/csv;q=0.9", Some(NDJSON), None),
            ("application/*", Some(JSON), Some(JSON)),
            ("application/xml", None, None),
        ] {
            assert_eq!(choose(&[JSON, CSV, NDJSON], accept), rows, "{accept}");
            assert_eq!(choose(&[JSON], accept), json, "{accept}");
        }
    }

    #[test]
    fn an_empty_accept_asks_for_nothing_in_particular() {
        let mut headers = HeaderMap::new();
        assert_eq!(accept(&headers), None);
        headers.append(header::ACCEPT, HeaderValue::from_static(" "));
        assert_eq!(accept(&headers), None);
        headers.append(header::ACCEPT, HeaderValue::from_static("text/csv"));
        assert_eq!(choose(&[JSON, CSV], &accept(&headers).unwrap()), Some(CSV));
    }
}
