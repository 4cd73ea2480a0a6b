//! The files that declare dashboards.

use crate::error::PanelError;
use crate::load::load;
use crate::model::Dashboard;

/// Each file by the name of its dashboard, in the order in which tools list them.
const FILES: &[(&str, &str)] = &[
    ("executive", include_str!("../../../dashboards/panels/executive.toml")),
    ("team", include_str!("../../../dashboards/panels/team.toml")),
    ("delivery", include_str!("../../../dashboards/panels/delivery.toml")),
    ("reliability", include_str!("../../../dashboards/panels/reliability.toml")),
    ("flow", include_str!("../../../dashboards/panels/flow.toml")),
    ("ci", include_str!("../../../dashboards/panels/ci.toml")),
    ("data_quality", include_str!("../../../dashboards/panels/data_quality.toml")),
];

/// The dashboards. An error names the file and the panel that is wrong.
pub fn dashboards() -> Result<Vec<Dashboard>, PanelError> {
    load(FILES)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_dashboard_is_valid_and_every_file_is_listed() {
        let dashboards =
            dashboards().unwrap_or_else(|error| panic!("{error}: {:?}", std::error::Error::source(&error)));
        let listed: BTreeSet<String> = dashboards.iter().map(|dashboard| format!("{}.toml", dashboard.name)).collect();
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dashboards/panels");
        let found: BTreeSet<String> = std::fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(listed, found);
    }

    #[test]
    fn panels_fill_the_rows_of_the_grid_and_do_not_overlap() {
        for dashboard in dashboards().unwrap() {
            let mut cells = BTreeSet::new();
            let placed = dashboard.placed();
            for (column, row, panel) in &placed {
                for x in *column..column + panel.size.width {
                    for y in *row..row + panel.size.height {
                        assert!(cells.insert((x, y)), "{} of {}", panel.name, dashboard.name);
                    }
                }
            }
            let height = placed.iter().map(|(_, row, panel)| row + panel.size.height).max().unwrap();
            assert_eq!(cells.len(), 24 * height as usize, "{} has gaps", dashboard.name);
        }
    }
}
