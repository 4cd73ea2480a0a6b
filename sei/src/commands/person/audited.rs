//! Entries of the audit log that name a person, or say what the person did. They stay: no entry can be changed.

use anyhow::Result;
use kernel::pseudonyms::{Needles, Pseudonyms};
use store::Store;
use store::audit::{self, Recorded};

use super::found::Found;

/// Entries that are read at once.
const PAGE: u32 = 1_000;

/// Calls `each` with each of them, the oldest first.
pub(super) async fn each_entry(
    store: &Store,
    found: &Found,
    known: &Pseudonyms,
    mut each: impl FnMut(&Recorded) -> Result<()>,
) -> Result<()> {
    let actors: Vec<String> = found.identifiers.iter().map(|identifier| identifier.text.clone()).collect();
    let patterns = Needles::of(&found.identifiers).patterns();
    let mut after = 0;
    loop {
        let entries = audit::naming(store, &actors, &patterns, after, PAGE).await?;
        let Some(last) = entries.last() else { return Ok(()) };
        after = last.id;
        for entry in entries.iter().filter(|entry| is_of(entry, &actors, known)) {
            each(entry)?;
        }
    }
}

fn is_of(entry: &Recorded, actors: &[String], known: &Pseudonyms) -> bool {
    let is_actor = |text: &str| actors.contains(&text.to_lowercase());
    is_actor(&entry.actor_id)
        || entry.actor_name.as_deref().is_some_and(is_actor)
        || known.in_text(&entry.subject).is_some()
        || known.in_json(&mut entry.detail.clone())
}
