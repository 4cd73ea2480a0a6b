//! What commands print: results to standard output, whole, as people or as programs read them.

use std::fmt;
use std::io::{ErrorKind, Write};

use anyhow::Result;
use comfy_table::{ContentArrangement, LineStyle, Row, TableStyle};
use serde::Serialize;

/// Prints a result. A reader that has seen enough (`sei … | head`) is no failure.
pub(crate) fn print(text: &str) -> Result<()> {
    let end = if text.ends_with('\n') { "" } else { "\n" };
    print_bytes(&[text, end].concat().into_bytes())
}

/// Prints bytes as they are.
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// Prints a result as JSON.
pub(crate) fn print_json(value: &impl Serialize) -> Result<()> {
    print(&serde_json::to_string_pretty(value)?)
}

/// A line below the headings, and nothing else.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// A terminal that claims to be narrower than this is not believed.
const MIN_COLUMNS: u16 = 20;
/// The width of a terminal that is not believed.
const USUAL_COLUMNS: u16 = 80;

/// A table for people. Its lines have no spaces at their ends.
pub(crate) struct Table(comfy_table::Table);

impl Table {
    pub(crate) fn add_row(&mut self, row: impl Into<Row>) {
        self.0.add_row(row);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.trim_fmt())
    }
}

/// A table with these headings, as wide as the terminal at most.
pub(crate) fn table(headings: &[&str]) -> Table {
    on_terminal(comfy_table::Table::new().width(), headings)
}

/// A table on a terminal of this number of columns, or on none.
fn on_terminal(columns: Option<u16>, headings: &[&str]) -> Table {
    let mut table = comfy_table::Table::new();
    table.load_style(STYLE).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(headings.iter().copied());
    if let Some(columns) = columns {
        table.set_width(if columns < MIN_COLUMNS { USUAL_COLUMNS } else { columns });
    }
    Table(table)
}

/// A number of things in words: `1 file`, `2 files`.
pub(crate) fn count(number: impl TryInto<i64>, thing: &str) -> String {
    let number = number.try_into().unwrap_or(i64::MAX);
    format!("{number} {}", plural(number, thing))
}

fn plural(number: i64, thing: &str) -> String {
    match (number, thing) {
        (1, thing) => thing.to_owned(),
        (_, "person") => "people".to_owned(),
        (_, thing) => match (thing.strip_suffix("branch"), thing.strip_suffix("entry")) {
            (Some(before), _) => format!("{before}branches"),
            (None, Some(before)) => format!("{before}entries"),
            (None, None) => format!("{thing}s"),
        },
    }
}

/// Units of bytes above the first, each a thousand of the one before it.
const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];

/// A number of bytes as people read it: `812 B`, `1.2 GB`.
pub(crate) fn bytes(number: u64) -> String {
    if number < 1000 {
        return format!("{number} B");
    }
    let mut value = number as f64 / 1000.0;
    for unit in UNITS {
        if value < 999.95 {
            return format!("{value:.1} {unit}");
        }
        value /= 1000.0;
    }
    format!("{value:.1} PB")
}

/// What stands above every result that is made of demo data.
pub(crate) const DEMO: &str = "DEMO DATA: invented by `sei demo load`, about no real organization";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_is_no_plural() {
        let counted =
            [count(1, "file"), count(0, "file"), count(2_u64, "new commit"), count(3, "branch"), count(2, "entry")];
        assert_eq!(counted, ["1 file", "0 files", "2 new commits", "3 branches", "2 entries"]);
        assert_eq!([count(1, "person"), count(2, "person")], ["1 person", "2 people"]);
    }

    #[test]
    fn bytes_are_written_in_the_unit_that_people_read() {
        let written = [0, 999, 1_000, 1_250_000, 999_960_000, 3_000_000_000_000, 2_500_000_000_000_000].map(bytes);
        assert_eq!(written, ["0 B", "999 B", "1.0 kB", "1.2 MB", "1.0 GB", "3.0 TB", "2.5 PB"]);
    }

    #[test]
    fn a_terminal_of_0_columns_has_80() {
        let on = |columns| {
            let mut table = on_terminal(columns, &["name", "what it is"]);
            table.add_row(["checkout", "a service of the shop ".repeat(10).as_str()]);
            table.to_string()
        };
        let width = |text: &str| text.lines().map(|line| line.chars().count()).max();
        assert_eq!(on(Some(0)), on(Some(80)));
        assert!(width(&on(Some(0))).is_some_and(|columns| columns > 60 && columns <= 80), "{}", on(Some(0)));
        assert!(width(&on(Some(40))) <= Some(40), "{}", on(Some(40)));
    }

    #[test]
    fn no_line_of_a_table_ends_in_a_space() {
        let mut table = table(&["name", "what it is"]);
        table.add_row(["a", ""]);
        table.add_row(["long name", "text"]);
        assert!(table.to_string().lines().all(|line| line == line.trim_end()), "{table}");
    }
}
