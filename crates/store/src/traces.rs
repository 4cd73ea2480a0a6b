//! The spans that rows come from, as they are read again.

use kernel::TraceParent;

/// The most spans that are read of rows that are taken together.
const MAX_SPANS: usize = 32;

/// The spans of rows, each once. What can't be read costs the trace, and nothing else.
pub(crate) fn of<'a>(texts: impl IntoIterator<Item = Option<&'a str>>) -> Vec<TraceParent> {
    let mut spans: Vec<TraceParent> = Vec::new();
    for parent in texts.into_iter().flatten().filter_map(|text| text.parse().ok()) {
        if spans.len() == MAX_SPANS {
            break;
        }
        if !spans.contains(&parent) {
            spans.push(parent);
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_span_is_there_once_and_no_more_than_a_bound() {
        let texts: Vec<String> =
            (1..100).map(|nth| format!("00-0af7651916cd43dd8448eb211c80319c-{nth:016x}-01")).collect();
        let of_rows = || texts.iter().map(|text| Some(text.as_str()));
        assert_eq!(of(of_rows()).len(), MAX_SPANS);
        let few = of([None, Some("nonsense"), Some(texts[0].as_str()), Some(texts[0].as_str())]);
        assert_eq!(few, [texts[0].parse().unwrap()]);
    }
}
