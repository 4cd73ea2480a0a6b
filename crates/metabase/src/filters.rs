//! The filters of dashboards: variables in the SQL of questions, and the parameters that set them.

use panels::{Dialect, Filter, Panel, uuid};
use serde_json::{Map, Value, json};

use crate::columns::base_type;
use crate::key::Kind;
use crate::reference::object;

/// A filter of Metabase.
struct Variable {
    /// The name in the SQL, and the id of the parameter.
    name: &'static str,
    title: &'static str,
    /// The type in the SQL.
    tag: &'static str,
    /// The type of the parameter.
    parameter: &'static str,
    section: &'static str,
}

const FROM: Variable = Variable { name: "from", title: "From", tag: "date", parameter: "date/single", section: "date" };
const TO: Variable = Variable { name: "to", title: "To", tag: "date", parameter: "date/single", section: "date" };
const TEAM: Variable = Variable { name: "team", title: "Team", tag: "text", parameter: "string/=", section: "string" };
const SERVICE: Variable =
    Variable { name: "service", title: "Service", tag: "text", parameter: "string/=", section: "string" };

fn variables(filter: Filter) -> &'static [Variable] {
    match filter {
        Filter::Time => &[FROM, TO],
        Filter::Team => &[TEAM],
        Filter::Service => &[SERVICE],
    }
}

/// The variables of a panel: those of its statement.
fn used(panel: &Panel) -> impl Iterator<Item = &'static Variable> {
    let sql = panel.sql(&Variables);
    let all = Filter::ALL.into_iter().flat_map(variables);
    all.filter(move |variable| sql.contains(&format!("{{{{{}}}}}", variable.name)))
}

/// How Metabase writes the values of filters. What is in double brackets is left out while nothing is chosen.
pub(crate) struct Variables;

impl Dialect for Variables {
    /// Without a day, the range is as long as a dashboard is opened with, up to its end.
    fn from(&self) -> String {
        let days = Filter::DEFAULT_DAYS;
        format!(
            "coalesce([[{{{{from}}}}::timestamptz, ]][[({{{{to}}}}::date + 1)::timestamptz - interval '{days} days', ]]\
             now() - interval '{days} days')"
        )
    }

    /// A day that is chosen as the end is part of the range.
    fn to(&self) -> String {
        "coalesce([[({{to}}::date + 1)::timestamptz, ]]now())".to_owned()
    }

    fn team(&self) -> String {
        "coalesce([[{{team}}, ]]null)::text".to_owned()
    }

    fn service(&self) -> String {
        "coalesce([[{{service}}, ]]null)::text".to_owned()
    }
}

/// The variables of a panel as its question declares them.
#[must_use]
pub(crate) fn template_tags(panel: &Panel) -> Map<String, Value> {
    let of = |variable: &Variable| {
        let tag = json!({
            "id": uuid(variable.name), "name": variable.name, "display-name": variable.title, "type": variable.tag,
        });
        (variable.name.to_owned(), tag)
    };
    used(panel).map(of).collect()
}

/// The parameters of a question that is opened by itself.
#[must_use]
pub(crate) fn of_question(panel: &Panel) -> Vec<Value> {
    let of = |variable: &Variable| {
        json!({
            "id": uuid(variable.name), "name": variable.title, "slug": variable.name, "type": variable.parameter,
            "target": target(variable),
        })
    };
    used(panel).map(of).collect()
}

fn target(variable: &Variable) -> Value {
    json!(["variable", ["template-tag", variable.name]])
}

/// The parameters of a dashboard. Teams and services are chosen from their models.
#[must_use]
pub(crate) fn of_dashboard() -> Vec<Value> {
    let of = |variable: &Variable| {
        let mut parameter = json!({
            "id": variable.name, "name": variable.title, "slug": variable.name, "type": variable.parameter,
            "sectionId": variable.section,
        });
        if let Some(fields) = parameter.as_object_mut().filter(|_| variable.tag == "text") {
            let source = json!({
                "card_id": object(Kind::Model, variable.name),
                "value_field": ["field", variable.name, { "base-type": base_type("text") }],
            });
            fields.insert("isMultiSelect".to_owned(), false.into());
            fields.insert("values_query_type".to_owned(), "list".into());
            fields.insert("values_source_type".to_owned(), "card".into());
            fields.insert("values_source_config".to_owned(), source);
        }
        parameter
    };
    Filter::ALL.into_iter().flat_map(variables).map(of).collect()
}

/// Which parameters of the dashboard set which variables of a panel.
#[must_use]
pub(crate) fn mappings(panel: &Panel) -> Vec<Value> {
    let card = object(Kind::Question, panel.name.as_str());
    used(panel)
        .map(|variable| json!({ "parameter_id": variable.name, "card_id": card, "target": target(variable) }))
        .collect()
}

/// What a click on a panel hands on to the panel that it opens: a team or service of the row that was clicked, and what
/// is chosen on the dashboard otherwise.
#[must_use]
pub(crate) fn handed_on(from: &Panel, to: &Panel) -> Map<String, Value> {
    let of = |variable: &Variable| {
        let is_column = from.columns.iter().any(|column| column.name == variable.name);
        let source = if is_column { "column" } else { "parameter" };
        let mapping = json!({
            "id": variable.name,
            "source": { "type": source, "id": variable.name, "name": variable.title },
            "target": { "type": "variable", "id": variable.name },
        });
        (variable.name.to_owned(), mapping)
    };
    used(to).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_chosen_leaves_a_complete_expression() {
        // as Metabase does without a value
        let without = |text: String| {
            let mut text = text;
            while let Some((before, rest)) = text.split_once("[[") {
                text = format!("{before}{}", rest.split_once("]]").unwrap().1);
            }
            text
        };
        assert_eq!(without(Variables.from()), "coalesce(now() - interval '90 days')");
        assert_eq!(without(Variables.to()), "coalesce(now())");
        assert_eq!(without(Variables.team()), "coalesce(null)::text");
        assert!(Variables.service().contains("[[{{service}}, ]]"));
    }

    #[test]
    fn a_dashboard_offers_teams_and_services_from_their_models() {
        let parameters = of_dashboard();
        let names: Vec<&str> = parameters.iter().map(|parameter| parameter["slug"].as_str().unwrap()).collect();
        assert_eq!(names, ["from", "to", "team", "service"]);
        assert_eq!(parameters[2]["values_source_config"]["card_id"], object(Kind::Model, "team"));
        assert_eq!(parameters[0].get("values_source_type"), None);
    }
}
