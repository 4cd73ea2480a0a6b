//! The preview of a report without deployments, as people read it.

use dora::{Preview, Value};

use crate::output::count;

/// Services whose values are printed.
const SHOWN: usize = 5;

/// The preview for a terminal. `days` are those of its window.
pub(super) fn text(preview: &Preview, days: &str) -> String {
    let mut lines = vec![format!("{}:", heading(preview, days))];
    lines.extend(values(preview).into_iter().map(|line| format!("  {line}")));
    lines.extend(remarks(preview));
    lines.join("\n")
}

/// The preview for a document. `days` are those of its window.
pub(super) fn markdown(preview: &Preview, days: &str) -> String {
    let mut parts = vec![format!("### {}", heading(preview, days))];
    parts.push(values(preview).iter().map(|line| format!("- {line}")).collect::<Vec<_>>().join("\n"));
    parts.extend(remarks(preview));
    parts.join("\n\n")
}

/// `Preview, as if …, 2026-08-31 to 2026-11-29`.
fn heading(preview: &Preview, days: &str) -> String {
    let mut label = preview.label.chars();
    let first = label.next().map(char::to_lowercase);
    let label: String = first.into_iter().flatten().chain(label).collect();
    format!("Preview, {label}, {days}")
}

/// A line for each service, after one for all where there are several.
fn values(preview: &Preview) -> Vec<String> {
    let line = |name: &str, to: &str, merges: &Value, frequency: &Value, lead_time: &Value| {
        let text = |value: &Value| value.text.clone().unwrap_or_else(|| "–".to_owned());
        format!(
            "{name}: {}{to}, {}; median change lead time {} of {}",
            count(merges.n, "merge"),
            text(frequency),
            text(lead_time),
            count(lead_time.n, "change"),
        )
    };
    let mut lines = Vec::new();
    if preview.services.len() > 1 {
        lines.push(line("all services", "", &preview.merges, &preview.frequency, &preview.lead_time));
    }
    lines.extend(preview.services.iter().take(SHOWN).map(|one| {
        let branches: Vec<String> = one.branches.iter().map(|branch| format!("`{branch}`")).collect();
        let to = format!(" to {}", branches.join(", "));
        line(&one.service, &to, &one.merges, &one.frequency, &one.lead_time)
    }));
    lines
}

fn remarks(preview: &Preview) -> Vec<String> {
    preview.caveats.iter().map(|caveat| caveat.text.clone()).chain([preview.remedy.clone()]).collect()
}
