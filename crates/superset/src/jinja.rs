//! The statements of panels with the values of filters as Superset's templates write them.

use panels::{ColumnKind, Dialect, Filter, Panel, PanelColumn};

use crate::shown::{is_ordered, shows_html};

/// The column with the place of a row in the statement's order.
pub(crate) const ROW_ORDER: &str = "row_order";

/// Names that are set in front of the statement.
struct Variables;

impl Dialect for Variables {
    fn from(&self) -> String {
        place("from")
    }

    fn to(&self) -> String {
        place("to")
    }

    fn team(&self) -> String {
        place("team")
    }

    fn service(&self) -> String {
        place("service")
    }
}

fn place(name: &str) -> String {
    format!("{{{{ sei_{name} }}}}")
}

/// The names with their values. Superset states times of its filters in UTC, without a zone. A value is quoted by
/// `where_in`, and removed from the filters of the statement that Superset puts around this one.
fn values() -> [(&'static str, String); 4] {
    let chosen = |column: &str| {
        format!("\"nullif(\" ~ (filter_values('{column}', remove_filter=True) or [''])[:1]|where_in ~ \", '')\"")
    };
    [
        (
            "from",
            format!(
                "\"timestamptz '\" ~ from_dttm ~ \"Z'\" if from_dttm else \"now() - interval '{} days'\"",
                Filter::DEFAULT_DAYS
            ),
        ),
        ("to", "\"timestamptz '\" ~ to_dttm ~ \"Z'\" if to_dttm else \"now()\"".to_owned()),
        ("team", chosen("team")),
        ("service", chosen("service")),
    ]
}

/// A column as a table shows it whose cells are HTML. Superset takes a text for HTML if it has a tag, so that one with `<`
/// becomes an element with escaped text in it, and every other stays as it is.
fn inert(column: &PanelColumn) -> String {
    let name = &column.name;
    if column.kind != ColumnKind::Text {
        return name.clone();
    }
    format!(
        "case when strpos({name}, '<') > 0 then '<span>' || replace(replace({name}, '&', '&amp;'), '<', '&lt;') \
         || '</span>' else {name} end as {name}"
    )
}

/// The statement of a panel.
pub(crate) fn statement(panel: &Panel) -> String {
    let sql = panel.sql(&Variables);
    let sql = if is_ordered(panel) {
        format!("select rows.*, row_number() over () as {ROW_ORDER} from (\n{sql}\n) rows")
    } else if shows_html(panel) {
        let columns: Vec<String> = panel.columns.iter().map(inert).collect();
        format!("select {} from (\n{sql}\n) rows", columns.join(",\n       "))
    } else {
        sql
    };
    let set = values().into_iter().filter(|(name, _)| sql.contains(&place(name)));
    let set = set.map(|(name, value)| format!("{{% set sei_{name} = {value} -%}}\n"));
    set.chain([sql.clone()]).collect::<Vec<_>>().concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Panel {
        let dashboards = panels::dashboards().unwrap();
        dashboards.into_iter().flat_map(|dashboard| dashboard.panels).find(|panel| panel.name == name).unwrap()
    }

    #[test]
    fn values_of_filters_are_set_in_front_of_the_statement() {
        let sql = statement(&named("lead_time"));
        let expected = "\
{% set sei_from = \"timestamptz '\" ~ from_dttm ~ \"Z'\" if from_dttm else \"now() - interval '90 days'\" -%}
{% set sei_to = \"timestamptz '\" ~ to_dttm ~ \"Z'\" if to_dttm else \"now()\" -%}
{% set sei_team = \"nullif(\" ~ (filter_values('team', remove_filter=True) or [''])[:1]|where_in ~ \", '')\" -%}
{% set sei_service = \"nullif(\" ~ (filter_values('service', remove_filter=True) or [''])[:1]|where_in ~ \", '')\" -%}
select v.value, v.n
from metric_value('change_lead_time', {{ sei_from }}, {{ sei_to }}, 'all', {{ sei_team }}, {{ sei_service }}) v";
        assert_eq!(sql, expected);
    }

    #[test]
    fn rows_along_an_axis_of_texts_keep_their_order() {
        let sql = statement(&named("open_changes_by_age"));
        assert!(sql.contains("\nselect rows.*, row_number() over () as row_order from (\n"), "{sql}");
        assert!(sql.ends_with("\norder by a.position\n) rows"), "{sql}");
    }

    #[test]
    fn texts_of_a_table_with_links_are_shown_as_texts_whatever_they_hold() {
        let sql = statement(&named("merged_changes"));
        let title = "case when strpos(title, '<') > 0 then '<span>' || replace(replace(title, '&', '&amp;'), '<', '&lt;') \
                     || '</span>' else title end as title";
        assert!(sql.contains(title), "{sql}");
        assert!(sql.ends_with("\n) rows"), "{sql}");
        for panel in panels::dashboards().unwrap().iter().flat_map(|dashboard| &dashboard.panels) {
            let texts = panel.columns.iter().filter(|column| column.kind == ColumnKind::Text);
            let escaped = statement(panel).matches("'&lt;'").count();
            assert_eq!(escaped, if shows_html(panel) { texts.count() } else { 0 }, "{}", panel.name);
        }
    }
}
