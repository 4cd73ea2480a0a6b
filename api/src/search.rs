//! Finds things by what people call them, of what may be seen.

use kernel::SearchKind;
use store::queries::{self, FoundThing, SearchScope};

use crate::ApiState;
use crate::graphql::ids::{Kind, NodeId};
use crate::problem::Problem;
use crate::questions::{Searched, ServiceFilter};
use crate::reads;
use crate::scope::Scope;
use crate::views::SearchHit;

/// What is called so, or has these words in its title: what fits best first.
pub(crate) async fn search(
    state: &ApiState,
    scope: &Scope,
    (text, kinds, limit): Searched,
) -> Result<Vec<SearchHit>, Problem> {
    let owners = reads::asked_owners(state, scope, &ServiceFilter::default()).await?;
    let _turn = scope.turn().await;
    let found = queries::search(&scope.store, &text, &SearchScope { kinds, owners, limit }).await?;
    Ok(found.into_iter().map(|thing| shown(scope, thing)).collect())
}

fn shown(scope: &Scope, found: FoundThing) -> SearchHit {
    let FoundThing { kind, key, id, title, subtitle, at, url, .. } = found;
    let node_id = NodeId::of(&scope.tenant.tenant, node(kind), key);
    SearchHit { kind, id, node_id, title, subtitle, at, url }
}

/// What a thing is in the graph.
const fn node(kind: SearchKind) -> Kind {
    match kind {
        SearchKind::Change => Kind::Change,
        SearchKind::Commit => Kind::Commit,
        SearchKind::WorkItem => Kind::WorkItem,
        SearchKind::Release | SearchKind::Deployment => Kind::ReportedDeployment,
        SearchKind::Incident => Kind::Incident,
        SearchKind::Service => Kind::Service,
        SearchKind::Repository => Kind::Repository,
        SearchKind::Team => Kind::Team,
        SearchKind::Sprint => Kind::Sprint,
    }
}
