//! How values are shown: the settings of columns by their units.

use dora::Unit;
use panels::fields;
use serde_json::{Map, Value, json};

use crate::columns::hours;

/// How numbers of a unit are shown.
#[must_use]
pub(crate) fn unit_settings(unit: Unit) -> Value {
    match unit {
        Unit::Seconds => hours(),
        Unit::Ratio => json!({ "number_style": "percent", "decimals": 1 }),
        Unit::Count => json!({ "number_style": "decimal", "decimals": 0 }),
        Unit::Number => json!({ "number_style": "decimal", "decimals": 1 }),
        Unit::PerDay => json!({ "number_style": "decimal", "decimals": 2, "suffix": " a day" }),
        Unit::PerWeek => json!({ "number_style": "decimal", "decimals": 1, "suffix": " a week" }),
        Unit::DaysPerWeek => json!({ "number_style": "decimal", "decimals": 1, "suffix": " days a week" }),
    }
}

/// The name under which Metabase keeps the settings of a column.
#[must_use]
pub(crate) fn setting_key(column: &str) -> String {
    json!(["name", column]).to_string()
}

/// The settings of the columns of a panel.
#[must_use]
pub(crate) fn column_settings(columns: &[panels::PanelColumn]) -> Map<String, Value> {
    let of = |column: &panels::PanelColumn| {
        let mut settings = fields(match column.kind {
            panels::ColumnKind::Number(unit) => unit_settings(unit),
            panels::ColumnKind::Link => json!({ "view_as": "link" }),
            panels::ColumnKind::Time | panels::ColumnKind::Text | panels::ColumnKind::Boolean => json!({}),
        });
        settings.insert("column_title".to_owned(), column.title.as_str().into());
        (setting_key(&column.name), Value::Object(settings))
    };
    columns.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_shown_with_their_titles_and_units() {
        let column = |name: &str, kind| panels::PanelColumn {
            name: name.to_owned(),
            title: "A title".to_owned(),
            kind,
            detail: false,
        };
        let columns =
            [column("value", panels::ColumnKind::Number(Unit::Ratio)), column("url", panels::ColumnKind::Link)];
        let expected = json!({
            r#"["name","value"]"#: { "column_title": "A title", "number_style": "percent", "decimals": 1 },
            r#"["name","url"]"#: { "column_title": "A title", "view_as": "link" },
        });
        assert_eq!(Value::Object(column_settings(&columns)), expected);
    }
}
