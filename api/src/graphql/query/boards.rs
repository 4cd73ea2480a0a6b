//! Boards: dashboards that people put together of tiles. They are changed by REST.

use async_graphql::{Context, Object};

use crate::graphql::refusal::refused;
use crate::reads;
use crate::scope::Scope;
use crate::views::BoardView;

/// See [`super::Query`].
#[derive(Default)]
pub(super) struct Boards;

#[Object]
impl Boards {
    /// Boards that you may see, by title, with their tiles: yours, those of your teams, and those for everyone; 200 at
    /// most.
    #[graphql(complexity = "50 * child_complexity + 10")]
    async fn boards(&self, context: &Context<'_>) -> async_graphql::Result<Vec<BoardView>> {
        reads::whole_boards(context.data::<Scope>()?).await.map_err(|problem| refused(&problem))
    }

    /// The board of an id; null when there is none that you may see.
    #[graphql(complexity = "10 + child_complexity")]
    async fn board(&self, context: &Context<'_>, id: String) -> async_graphql::Result<Option<BoardView>> {
        let scope = context.data::<Scope>()?;
        let row = reads::board(scope, &id).await.map_err(|problem| refused(&problem))?;
        let view = row.map(|row| BoardView::new(row, &scope.access)).transpose();
        view.map_err(|error| refused(&error.into()))
    }
}
