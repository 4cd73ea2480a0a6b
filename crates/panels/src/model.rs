//! What a dashboard is made of.

use dora::Unit;
use serde::Deserialize;

use crate::metric_sql::By;
use crate::sql::{Dialect, Filter, Template};

/// The columns of the grid that panels are placed on.
pub(crate) const GRID_WIDTH: u32 = 24;

/// A dashboard.
#[derive(Clone, Debug, PartialEq)]
pub struct Dashboard {
    /// Its name, that of its file.
    pub name: String,
    /// Its title.
    pub title: String,
    /// What it answers.
    pub description: String,
    /// Its panels, in the order in which they are read.
    pub panels: Vec<Panel>,
}

impl Dashboard {
    /// The panels with the column and the row of their upper left corner: they fill rows of the grid from left to right.
    #[must_use]
    pub fn placed(&self) -> Vec<(u32, u32, &Panel)> {
        let (mut column, mut row, mut height) = (0, 0, 0);
        let mut placed = Vec::with_capacity(self.panels.len());
        for panel in &self.panels {
            if column + panel.size.width > GRID_WIDTH {
                (column, row, height) = (0, row + height, 0);
            }
            placed.push((column, row, panel));
            column += panel.size.width;
            height = height.max(panel.size.height);
        }
        placed
    }
}

/// One chart, number or table.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Its name: unique over all dashboards, and stable.
    pub name: String,
    /// Its title.
    pub title: String,
    /// What it shows.
    pub description: String,
    /// How it is shown.
    pub show: Show,
    /// Its place on the grid.
    pub size: Size,
    /// The panel, a table of rows, that a click on it opens.
    pub opens: Option<String>,
    /// The columns of its rows, in order.
    pub columns: Vec<PanelColumn>,
    /// Of a panel of a metric.
    pub(crate) metric: Option<Metric>,
    pub(crate) template: Template,
}

/// The metric that a panel shows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Metric {
    pub name: String,
    pub by: By,
}

impl Panel {
    /// Its statement, with the values of filters as a tool writes them.
    #[must_use]
    pub fn sql(&self, dialect: &dyn Dialect) -> String {
        self.template.render(dialect)
    }

    /// The metric whose values it shows, if it shows those of one.
    #[must_use]
    pub fn metric(&self) -> Option<&str> {
        self.metric.as_ref().map(|metric| metric.name.as_str())
    }

    /// What the values of its metric are split by.
    #[must_use]
    pub fn by(&self) -> Option<By> {
        self.metric.as_ref().map(|metric| metric.by)
    }

    /// Whether its rows depend on what is chosen in a filter.
    #[must_use]
    pub fn uses(&self, filter: Filter) -> bool {
        self.template.uses(filter)
    }

    /// The column along the axis of a chart, its first; `None` for numbers and tables.
    #[must_use]
    pub fn x(&self) -> Option<&PanelColumn> {
        if matches!(self.show, Show::Number | Show::Table) { None } else { self.columns.first() }
    }

    /// The column with a line or a color for each of its texts, if a chart has one: a text behind its first column.
    #[must_use]
    pub fn series(&self) -> Option<&PanelColumn> {
        self.x()?;
        self.columns.iter().skip(1).find(|column| column.kind == ColumnKind::Text && !column.detail)
    }

    /// The columns whose numbers a chart shows, what runs along its axis not among them; of a number that one.
    pub fn values(&self) -> impl Iterator<Item = &PanelColumn> {
        let first = usize::from(self.x().is_some());
        let most = if self.show == Show::Number { 1 } else { usize::MAX };
        let columns = self.columns.iter().skip(first);
        columns.filter(|column| matches!(column.kind, ColumnKind::Number(_)) && !column.detail).take(most)
    }
}

/// How a panel is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Show {
    /// The first column of the only row, in large digits.
    Number,
    /// Lines over time.
    Line,
    /// Bars beside each other.
    Bar,
    /// Bars on top of each other.
    StackedBar,
    /// Rows.
    Table,
    /// A point a row: its first column across, its second upward.
    Scatter,
}

/// The size of a panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Of 24 columns.
    pub width: u32,
    /// In rows.
    pub height: u32,
}

/// A column of a panel's rows.
#[derive(Clone, Debug, PartialEq)]
pub struct PanelColumn {
    /// Its name in the statement.
    pub name: String,
    /// Its title.
    pub title: String,
    /// What it holds.
    pub kind: ColumnKind,
    /// Whether charts leave it out: it is shown where rows are.
    pub detail: bool,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// A time with its zone.
    Time,
    /// A text.
    Text,
    /// A web address.
    Link,
    /// Yes or no.
    Boolean,
    /// A number with its unit.
    Number(Unit),
}
