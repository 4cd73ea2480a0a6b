//! Finds things by what people call them, of what may be seen.

use kernel::SearchKind;
use store::queries::{self, FoundThing, SearchScope, SearchText};

use crate::ApiState;
use crate::graphql::ids::{Kind, NodeId};
use crate::people::Person;
use crate::person_views::PersonView;
use crate::problem::Problem;
use crate::questions::{Searched, ServiceFilter};
use crate::reads;
use crate::scope::Scope;
use crate::views::SearchHit;

/// What is called so, or has these words in its title: what fits best first, and persons at last.
pub(crate) async fn search(
    state: &ApiState,
    scope: &Scope,
    (text, kinds, limit): Searched,
) -> Result<Vec<SearchHit>, Problem> {
    let owners = reads::asked_owners(state, scope, &ServiceFilter::default()).await?;
    let persons = if kinds.contains(&SearchKind::Person) { persons(state, scope, &text).await? } else { Vec::new() };
    let _turn = scope.turn().await;
    let found = queries::search(&scope.store, &text, &SearchScope { kinds, owners, limit }).await?;
    let found = found.into_iter().map(|thing| shown(scope, thing)).chain(persons);
    Ok(found.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect())
}

/// The persons who may be shown and whose name has words that begin as these do. That they are viewed is recorded.
async fn persons(state: &ApiState, scope: &Scope, text: &SearchText) -> Result<Vec<SearchHit>, Problem> {
    scope.access.shown_persons()?;
    reads::record_view(state, scope, PersonView::of_persons("search")).await?;
    let people = {
        let _turn = scope.turn().await;
        state.people().of(&scope.store).await?
    };
    let is_shown = |person: &&Person| is_named(&person.joined.name, &text.words) && scope.access.sees_person(person);
    Ok(people.all().iter().filter(is_shown).map(|person| of_person(scope, person)).collect())
}

/// Whether each of some words begins a word of a name, in upper or lower case.
fn is_named(name: &str, words: &[String]) -> bool {
    let name = name.to_lowercase();
    let begins = |word: &String| name.split_whitespace().any(|part| part.starts_with(&word.to_lowercase()));
    !words.is_empty() && words.iter().all(begins)
}

fn of_person(scope: &Scope, person: &Person) -> SearchHit {
    SearchHit {
        kind: SearchKind::Person,
        id: person.id().to_owned(),
        node_id: NodeId::of(&scope.tenant.tenant, Kind::Person, vec![person.id().to_owned()]),
        title: person.joined.name.clone(),
        subtitle: None,
        at: None,
        url: None,
    }
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
        SearchKind::Person => Kind::Person,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_named_by_the_beginnings_of_names() {
        let is =
            |words: &[&str]| is_named("Ann Smith-Jones", &words.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert!(is(&["an"]) && is(&["SMITH", "ann"]));
        assert!(!is(&["nn"]) && !is(&["ann", "bo"]) && !is(&[]));
    }
}
