//! Pages of lists, read by keyset.

use store::queries::{Cut, Listed, Order, Placed};

use crate::cursor::{EXPECTED, ListPosition, RowCursor};
use crate::questions::Invalid;

/// Which part of a list that is read forward.
#[derive(Clone, Debug)]
pub struct Part<P> {
    /// After this place; from the beginning without one.
    pub after: Option<P>,
    /// How many rows at most.
    pub limit: u32,
}

impl<P: ListPosition> Part<P> {
    /// The part after a cursor, which `name` is the parameter of.
    pub fn after(name: &str, cursor: Option<&str>, limit: u32) -> Result<Self, Invalid> {
        Ok(Self { after: cursor.map(|cursor| read(name, cursor)).transpose()?, limit })
    }

    /// One more row than requested shows whether there are more.
    pub(super) fn ask(&self) -> u32 {
        self.limit.saturating_add(1)
    }
}

/// The position that a cursor names.
fn read<P: ListPosition>(name: &str, cursor: &str) -> Result<P, Invalid> {
    P::read(cursor).ok_or_else(|| Invalid::contradiction(name, cursor, EXPECTED))
}

/// Which part of a short list, of which all rows are read.
#[derive(Clone, Debug)]
pub struct Section<P> {
    /// After this position.
    pub after: Option<P>,
    /// Before this position.
    pub before: Option<P>,
    /// How many rows at most: the first after, or the last before.
    pub limit: u32,
}

impl<P: ListPosition> Section<P> {
    /// The part after or before a cursor.
    pub fn between((after, before): (Option<&str>, Option<&str>), limit: u32) -> Result<Self, Invalid> {
        let read = |name: &str, cursor: Option<&str>| cursor.map(|cursor| read(name, cursor)).transpose();
        Ok(Self { after: read("cursor", after)?, before: read("before", before)?, limit })
    }
}

/// A page: rows with the cursor of each.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The rows, each with its place as a cursor.
    pub rows: Vec<(String, T)>,
    /// There are more rows after the last one.
    pub more: bool,
    /// There are rows before the first one.
    pub has_previous: bool,
}

impl<T> Page<T> {
    /// The first rows of a list that is read forward, of those and one more if there is one.
    pub(super) fn new<R: Into<T>, P: ListPosition>(mut rows: Vec<R>, limit: u32, place: impl Fn(&R) -> P) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let rows = rows.into_iter().map(|row| (place(&row).cursor(), row.into()));
        Self { rows: rows.collect(), more, has_previous: false }
    }

    /// The page that a part of a list is, of all its rows in their order.
    pub(super) fn of_all<R: Into<T>, P: ListPosition + Ord>(
        mut rows: Vec<R>,
        part: &Section<P>,
        place: impl Fn(&R) -> P,
    ) -> Self {
        let count = rows.len();
        rows.retain(|row| part.before.as_ref().is_none_or(|before| place(row) < *before));
        let cut_behind = rows.len() < count;
        let count = rows.len();
        rows.retain(|row| part.after.as_ref().is_none_or(|after| place(row) > *after));
        let cut_before = rows.len() < count;
        let limit = usize::try_from(part.limit).unwrap_or(usize::MAX);
        let surplus = rows.len().saturating_sub(limit);
        if part.before.is_some() {
            rows.drain(..surplus);
        } else {
            rows.truncate(limit);
        }
        let (surplus_before, surplus_behind) =
            if part.before.is_some() { (surplus > 0, false) } else { (false, surplus > 0) };
        Self {
            rows: rows.into_iter().map(|row| (place(&row).cursor(), row.into())).collect(),
            more: cut_behind || surplus_behind,
            has_previous: cut_before || surplus_before,
        }
    }

    /// The page that a cut of a list is, of its rows and one more if there is one.
    pub(super) fn of_cut<R: Listed>(
        mut rows: Vec<Placed<R>>,
        (order, cut): (Order, &Cut),
        view: impl Fn(R) -> T,
    ) -> Self {
        let limit = usize::try_from(cut.limit).unwrap_or(usize::MAX);
        let has_surplus = rows.len() > limit;
        if has_surplus && cut.from_end {
            rows.remove(0);
        } else {
            rows.truncate(limit);
        }
        let (has_previous, more) =
            if cut.from_end { (has_surplus, cut.before.is_some()) } else { (cut.after.is_some(), has_surplus) };
        let rows =
            rows.into_iter().map(|Placed { position, row }| (RowCursor::new::<R>(order, position).cursor(), view(row)));
        Self { rows: rows.collect(), more, has_previous }
    }

    /// The same page with its rows as `view` shows them.
    pub(super) fn map<V>(self, view: impl Fn(T) -> V) -> Page<V> {
        let rows = self.rows.into_iter().map(|(cursor, row)| (cursor, view(row))).collect();
        Page { rows, more: self.more, has_previous: self.has_previous }
    }

    /// The cursor of the next page, if there is one.
    pub fn next(&self) -> Option<&str> {
        self.rows.last().filter(|_| self.more).map(|(cursor, _)| cursor.as_str())
    }

    /// The cursor that the rows of the page before this one end with, if there are any.
    pub fn previous(&self) -> Option<&str> {
        self.rows.first().filter(|_| self.has_previous).map(|(cursor, _)| cursor.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of a page, and whether there are others after and before them.
    fn page(after: Option<&str>, before: Option<&str>, limit: u32) -> (String, bool, bool) {
        let rows: Vec<String> = "abcdefg".chars().map(String::from).collect();
        let part = Section { after: after.map(str::to_owned), before: before.map(str::to_owned), limit };
        let page: Page<String> = Page::of_all(rows, &part, String::clone);
        (page.rows.iter().map(|(_, row)| row.as_str()).collect(), page.more, page.has_previous)
    }

    #[test]
    fn pages_of_a_short_list_are_cut_from_either_end() {
        assert_eq!(page(None, None, 3), ("abc".to_owned(), true, false));
        assert_eq!(page(Some("c"), None, 3), ("def".to_owned(), true, true));
        assert_eq!(page(Some("f"), None, 3), ("g".to_owned(), false, true));
        assert_eq!(page(None, Some("g"), 3), ("def".to_owned(), true, true));
        assert_eq!(page(None, Some("c"), 3), ("ab".to_owned(), true, false));
        assert_eq!(page(None, None, 7), ("abcdefg".to_owned(), false, false));
    }
}
