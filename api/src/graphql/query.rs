//! What can be asked: answers of the engine, things by their ids, and lists.

mod answers;
mod audit;
mod boards;
mod dead_letters;
mod lists;
mod mapping;
mod organization;
mod pages;
mod targets;

use async_graphql::MergedObject;

use answers::Answers;
use audit::AuditLog;
use boards::Boards;
use dead_letters::DeadLetters;
use lists::Lists;
use mapping::Mapping;
use organization::OrganizationFields;
use pages::Pages;
use targets::Targets;

/// What sei knows about how software is delivered. Durations are in seconds, times in UTC; what was not
/// observed is null. Lists are Relay connections.
#[derive(MergedObject, Default)]
pub struct Query(Answers, AuditLog, OrganizationFields, Lists, Boards, DeadLetters, Mapping, Pages, Targets);
