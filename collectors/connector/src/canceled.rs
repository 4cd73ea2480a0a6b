//! Which finished work was given up rather than done: one rule for all sources, by what a source calls the end of an
//! item (a resolution, a status, the reason of a state) and by the labels that teams use where it has no such name.

/// Names that say that nothing was delivered, by their letters and digits.
const CANCELED: [&str; 50] = [
    "abandoned",
    "asdesigned",
    "autoclosed",
    "bydesign",
    "canceled",
    "cancelled",
    "cannotbereproduced",
    "cannotfix",
    "cannotreproduce",
    "cantfix",
    "cantreproduce",
    "couldnotreproduce",
    "declined",
    "discarded",
    "duplicate",
    "duplicated",
    "falsealarm",
    "falsepositive",
    "insufficientdata",
    "insufficientinformation",
    "invalid",
    "notabug",
    "notanissue",
    "notapplicable",
    "notaproblem",
    "notdoing",
    "notfixed",
    "notneeded",
    "notplanned",
    "notreproducible",
    "notrequired",
    "obsolete",
    "outofscope",
    "rejected",
    "spam",
    "superseded",
    "unabletoreproduce",
    "unreproducible",
    "willnotdo",
    "willnotfix",
    "willnotimplement",
    "withdrawn",
    "wontbedone",
    "wontbefixed",
    "wontdo",
    "wontfix",
    "wontimplement",
    "worksasdesigned",
    "worksasintended",
    "worksforme",
];

/// Names that say so as the end of an item only: as a label they may be left from planning it.
const CANCELED_AS_END: [&str; 8] =
    ["deferred", "dropped", "expired", "incomplete", "later", "outdated", "postponed", "removed"];

/// What stands before the reason: `Closed - Duplicate`, `resolution: wontfix`.
const BEFORE_REASON: [&str; 9] =
    ["closedas", "closed", "close", "resolvedas", "resolved", "resolution", "doneas", "done", "status"];

/// What a label is about that says how an item ended: `workflow::wontfix`, but not `area/spam`.
const SCOPES: [&str; 8] = ["close", "closed", "reason", "resolution", "state", "status", "triage", "workflow"];

/// Whether a finished item was given up, by what its end is called and by its labels: `Won't Do`, `NOT_PLANNED`,
/// `Closed - Duplicate`; `workflow::wontfix`, `status: invalid`. Letter case, spaces and punctuation do not count.
#[must_use]
pub fn is_canceled<E: AsRef<str>, L: AsRef<str>>(
    ends: impl IntoIterator<Item = E>,
    labels: impl IntoIterator<Item = L>,
) -> bool {
    ends.into_iter().any(|end| names_cancellation(end.as_ref(), &[&CANCELED, &CANCELED_AS_END]))
        || labels
            .into_iter()
            .any(|label| has_end_scope(label.as_ref()) && names_cancellation(label.as_ref(), &[&CANCELED]))
}

/// Whether the end of an item is called so that it was given up.
#[must_use]
pub fn is_canceled_end(name: &str) -> bool {
    is_canceled([name], [""; 0])
}

fn letters(text: &str) -> String {
    text.chars().filter(|sign| sign.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether what stands before the last part of a label, if anything does, is about how an item ended.
fn has_end_scope(label: &str) -> bool {
    label.rsplit_once([':', '/']).is_none_or(|(scope, _)| SCOPES.contains(&letters(scope).as_str()))
}

fn names_cancellation(name: &str, lists: &[&[&str]]) -> bool {
    let scoped = name.rsplit([':', '/']).next().unwrap_or(name);
    [name, scoped].into_iter().map(letters).any(|name| {
        let reason = BEFORE_REASON.iter().find_map(|before| name.strip_prefix(before)).unwrap_or(&name);
        lists.iter().any(|list| list.contains(&name.as_str()) || list.contains(&reason))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names as sources and teams write them; whether they cancel as the end of an item, and as a label.
    const NAMES: [(&str, bool, bool); 80] = [
        // Jira: Cloud, Server, and the Apache Software Foundation's
        ("Won't Do", true, true),
        ("Won’t Fix", true, true),
        ("Wont Fix", true, true),
        ("Won't Implement", true, true),
        ("Duplicate", true, true),
        ("Cannot Reproduce", true, true),
        ("Declined", true, true),
        ("Incomplete", true, false),
        ("Not A Bug", true, true),
        ("Not A Problem", true, true),
        ("Auto Closed", true, true),
        ("Later", true, false),
        ("Works for Me", true, true),
        ("Closed - Won't Fix", true, true),
        ("Resolved as duplicate", true, true),
        ("Done (Duplicate)", true, true),
        ("Done", false, false),
        ("Fixed", false, false),
        ("Resolved", false, false),
        ("Closed", false, false),
        ("Known Error", false, false),
        ("Delivered", false, false),
        ("Information Provided", false, false),
        // GitHub: REST, GraphQL, default labels, and those of large repositories
        ("not_planned", true, true),
        ("NOT_PLANNED", true, true),
        ("duplicate", true, true),
        ("completed", false, false),
        ("COMPLETED", false, false),
        ("reopened", false, false),
        ("wontfix", true, true),
        ("invalid", true, true),
        ("question", false, false),
        ("help wanted", false, false),
        ("*out-of-scope", true, true),
        ("*as-designed", true, true),
        ("triage/not-reproducible", true, true),
        ("resolution: wontfix", true, true),
        ("resolution/duplicate", true, true),
        ("closed: not planned", true, true),
        ("status: invalid", true, true),
        ("🚫 wontfix", true, true),
        ("kind/bug", false, false),
        // GitLab: statuses, their category, labels
        ("Won't do", true, true),
        ("canceled", true, true),
        ("workflow::won't do", true, true),
        ("workflow::duplicate", true, true),
        ("closed::duplicate", true, true),
        ("status::canceled", true, true),
        ("workflow::complete", false, false),
        ("priority::later", true, false),
        ("area/spam", true, false),
        ("component: duplicate", true, false),
        ("topic/obsolete", true, false),
        // Bugzilla
        ("WONTFIX", true, true),
        ("INVALID", true, true),
        ("WORKSFORME", true, true),
        ("CANTFIX", true, true),
        ("INSUFFICIENT_DATA", true, true),
        ("EXPIRED", true, false),
        ("FIXED", false, false),
        // Azure DevOps
        ("Removed", true, false),
        ("As Designed", true, true),
        ("Abandoned", true, true),
        ("Deferred", true, false),
        ("Obsolete", true, true),
        ("Verified", false, false),
        // Linear, YouTrack, Shortcut
        ("Canceled", true, true),
        ("CANCELLED", true, true),
        ("Can't Reproduce", true, true),
        ("Won't fix", true, true),
        ("Without verification", false, false),
        ("Completed", false, false),
        // what only looks like it
        ("duplicate finder", false, false),
        ("fix duplicate rows", false, false),
        ("area/invalidation", false, false),
        ("canceled orders", false, false),
        ("Do later?", false, false),
        ("not done", false, false),
        ("closed", false, false),
        ("", false, false),
    ];

    #[test]
    fn what_was_given_up_is_known_by_its_end_and_by_its_labels() {
        for (name, as_end, as_label) in NAMES {
            assert_eq!(is_canceled([name], [""; 0]), as_end, "{name} as the end");
            assert_eq!(is_canceled([""; 0], [name]), as_label, "{name} as a label");
        }
    }

    #[test]
    fn one_name_of_several_is_enough() {
        assert!(is_canceled(["completed"], ["bug", "wontfix"]));
        assert!(is_canceled(["Closed", "Won't Do"], [""; 0]));
        assert!(!is_canceled(["completed"], ["bug"]));
    }
}
