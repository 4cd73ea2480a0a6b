//! Identities that people write: brought into the form that our own connectors give them, so that facts
//! from both meet; and what an event's key is.

use connector::json::Problem;
use kernel::{AccountId, ChangeId, Fact, Moved, RepositoryId};

/// What keeps the events of a fact in order: its repository where it has one, else its own id.
pub(super) fn key(fact: &Fact) -> String {
    match fact {
        Fact::Repository(x) => x.id.to_string(),
        Fact::Commit(x) => x.repository.to_string(),
        Fact::Change(x) => x.repository.to_string(),
        Fact::Review(x) => repository_of(&x.change).to_owned(),
        Fact::PipelineRun(x) => x.repository.as_ref().map_or_else(|| x.id.clone(), ToString::to_string),
        Fact::TaskRun(x) => x.repository.as_ref().map_or_else(|| x.run.clone(), ToString::to_string),
        Fact::Deployment(x) => x.repository.as_ref().map_or_else(|| x.id.to_string(), ToString::to_string),
        Fact::Incident(x) => x.id.to_string(),
        Fact::WorkItem(x) => x.id.to_string(),
        Fact::Closing(x) => x.id.clone(),
        Fact::Transition(x) => x.item.to_string(),
        Fact::Status(x) => x.id.clone(),
        Fact::Sprint(x) => x.id.clone(),
        Fact::SprintEntry(x) => x.item.to_string(),
        Fact::Vulnerability(x) => x.repository.as_ref().map_or_else(|| x.id.clone(), ToString::to_string),
        Fact::QualityMeasure(x) => x.repository.as_ref().map_or_else(|| x.project.clone(), ToString::to_string),
        Fact::Moved(x) => x.id.clone(),
        Fact::Partial(x) => key(&x.of),
        Fact::Account(x) => x.id.to_string(),
        Fact::Person(x) => format!("person/{}/{}", x.origin, x.name),
        Fact::Service(x) => format!("service/{}", x.name),
        Fact::Team(x) => format!("team/{}", x.name),
    }
}

fn repository_of(change: &ChangeId) -> &str {
    change.as_str().rsplit_once('#').map_or(change.as_str(), |(repository, _)| repository)
}

/// Brings all identities of a fact into their usual form, and refuses those that say nothing.
#[expect(clippy::too_many_lines, reason = "a flat match with the identities of each kind")]
pub(super) fn tidy(fact: &mut Fact) -> Result<(), Problem> {
    match fact {
        Fact::Repository(x) => repository("id", &mut x.id),
        Fact::Commit(x) => {
            accounts(x.author.iter_mut());
            repository("repository", &mut x.repository)
        }
        Fact::Change(x) => {
            accounts(x.author.iter_mut());
            x.reverts.iter_mut().for_each(change);
            change(&mut x.id);
            filled("id", x.id.as_str())?;
            repository("repository", &mut x.repository)
        }
        Fact::Review(x) => {
            accounts(x.reviewer.iter_mut());
            change(&mut x.change);
            filled("change", x.change.as_str())?;
            filled("id", &x.id)
        }
        Fact::PipelineRun(x) => {
            x.repository.iter_mut().try_for_each(|id| repository("repository", id))?;
            filled("id", &x.id)
        }
        Fact::TaskRun(x) => {
            x.repository.iter_mut().try_for_each(|id| repository("repository", id))?;
            filled("run", &x.run)?;
            filled("id", &x.id)
        }
        Fact::Deployment(x) => {
            x.service.iter().try_for_each(|service| filled("service", service))?;
            x.repository.iter_mut().try_for_each(|id| repository("repository", id))?;
            filled("id", x.id.as_str())
        }
        Fact::Incident(x) => {
            x.caused_by_change.iter_mut().for_each(change);
            x.service.iter().try_for_each(|service| filled("service", service))?;
            x.repository.iter_mut().try_for_each(|id| repository("repository", id))?;
            selectors("selectors", &mut x.selectors)?;
            filled("id", x.id.as_str())
        }
        Fact::WorkItem(x) => {
            accounts(x.assignee.iter_mut().chain(x.reporter.iter_mut()));
            x.parent.iter().try_for_each(|parent| filled("parent", parent.as_str()))?;
            x.sprints.iter().try_for_each(|sprint| filled("sprints", sprint))?;
            filled("id", x.id.as_str())
        }
        Fact::Closing(x) => filled("id", &x.id),
        Fact::Moved(x) => moved(x),
        Fact::Partial(x) => tidy(&mut x.of),
        Fact::Transition(x) => {
            accounts(x.author.iter_mut());
            filled("item", x.item.as_str())?;
            filled("id", &x.id)
        }
        Fact::Status(x) => {
            filled("name", &x.name)?;
            x.id = x.id.to_lowercase();
            filled("id", &x.id)
        }
        Fact::Sprint(x) => filled("id", &x.id),
        Fact::SprintEntry(x) => {
            filled("sprint", &x.sprint)?;
            filled("item", x.item.as_str())?;
            filled("id", &x.id)
        }
        Fact::Vulnerability(x) => {
            x.repository.iter_mut().try_for_each(|id| repository("repository", id))?;
            x.severity = x.severity.to_lowercase();
            filled("severity", &x.severity)?;
            filled("id", &x.id)
        }
        Fact::QualityMeasure(x) => {
            x.repository.iter_mut().try_for_each(|id| repository("repository", id))?;
            filled("project", &x.project)?;
            filled("metric", &x.metric)?;
            filled("id", &x.id)
        }
        Fact::Account(x) => {
            accounts(std::iter::once(&mut x.id));
            x.email.iter_mut().for_each(|email| *email = email.to_lowercase());
            filled("id", x.id.as_str())
        }
        Fact::Person(x) => {
            accounts(x.accounts.iter_mut());
            x.emails.iter_mut().for_each(|email| *email = email.to_lowercase());
            filled("name", &x.name)
        }
        Fact::Service(x) => {
            x.repositories.iter_mut().try_for_each(|id| repository("repositories", id))?;
            selectors("incidents", &mut x.incidents)?;
            filled("name", &x.name)
        }
        Fact::Team(x) => {
            accounts(x.members.iter_mut());
            filled("name", &x.name)
        }
    }
}

fn moved(moved: &mut Moved) -> Result<(), Problem> {
    for id in [&mut moved.id, &mut moved.new_id] {
        *id = id.trim_end_matches('/').to_lowercase();
    }
    filled("new_id", &moved.new_id)?;
    filled("id", &moved.id)
}

/// The longest identity, in bytes: longer ones cannot be indexed.
const MAX_ID: usize = 1000;

/// The most selectors of one fact.
const MAX_SELECTORS: usize = 200;

fn filled(path: &str, text: &str) -> Result<(), Problem> {
    let problem = match text.len() {
        _ if text.trim().is_empty() => "empty; expected a name of its own".to_owned(),
        length if length > MAX_ID => format!("{length} bytes; expected {MAX_ID} at most"),
        _ => return Ok(()),
    };
    Err(Problem { path: path.to_owned(), problem })
}

/// `host/owner/name` in lower case; an address is taken for what it points to. Paths of this machine
/// keep their case.
fn repository(path: &str, id: &mut RepositoryId) -> Result<(), Problem> {
    if let Some(found) = RepositoryId::from_url(id.as_str()) {
        *id = found;
    } else if !id.as_str().starts_with("localhost/") {
        *id = RepositoryId(id.as_str().to_lowercase());
    }
    filled(path, id.as_str())
}

/// The usual form of each; an incident may be part of some dozens of things.
fn selectors(path: &str, texts: &mut [String]) -> Result<(), Problem> {
    if texts.len() > MAX_SELECTORS {
        let problem = format!("{} of them; expected {MAX_SELECTORS} at most", texts.len());
        return Err(Problem { path: path.to_owned(), problem });
    }
    for text in texts {
        filled(path, text)?;
        let problem = || format!("`{text}`; expected {}", kernel::SELECTOR_FORMS);
        *text = kernel::incident_selector(text).ok_or_else(|| Problem { path: path.to_owned(), problem: problem() })?;
    }
    Ok(())
}

fn change(id: &mut ChangeId) {
    if !id.as_str().starts_with("localhost/") {
        *id = ChangeId(id.as_str().to_lowercase());
    }
}

fn accounts<'a>(ids: impl Iterator<Item = &'a mut AccountId>) {
    for id in ids {
        *id = AccountId(id.as_str().to_lowercase());
    }
}
