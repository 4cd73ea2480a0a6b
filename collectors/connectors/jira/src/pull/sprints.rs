//! Sprints, board by board.

use pull::{Ask, Page, PullError, Row, details, escaped, read_row};
use serde::Deserialize;
use serde_json::Value;

use super::Pulling;

impl Pulling {
    /// The sprints of one board a page; the first page asks which boards there are.
    pub(super) async fn sprints(&self, ask: &Ask<'_>) -> Result<Page, PullError> {
        #[derive(Deserialize)]
        struct Board {
            id: i64,
            #[serde(rename = "type", default)]
            kind: String,
        }
        let boards: Vec<i64> = if let Some(left) = ask.cursor_as()? {
            left
        } else {
            let of = &ask.stream.of;
            let of = if of.is_empty() { String::new() } else { format!("&projectKeyOrId={}", escaped(of)) };
            let rows = self.counted(&self.client, &format!("rest/agile/1.0/board?maxResults=50{of}")).await?;
            let boards = rows.iter().filter_map(|row| read_row::<Board>(row, "board").ok());
            boards.filter(|board| board.kind != "kanban").map(|board| board.id).collect()
        };
        let Some((board, left)) = boards.split_first() else { return Ok(Page::default()) };
        let asked = [(format!("sprints of board {board}"), Value::from(*board), self.sprints_of(*board))];
        let (rows, missed) = details(asked).await?;
        let rows = rows.into_iter().flatten().collect();
        let next = (!left.is_empty()).then(|| Value::from(left.to_vec()));
        Ok(Page { rows, next, missed, ..Page::default() })
    }

    pub(super) async fn sprints_of(&self, board: i64) -> Result<Vec<Row>, PullError> {
        let path = format!("rest/agile/1.0/board/{board}/sprint?maxResults=50");
        let rows = match self.counted(&self.client.for_details(), &path).await {
            // A board of a project that its team manages may have none, and then refuses the question.
            Err(PullError::Data(_)) => Vec::new(),
            rows => rows?,
        };
        rows.iter().map(|row| self.plain("jira.pull.sprint", row)).collect()
    }
}
