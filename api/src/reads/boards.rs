//! Boards, page by page.

use store::boards::{self, BoardRow};

use super::page::{Page, Part};
use crate::boards::{filter, sees};
use crate::cursor::EXPECTED;
use crate::problem::Problem;
use crate::scope::Scope;
use crate::views::{BoardSummary, BoardView};

/// Boards that GraphQL lists at most.
const BOARDS: u32 = 200;

/// Boards that may be seen, by title.
pub async fn boards(scope: &Scope, part: Part<Vec<String>>) -> Result<Page<BoardSummary>, Problem> {
    let after = part.after.as_deref().map(|after| match after {
        [title, id] => Ok((title.as_str(), id.as_str())),
        _ => Err(Problem::contradiction("cursor", &after.join(","), EXPECTED)),
    });
    let _turn = scope.turn().await;
    let rows = boards::list(&scope.store, &filter(&scope.access), after.transpose()?, part.ask()).await?;
    let page: Page<BoardRow> = Page::new(rows, part.limit, |row: &BoardRow| vec![row.title.clone(), row.id.clone()]);
    Ok(page.map(|row| BoardSummary::new(row, &scope.access)))
}

/// The first boards that may be seen, by title, with their tiles.
pub async fn whole_boards(scope: &Scope) -> Result<Vec<BoardView>, Problem> {
    let _turn = scope.turn().await;
    let rows = boards::list(&scope.store, &filter(&scope.access), None, BOARDS).await?;
    rows.into_iter().map(|row| Ok(BoardView::new(row, &scope.access)?)).collect()
}

/// The board of an id, if it may be seen.
pub async fn board(scope: &Scope, id: &str) -> Result<Option<BoardRow>, Problem> {
    let _turn = scope.turn().await;
    let row = boards::get(&scope.store, id).await?;
    Ok(row.filter(|row| sees(&scope.access, &row.owner)))
}
