//! Where a click leads: to the rows behind a number, to the same dashboard for one service, to that of a team.

use std::collections::BTreeMap;

use panels::{ColumnKind, Dashboard, Panel, PanelColumn};
use serde_json::{Value, json};

/// The dashboard of one team.
const TEAM: &str = "team";
/// What every link takes along.
const RANGE: &str = "${__url_time_range}&${source:queryparam}";

/// The address of a dashboard.
pub(crate) fn uid(name: &str) -> String {
    format!("sei-{}", name.replace('_', "-"))
}

/// The dashboards and the panels that links lead to.
pub(crate) struct Places<'a> {
    has_team: bool,
    /// The dashboard of each panel, its number there, and its title.
    panels: BTreeMap<&'a str, (&'a str, usize, &'a str)>,
}

impl<'a> Places<'a> {
    pub(crate) fn new(dashboards: &'a [Dashboard]) -> Self {
        let panels = dashboards.iter().flat_map(|dashboard| {
            let numbered = dashboard.panels.iter().enumerate();
            numbered
                .map(|(index, panel)| (panel.name.as_str(), (dashboard.name.as_str(), index + 1, panel.title.as_str())))
        });
        let has_team = dashboards.iter().any(|dashboard| dashboard.name == TEAM);
        Self { has_team, panels: panels.collect() }
    }

    /// The link from a value to the rows that it opens, narrowed to the team or the service that the value is of.
    pub(crate) fn opened(&self, panel: &Panel, axis: Option<&PanelColumn>) -> Option<Value> {
        let (dashboard, number, title) = self.panels.get(panel.opens.as_deref()?)?;
        let chosen = |filter: &str| match axis.filter(|axis| axis.name == filter && axis.kind == ColumnKind::Text) {
            Some(_) => format!("var-{filter}=${{__data.fields.{filter}:percentencode}}"),
            None => format!("${{{filter}:queryparam}}"),
        };
        let (team, service) = (chosen("team"), chosen("service"));
        let url = format!("/d/{}?viewPanel={number}&{RANGE}&{team}&{service}", uid(dashboard));
        Some(json!({ "title": title, "url": url }))
    }

    /// The link from the name of a team or a service, in this dashboard.
    pub(crate) fn named(&self, dashboard: &str, column: &PanelColumn) -> Option<Value> {
        let is_text = column.kind == ColumnKind::Text;
        match column.name.as_str() {
            "team" if is_text => {
                let target = if self.has_team { TEAM } else { dashboard };
                let url = format!("/d/{}?{RANGE}&var-team=${{__value.text:percentencode}}", uid(target));
                Some(json!({ "title": "This team", "url": url }))
            }
            "service" if is_text => {
                let url = format!("/d/{}?{RANGE}&var-service=${{__value.text:percentencode}}", uid(dashboard));
                Some(json!({ "title": "This service", "url": url }))
            }
            _ => None,
        }
    }
}
