//! Targets, page by page.

use store::targets::{self, TargetRow};

use super::page::{Page, Part};
use crate::access::Access;
use crate::cursor::EXPECTED;
use crate::problem::Problem;
use crate::scope::Scope;
use crate::targets::{TARGETS_MAX, may_change};
use crate::views::TargetView;

/// Targets that may be seen, by team and metric, those of the organization first.
pub async fn targets(scope: &Scope, part: Part<Vec<String>>) -> Result<Page<TargetView>, Problem> {
    let after = part.after.as_deref().map(|after| match after {
        [team, metric] => Ok((team.as_str(), metric.as_str())),
        _ => Err(Problem::contradiction("cursor", &after.join(","), EXPECTED)),
    });
    let rows = read(scope, after.transpose()?, part.ask()).await?;
    let place = |row: &TargetRow| vec![row.team.clone().unwrap_or_default(), row.metric.clone()];
    let page: Page<TargetRow> = Page::new(rows, part.limit, place);
    Ok(page.map(|row| view(row, &scope.access)))
}

/// All targets that may be seen, in that order.
pub async fn all_targets(scope: &Scope) -> Result<Vec<TargetView>, Problem> {
    let rows = read(scope, None, TARGETS_MAX).await?;
    Ok(rows.into_iter().map(|row| view(row, &scope.access)).collect())
}

async fn read(scope: &Scope, after: Option<(&str, &str)>, limit: u32) -> Result<Vec<TargetRow>, Problem> {
    let seen: Option<Vec<String>> = scope.access.teams.as_ref().map(|teams| teams.iter().cloned().collect());
    let _turn = scope.turn().await;
    Ok(targets::list(&scope.store, seen.as_deref(), after, limit).await?)
}

/// A target as who asks sees it.
pub(crate) fn view(row: TargetRow, access: &Access) -> TargetView {
    let may_change = may_change(access, row.team.as_deref()).is_ok();
    TargetView::new(row, may_change)
}
