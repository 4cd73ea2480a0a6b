//! A board as it is written: in requests, in files and in the database.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use store::StoreError;
use store::boards::BoardRow;
use utoipa::ToSchema;

use super::tile::{TITLE_CHARS, Tile, TileRules, check_text};
use crate::problem::Problem;
use crate::questions::Invalid;

/// Tiles of a board at most.
const TILES: usize = 50;
/// Characters of a description at most.
const DESCRIPTION_CHARS: usize = 2_000;

/// What a board shows: the form of a TOML file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BoardDocument {
    /// Its title.
    pub title: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Its tiles, in their order: 50 at most.
    #[serde(default)]
    pub tiles: Vec<Tile>,
}

/// A board that is sent to be written.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SentBoard {
    /// Its title.
    pub title: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Its tiles, in their order: 50 at most.
    #[serde(default)]
    pub tiles: Vec<Tile>,
    /// Who has it: `me`, `team:<name>` or `everyone`. Without it a new board is yours, and another stays whose it is.
    #[schema(pattern = r"^(me|everyone|team:[^\u0000]+)$")]
    pub owner: Option<String>,
    /// The version that it replaces; of a new board none.
    pub version: Option<i64>,
}

impl SentBoard {
    /// What it shows, for whom, and the version that it replaces.
    #[must_use]
    pub fn into_parts(self) -> (BoardDocument, Option<String>, Option<i64>) {
        let Self { title, description, tiles, owner, version } = self;
        (BoardDocument { title, description, tiles }, owner, version)
    }
}

impl BoardDocument {
    /// Fails if it can't be shown, but for names of services, teams and repositories.
    pub fn check(&self, rules: &TileRules<'_>) -> Result<(), Problem> {
        check_text("title", &self.title, 1, TITLE_CHARS)?;
        check_text("description", &self.description, 0, DESCRIPTION_CHARS)?;
        if self.tiles.len() > TILES {
            let found = format!("a list of {}", self.tiles.len());
            return Err(Problem::parameter("tiles", &found, format!("{TILES} tiles at most")));
        }
        for (nth, tile) in self.tiles.iter().enumerate() {
            tile.check(rules).map_err(|invalid| Invalid { parameter: of_tile(nth, &invalid.parameter), ..invalid })?;
        }
        Ok(())
    }

    /// Reads it from TOML.
    pub fn from_toml(text: &str) -> Result<Self, Problem> {
        let bad = |error: toml::de::Error| Problem::bad_body(StatusCode::UNPROCESSABLE_ENTITY, error.message());
        toml::from_str(text).map_err(bad)
    }

    /// Writes it as TOML, which [`Self::from_toml`] reads.
    pub fn to_toml(&self) -> Result<String, Problem> {
        toml::to_string(self).map_err(|error| Problem::fault(&error))
    }

    /// What a board shows.
    pub fn of_row(row: &BoardRow) -> Result<Self, StoreError> {
        let tiles = serde_json::from_value(row.tiles.clone())
            .map_err(|error| StoreError::Unreadable(format!("the tiles of the board {}: {error}", row.id)))?;
        Ok(Self { title: row.title.clone(), description: row.description.clone(), tiles })
    }
}

/// A problem with a name in a tile: nothing is missing at the address, but in the body.
pub(crate) fn in_tile(nth: usize, problem: Problem) -> Problem {
    match (&problem.parameter, &problem.found, problem.status()) {
        (Some(name), Some(found), StatusCode::NOT_FOUND) => {
            let expected = problem.expected.as_deref().unwrap_or("a name that is there");
            Problem::parameter(&of_tile(nth, name), found, expected)
        }
        _ => problem,
    }
}

/// The name of a field of a tile in errors.
fn of_tile(nth: usize, field: &str) -> String {
    format!("tiles[{nth}].{field}")
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::*;

    const TOML: &str = r#"
title = "Checkout"

[[tiles]]
metrics = ["change_lead_time"]
window = "90d"
interval = "week"
compare = "previous"

[[tiles]]
title = "By team"
metrics = ["deployment_frequency"]
by = "team"
form = "table"
width = 12
"#;

    #[test]
    fn a_board_is_the_same_after_it_was_written_and_read() {
        let board = BoardDocument::from_toml(TOML).unwrap();
        assert_eq!((board.title.as_str(), board.tiles.len(), board.tiles[1].width), ("Checkout", 2, 12));
        assert_eq!(BoardDocument::from_toml(&board.to_toml().unwrap()).unwrap(), board);
        let misspelled = BoardDocument::from_toml(&TOML.replace("compare", "compared")).unwrap_err();
        assert!(misspelled.status == 422 && misspelled.detail.contains("compared"), "{misspelled:?}");
    }

    #[test]
    fn an_error_names_the_tile() {
        let metrics = dora::definitions(&[]).unwrap();
        let rules = TileRules { metrics: &metrics, time_zone: Tz::UTC, cost_max: 20_000 };
        let mut board = BoardDocument::from_toml(TOML).unwrap();
        board.check(&rules).unwrap();
        board.tiles[1].window = Some("soon".to_owned());
        assert_eq!(board.check(&rules).unwrap_err().parameter.as_deref(), Some("tiles[1].window"));
        let many = vec![board.tiles[0].clone(); TILES + 1];
        let many = BoardDocument { tiles: many, ..board };
        assert_eq!(many.check(&rules).unwrap_err().parameter.as_deref(), Some("tiles"));
    }
}
