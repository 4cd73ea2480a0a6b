//! What can be asked: answers of the engine, things by their ids, and lists.

mod answers;
mod boards;
mod code;
mod dead_letters;
mod delivery;
mod organization;
mod search;

use async_graphql::MergedObject;

use answers::Answers;
use boards::Boards;
use code::CodeLists;
use dead_letters::DeadLetters;
use delivery::DeliveryLists;
use organization::OrganizationLists;
use search::Search;

/// What sei knows about how software is delivered. Durations are in seconds, times in UTC; what was not
/// observed is null. Lists are Relay connections.
#[derive(MergedObject, Default)]
pub struct Query(Answers, OrganizationLists, DeliveryLists, CodeLists, Boards, DeadLetters, Search);
