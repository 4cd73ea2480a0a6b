//! Finds identifiers in a text.

use std::ops::Range;

use super::branch;
use super::identifiers::{IdentifierKind, word};
use super::known::Known;

/// What is replaced in a text by what, without overlaps.
type Edits = Vec<(Range<usize>, String)>;

/// The text with the identifiers in it replaced; `None` if it has none.
pub(super) fn replaced(known: &Known, text: &str) -> Option<String> {
    let mut edits = Edits::new();
    addresses(known, text, &mut edits);
    accounts(known, text, &mut edits);
    names(known, text, &mut edits);
    for (range, pseudonym) in branch::merged(known, text) {
        add(&mut edits, range, pseudonym);
    }
    if edits.is_empty() {
        return None;
    }
    edits.sort_by_key(|(range, _)| range.start);
    let mut replaced = String::with_capacity(text.len() + 32 * edits.len());
    let mut end = 0;
    for (range, pseudonym) in edits {
        replaced.push_str(text.get(end..range.start).unwrap_or_default());
        replaced.push_str(&pseudonym);
        end = range.end;
    }
    replaced.push_str(text.get(end..).unwrap_or_default());
    Some(replaced)
}

fn add(edits: &mut Edits, range: Range<usize>, pseudonym: String) {
    if edits.iter().all(|(other, _)| range.end <= other.start || other.end <= range.start) {
        edits.push((range, pseudonym));
    }
}

/// Addresses, and logins that are mentioned.
fn addresses(known: &Known, text: &str, edits: &mut Edits) {
    let is_local = |letter: char| letter.is_alphanumeric() || "._%+'-".contains(letter);
    let is_domain = |letter: char| letter.is_alphanumeric() || ".-_".contains(letter);
    for (at, _) in text.match_indices('@') {
        let (Some(before), Some(after)) = (text.get(..at), text.get(at + 1..)) else { continue };
        let local = before.trim_end_matches(is_local).len();
        let local = before.get(local..).unwrap_or_default();
        let end = after.find(|letter: char| !is_domain(letter)).unwrap_or(after.len());
        let domain = after.get(..end).unwrap_or_default().trim_end_matches(['.', '-', '_']);
        if domain.is_empty() {
            continue;
        }
        let end = at + 1 + domain.len();
        if local.is_empty() {
            if let Some(login) = known.hosts.iter().find_map(|host| known.login(host, domain)) {
                add(edits, at + 1..end, login);
            }
            continue;
        }
        // what stands before an address may look like a part of it
        for local in [local, local.trim_start_matches(|letter: char| !letter.is_alphanumeric())] {
            let address = format!("{local}@{domain}").to_lowercase();
            if let Some(pseudonym) = address_of(known, &address) {
                add(edits, at - local.len()..end, pseudonym);
                break;
            }
        }
    }
}

/// The pseudonym of an address. Behind one that a forge made up for a login stays one for the pseudonym of the login, so
/// that it leads to the same account.
fn address_of(known: &Known, address: &str) -> Option<String> {
    if let Some((local, host)) = address.split_once("@users.noreply.") {
        let login = local.split_once('+').map_or(local, |(_, login)| login);
        let unnumbered = login.split_once('-').filter(|(number, _)| number.bytes().all(|byte| byte.is_ascii_digit()));
        let logins = [Some(login), unnumbered.map(|(_, login)| login)];
        if let Some(pseudonym) = logins.into_iter().flatten().find_map(|login| known.login(host, login)) {
            return Some(format!("0+{pseudonym}@users.noreply.{host}"));
        }
    }
    known.of(IdentifierKind::Address, address)
}

/// Accounts with their hosts: ids, and web addresses of users.
fn accounts(known: &Known, text: &str, edits: &mut Edits) {
    let lower = text.to_ascii_lowercase();
    for host in &known.hosts {
        for (at, _) in lower.match_indices(host.as_str()) {
            let (Some(before), Some(after)) = (text.get(..at), text.get(at + host.len()..)) else { continue };
            let is_longer = before.ends_with(|letter: char| letter.is_alphanumeric() || letter == '-' || letter == '_');
            let Some(path) = after.strip_prefix('/').filter(|_| !is_longer) else { continue };
            let start = at + host.len() + 1;
            let listed =
                ["users/", "api/v4/users/"].iter().find_map(|part| Some((part.len(), path.strip_prefix(*part)?)));
            let (skipped, rest) = listed.unwrap_or((0, path));
            let ends = |letter: char| letter.is_whitespace() || "/?#&\"'`<>()[]{},;|\\".contains(letter);
            let login = rest.split(ends).next().unwrap_or_default();
            // a path that goes on is that of a repository
            if listed.is_none() && rest.get(login.len()..).is_some_and(|rest| rest.starts_with('/')) {
                continue;
            }
            for login in [login, login.trim_end_matches(['.', ':', '!'])] {
                if let Some(pseudonym) = known.login(host, login) {
                    add(edits, start + skipped..start + skipped + login.len(), pseudonym);
                    break;
                }
            }
        }
    }
}

/// Names of several words.
fn names(known: &Known, text: &str, edits: &mut Edits) {
    let Some(most) = known.words.last().copied().filter(|most| *most > 1) else { return };
    let start = |part: &str| part.as_ptr() as usize - text.as_ptr() as usize;
    let words: Vec<(Range<usize>, String)> = text
        .split_whitespace()
        .map(word)
        .filter(|word| !word.is_empty())
        .map(|word| (start(word)..start(word) + word.len(), word.to_lowercase()))
        .collect();
    // the longest name first
    for count in (2..=most).rev().filter(|count| known.words.contains(count)) {
        for window in words.windows(count.into()) {
            let (Some((first, _)), Some((last, _))) = (window.first(), window.last()) else { continue };
            let name: Vec<&str> = window.iter().map(|(_, word)| word.as_str()).collect();
            if let Some(pseudonym) = known.of(IdentifierKind::Name, &name.join(" ")) {
                add(edits, first.start..last.end, pseudonym);
            }
        }
    }
}
