//! The organization: who asks, its people, and the sources of its data.

use async_graphql::connection::Edge;
use async_graphql::{Context, Object};

use crate::cursor::ListPosition;
use crate::graphql::nodes::{Me, Organization, Person, Source};
use crate::graphql::paging::{List, Total, checked, from_cursor, rows};
use crate::graphql::refusal::refused;
use crate::graphql::resolve;
use crate::graphql::sources::sources;
use crate::scope::Scope;

/// See [`super::Query`].
#[derive(Default)]
pub(super) struct OrganizationFields;

#[expect(clippy::too_many_arguments, reason = "Relay names four of them")]
#[Object]
impl OrganizationFields {
    /// The organization whose data this is: the header `sei-tenant` chooses.
    #[expect(clippy::unused_async, reason = "fields are asynchronous")]
    async fn organization(&self, context: &Context<'_>) -> async_graphql::Result<Organization> {
        Ok(context.data::<Scope>()?.tenant.clone().into())
    }

    /// Who asks: what was granted in this organization, what is shown, and which person it is.
    #[expect(clippy::unused_async, reason = "fields are asynchronous")]
    async fn me(&self, context: &Context<'_>) -> async_graphql::Result<Me> {
        Ok(Me::from(&context.data::<Scope>()?.access))
    }

    /// The people who are shown to who asks, joined from accounts, by name; refused where no person is.
    #[graphql(complexity = "rows(first, last) * child_complexity + 500")]
    async fn people(
        &self,
        context: &Context<'_>,
        first: Option<u32>,
        after: Option<String>,
        last: Option<u32>,
        before: Option<String>,
        #[graphql(desc = "Only those whose name holds this text.")] search: Option<String>,
    ) -> List<Person> {
        let access = &context.data::<Scope>()?.access;
        access.shown_persons().map_err(|problem| refused(&problem))?;
        let people = resolve::people(context).await?;
        let search = search.unwrap_or_default().to_lowercase();
        let seen = people.all().iter().filter(|person| access.sees_person(person));
        let mut found: Vec<(Vec<String>, Person)> = seen.map(Person::from).map(placed).collect();
        found.retain(|(_, person)| person.name.to_lowercase().contains(&search));
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        let total = i64::try_from(found.len()).unwrap_or(i64::MAX);
        let (after, before) = (from_cursor("after", after.as_deref())?, from_cursor("before", before.as_deref())?);
        found.retain(|(place, _)| {
            after.as_ref().is_none_or(|after| place > after) && before.as_ref().is_none_or(|before| place < before)
        });
        let limit = match last {
            Some(last) => checked("last", Some(last))?,
            None => checked("first", first)?,
        };
        let surplus = found.len().saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
        let kept = found.len() - surplus;
        if last.is_some() {
            found.drain(..surplus);
        } else {
            found.truncate(kept);
        }
        let (has_previous, has_next) =
            if last.is_some() { (surplus > 0, before.is_some()) } else { (after.is_some(), surplus > 0) };
        let total = Total::new(move || Box::pin(async move { Ok(total) }));
        let mut page = async_graphql::connection::Connection::with_additional_fields(has_previous, has_next, total);
        page.edges.extend(found.into_iter().map(|(place, person)| Edge::new(place.cursor(), person)));
        Ok(page)
    }

    /// The sources of the data, with their state, by name; empty for who may see a part of the organization.
    #[graphql(complexity = "20 * child_complexity + 10")]
    async fn sources(&self, context: &Context<'_>) -> async_graphql::Result<Vec<Source>> {
        sources(context).await
    }
}

/// A person with the place in the list.
fn placed(person: Person) -> (Vec<String>, Person) {
    let account = person.accounts.first().cloned().unwrap_or_default();
    (vec![person.name.clone(), account], person)
}
