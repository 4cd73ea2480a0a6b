//! The addresses that sources give for further pages: the header `Link` (RFC 8288), and how an address that a source
//! believes to have becomes the one that it is asked at.

use url::Url;

/// The target of the link of this relation in the values of `Link` headers, as it is written.
pub(super) fn target<'a>(values: impl Iterator<Item = &'a str>, relation: &str) -> Option<&'a str> {
    values.flat_map(Links).find_map(|(target, parameters)| {
        let is_relation = |parameter: &str| {
            let (name, value) = parameter.split_once('=').unwrap_or_default();
            let mut relations = value.trim().trim_matches('"').split_ascii_whitespace();
            name.trim().eq_ignore_ascii_case("rel") && relations.any(|found| found.eq_ignore_ascii_case(relation))
        };
        parameters.split(';').any(is_relation).then_some(target)
    })
}

/// The links of a header's value: target and parameters. Targets may hold commas and semicolons.
struct Links<'a>(&'a str);

impl<'a> Iterator for Links<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let (_, rest) = self.0.split_once('<')?;
        let (target, rest) = rest.split_once('>')?;
        let mut quoted = false;
        let end = rest.find(|sign| {
            quoted ^= sign == '"';
            sign == ',' && !quoted
        });
        let (parameters, rest) = rest.split_at_checked(end.unwrap_or(rest.len()))?;
        self.0 = rest;
        Some((target.trim(), parameters))
    }
}

/// An address of a source, where it is asked at `base`. Sources that are asked through a proxy write the address that
/// they believe to have; only its path and query are kept, so that no other host is ever asked. A path that stands
/// below another one there (`/api/v4` for `/gitlab/api/v4`, or the other way around) is taken below that of `base`.
pub(super) fn at_base(base: &Url, mut address: Url) -> Option<Url> {
    let parts = |url: &Url| -> Vec<String> {
        let parts = url.path().split('/').filter(|part| !part.is_empty());
        parts.map(str::to_owned).collect()
    };
    if !matches!(address.scheme(), "http" | "https") {
        return None;
    }
    if address.origin() == base.origin() && address.path().starts_with(base.path()) {
        address.set_username("").ok()?;
        address.set_password(None).ok()?;
        return Some(address);
    }
    let (below, theirs) = (parts(base), parts(&address));
    // the longest end of our path that their path holds; what follows it is the resource
    let shared = (1..=below.len()).rev().find_map(|length| {
        let end = below.get(below.len() - length..)?;
        theirs.windows(length).position(|window| window == end).map(|start| start + length)
    });
    let resource = theirs.get(shared.unwrap_or_default()..)?;
    let mut url = base.clone();
    url.set_path(&below.iter().chain(resource).map(String::as_str).collect::<Vec<_>>().join("/"));
    url.set_query(address.query());
    url.set_fragment(None);
    (url.origin() == base.origin()).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_found_whatever_it_holds() {
        let found = |value| target([value].into_iter(), "next");
        let two = r#"<https://h/x?page=1>; rel="prev", <https://h/x?a=1,2;b=3&page=3>; title="a, b"; rel="next""#;
        assert_eq!(found(two), Some("https://h/x?a=1,2;b=3&page=3"));
        assert_eq!(found("</x?page=2>; REL=Next"), Some("/x?page=2"));
        assert_eq!(found(r#"<?page=2>;rel="last next""#), Some("?page=2"));
        for none in [r#"<https://h/x?page=9>; rel="last""#, "nonsense", "<x", "", r#"<x>; rel="nextcloud""#] {
            assert_eq!(found(none), None, "{none}");
        }
    }

    #[test]
    fn an_address_that_a_source_believes_to_have_becomes_the_one_that_it_is_asked_at() {
        for (base, theirs, ours) in [
            ("https://h/api/v4/", "https://h/api/v4/p?page=2", "https://h/api/v4/p?page=2"),
            ("https://h/api/v4/", "http://h/api/v4/p?page=2", "https://h/api/v4/p?page=2"),
            ("https://h/api/v4/", "http://gitlab.internal:8080/api/v4/p?page=2", "https://h/api/v4/p?page=2"),
            (
                "http://127.0.0.1:1/gl/api/v4/",
                "http://gitlab.internal/api/v4/p?x=%2F",
                "http://127.0.0.1:1/gl/api/v4/p?x=%2F",
            ),
            ("https://h/api/v4/", "https://internal/gitlab/api/v4/p%2Fq/r#f", "https://h/api/v4/p%2Fq/r"),
            ("https://h/gl/api/v4/", "https://h/api/v4/p?page=2", "https://h/gl/api/v4/p?page=2"),
            ("https://h/", "http://internal/rest/x", "https://h/rest/x"),
            ("https://h/jira/", "http://internal/rest/x", "https://h/jira/rest/x"),
            ("https://h/api/v4/", "https://user:secret@h/api/v4/p", "https://h/api/v4/p"),
            ("https://h/api/v4/", "https://user:secret@elsewhere/api/v4/p", "https://h/api/v4/p"),
        ] {
            let (base, theirs) = (Url::parse(base).unwrap(), Url::parse(theirs).unwrap());
            assert_eq!(at_base(&base, theirs.clone()).unwrap().as_str(), ours, "{theirs}");
        }
    }
}
