//! Reads declarations, and refuses what is wrong with them.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use dora::{Definition, Unit};
use serde::Deserialize;

use crate::error::PanelError;
use crate::metric_sql::{By, metric_sql};
use crate::model::{ColumnKind, Dashboard, GRID_WIDTH, Metric, Panel, PanelColumn, Show, Size};
use crate::sql::Template;

/// The greatest height of a panel.
const MAX_HEIGHT: u32 = 24;

/// A file, but for its panels.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DashboardFile {
    title: String,
    description: String,
    panel: Vec<toml::Table>,
}

/// A panel as its file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PanelTable {
    name: String,
    title: Option<String>,
    description: Option<String>,
    metric: Option<String>,
    by: Option<By>,
    sql: Option<String>,
    #[serde(default)]
    columns: Vec<ColumnTable>,
    show: Show,
    size: (u32, u32),
    opens: Option<String>,
}

/// A column of a statement as its file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnTable {
    name: String,
    is: String,
    title: Option<String>,
    #[serde(default)]
    detail: bool,
}

/// Reads files, each with the name of its dashboard.
pub(crate) fn load(files: &[(&str, &str)]) -> Result<Vec<Dashboard>, PanelError> {
    let definitions = dora::definitions(&[]).map_err(|error| PanelError::wrong("the metrics", error.to_string()))?;
    let metrics: BTreeMap<&str, &Definition> =
        definitions.iter().map(|definition| (definition.name.as_str(), definition)).collect();
    let dashboards: Vec<Dashboard> =
        files.iter().map(|(name, text)| dashboard(name, text, &metrics)).collect::<Result<_, _>>()?;
    check_names(&dashboards)?;
    Ok(dashboards)
}

fn place_of(dashboard: &str, panel: Option<&str>) -> String {
    let file = format!("dashboards/panels/{dashboard}.toml");
    panel.map_or_else(|| file.clone(), |panel| format!("{file}, panel `{panel}`"))
}

fn unreadable(place: String, source: toml::de::Error) -> PanelError {
    PanelError::Unreadable { place, source: Box::new(source) }
}

fn dashboard(name: &str, text: &str, metrics: &BTreeMap<&str, &Definition>) -> Result<Dashboard, PanelError> {
    let file: DashboardFile = toml::from_str(text).map_err(|error| unreadable(place_of(name, None), error))?;
    let mut panels = Vec::with_capacity(file.panel.len());
    for (number, table) in file.panel.into_iter().enumerate() {
        let panel_name = table
            .get("name")
            .and_then(toml::Value::as_str)
            .map_or_else(|| format!("number {}", number + 1), str::to_owned);
        let place = place_of(name, Some(&panel_name));
        let table: PanelTable = table.try_into().map_err(|error| unreadable(place.clone(), error))?;
        panels.push(panel(table, metrics).map_err(|problem| PanelError::wrong(&place, problem))?);
    }
    Ok(Dashboard { name: name.to_owned(), title: file.title, description: file.description, panels })
}

/// Names are unique over all dashboards, and what opens is a table.
fn check_names(dashboards: &[Dashboard]) -> Result<(), PanelError> {
    let all = || dashboards.iter().flat_map(|dashboard| dashboard.panels.iter().map(move |panel| (dashboard, panel)));
    let mut names = BTreeSet::new();
    let tables: BTreeSet<&str> =
        all().filter(|(_, panel)| panel.show == Show::Table).map(|(_, panel)| panel.name.as_str()).collect();
    for (dashboard, panel) in all() {
        let place = place_of(&dashboard.name, Some(&panel.name));
        if !names.insert(panel.name.as_str()) {
            return Err(PanelError::wrong(&place, "another panel has this name; names are unique over all dashboards"));
        }
        if let Some(opened) = panel.opens.as_deref().filter(|opened| !tables.contains(opened)) {
            return Err(PanelError::wrong(
                &place,
                format!("it opens `{opened}`, which is no panel that shows a table"),
            ));
        }
    }
    Ok(())
}

fn panel(table: PanelTable, metrics: &BTreeMap<&str, &Definition>) -> Result<Panel, String> {
    let is_name = !table.name.is_empty()
        && table.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if !is_name {
        return Err("a name has lower-case letters, digits and _".to_owned());
    }
    let (width, height) = table.size;
    if !(1..=GRID_WIDTH).contains(&width) || !(1..=MAX_HEIGHT).contains(&height) {
        return Err(format!("its size is {width} x {height}; at most {GRID_WIDTH} x {MAX_HEIGHT} are possible"));
    }
    let asked = match (&table.metric, &table.sql) {
        (Some(metric), None) => of_metric(&table, metric, metrics)?,
        (None, Some(sql)) => of_sql(&table, sql)?,
        _ => return Err("it has both or none of `metric` and `sql`; expected one of them".to_owned()),
    };
    let panel = Panel {
        name: table.name,
        title: asked.title,
        description: asked.description,
        show: table.show,
        size: Size { width, height },
        opens: table.opens,
        columns: asked.columns,
        metric: asked.metric,
        template: asked.template,
    };
    check_columns(&panel)?;
    Ok(panel)
}

/// What `metric` or `sql` states of a panel.
struct Asked {
    title: String,
    description: String,
    columns: Vec<PanelColumn>,
    metric: Option<Metric>,
    template: Template,
}

fn of_metric(table: &PanelTable, name: &str, metrics: &BTreeMap<&str, &Definition>) -> Result<Asked, String> {
    let definition =
        metrics.get(name).ok_or_else(|| format!("there is no metric `{name}`: docs/metrics.md lists all"))?;
    if !table.columns.is_empty() {
        return Err("the columns of a metric follow from `by`: leave out `columns`".to_owned());
    }
    let by = table.by.unwrap_or_default();
    if let Some(slice) = by.slice().filter(|slice| !definition.slices.contains(slice)) {
        return Err(format!("`{name}` can't be asked for by {}", slice.as_str()));
    }
    let week = by.is_weekly().then(|| column("week", "Week", ColumnKind::Time, false));
    let slice = by.slice().map(|slice| column(slice.as_str(), &title_of(slice.as_str()), ColumnKind::Text, false));
    let mut columns: Vec<PanelColumn> = week.into_iter().chain(slice).collect();
    columns.push(column("value", &definition.title, ColumnKind::Number(definition.unit), false));
    columns.push(column("n", "Observations", ColumnKind::Number(Unit::Count), true));
    Ok(Asked {
        title: table.title.clone().unwrap_or_else(|| definition.title.clone()),
        description: table.description.clone().unwrap_or_else(|| definition.definition.clone()),
        columns,
        metric: Some(Metric { name: name.to_owned(), by }),
        template: Template::parse(&metric_sql(name, by))?,
    })
}

fn of_sql(table: &PanelTable, sql: &str) -> Result<Asked, String> {
    if table.by.is_some() {
        return Err("`by` is for panels with `metric`".to_owned());
    }
    let required = |value: Option<&String>, name: &str| {
        value.cloned().ok_or_else(|| format!("a panel with `sql` needs a `{name}` of its own"))
    };
    let mut columns: Vec<PanelColumn> = Vec::with_capacity(table.columns.len());
    for one in &table.columns {
        if columns.iter().any(|other| other.name == one.name) {
            return Err(format!("it has the column `{}` twice", one.name));
        }
        let title = one.title.clone().unwrap_or_else(|| title_of(&one.name));
        columns.push(column(&one.name, &title, kind(&one.is)?, one.detail));
    }
    Ok(Asked {
        title: required(table.title.as_ref(), "title")?,
        description: required(table.description.as_ref(), "description")?,
        columns,
        metric: None,
        template: Template::parse(sql)?,
    })
}

fn column(name: &str, title: &str, kind: ColumnKind, detail: bool) -> PanelColumn {
    PanelColumn { name: name.to_owned(), title: title.to_owned(), kind, detail }
}

/// The kind of a column by its word: the unit of a number, or what else it is.
fn kind(word: &str) -> Result<ColumnKind, String> {
    match word {
        "time" => Ok(ColumnKind::Time),
        "text" => Ok(ColumnKind::Text),
        "link" => Ok(ColumnKind::Link),
        "boolean" => Ok(ColumnKind::Boolean),
        unit => Unit::from_str(unit)
            .map(ColumnKind::Number)
            .map_err(|error| format!("a column is a time, text, link, boolean or a number with its unit: {error}")),
    }
}

/// A name of a column or view as people read it: `first_review_at` is `First review`, `age_seconds` is `Age`.
#[must_use]
pub fn title_of(name: &str) -> String {
    let name = name.strip_suffix("_seconds").or_else(|| name.strip_suffix("_at")).unwrap_or(name).replace('_', " ");
    let mut characters = name.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

/// What is shown has the columns that showing it takes.
fn check_columns(panel: &Panel) -> Result<(), String> {
    let values = panel.values().count();
    let first = panel.columns.first().map(|column| column.kind);
    let wrong = match panel.show {
        Show::Number => (!matches!(first, Some(ColumnKind::Number(_)))).then_some("a number first"),
        Show::Line => (first != Some(ColumnKind::Time) || values == 0).then_some("a time first, and a number"),
        Show::Bar | Show::StackedBar => {
            let is_x = matches!(first, Some(ColumnKind::Time | ColumnKind::Text));
            (!is_x || values == 0).then_some("a time or a text first, and a number")
        }
        Show::Scatter => {
            let is_x = matches!(first, Some(ColumnKind::Time | ColumnKind::Number(_)));
            let second = panel.columns.get(1).map(|column| column.kind);
            (!is_x || !matches!(second, Some(ColumnKind::Number(_))))
                .then_some("a time or a number first, then a number")
        }
        Show::Table => panel.columns.is_empty().then_some("columns"),
    };
    wrong.map_or(Ok(()), |expected| Err(format!("what it shows needs {expected}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "title = 'X'\ndescription = 'Y.'\n[[panel]]\nname = 'one'\nshow = 'number'\nsize = [4, 3]\n";

    fn refused(text: &str) -> String {
        let error = load(&[("x", text)]).unwrap_err();
        match std::error::Error::source(&error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        }
    }

    #[test]
    fn a_panel_of_a_metric_is_described_by_its_declaration() {
        let text = format!("{GOOD}metric = 'change_lead_time'\n");
        let dashboards = load(&[("x", &text)]).unwrap();
        let panel = &dashboards[0].panels[0];
        assert_eq!((panel.title.as_str(), panel.metric()), ("Change lead time", Some("change_lead_time")));
        assert_eq!(panel.columns[0].kind, ColumnKind::Number(Unit::Seconds));
        assert!(panel.description.starts_with("First commit to production"), "{}", panel.description);
        assert_eq!(dashboards[0].placed()[0].0, 0);
    }

    #[test]
    fn what_is_wrong_is_refused_with_file_and_panel() {
        for (more, expected) in [
            ("metric = 'lead'", "dashboards/panels/x.toml, panel `one`: there is no metric `lead`"),
            ("metric = 'say_do_ratio'\nby = 'service'", "can't be asked for by service"),
            ("metric = 'change_lead_time'\nbye = 'week'", "panel `one` can't be read: unknown field `bye`"),
            ("metric = 'change_lead_time'\nsql = 'select 1'", "both or none"),
            ("", "both or none"),
            ("metric = 'change_lead_time'\nopens = 'two'", "it opens `two`"),
            ("sql = 'select 1'\ntitle = 'T'\ndescription = 'D.'", "needs a number first"),
            ("sql = 'select 1'\ntitle = 'T'\ndescription = 'D.'\ncolumns = [{ name = 'x', is = 'tons' }]", "tons"),
            ("sql = 'select 1'", "needs a `title` of its own"),
            ("metric = 'change_lead_time'\n[[panel]]\nname = 'two'", "panel `two` can't be read"),
        ] {
            let error = refused(&format!("{GOOD}{more}\n"));
            assert!(error.contains(expected), "{more}: {error}");
        }
        let twice = format!("{GOOD}metric = 'change_lead_time'\n");
        let (_, panel) = twice.split_once("[[panel]]").unwrap();
        assert!(refused(&format!("{twice}[[panel]]{panel}")).contains("another panel has this name"));
        assert!(refused("title = 'X'").contains("dashboards/panels/x.toml can't be read"));
    }

    #[test]
    fn columns_have_titles_made_of_their_names() {
        assert_eq!(["first_review_at", "age_seconds", "n"].map(title_of), ["First review", "Age", "N"]);
    }
}
