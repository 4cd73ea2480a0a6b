//! Ids of the whole graph, as Relay has them: what a thing is, its key, and whose data it is of. Clients take them as they
//! are.

use async_graphql::{Context, ID};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kernel::Tenant;

use crate::scope::Scope;

kernel::closed_list! {
    /// What an id names.
    pub(crate) enum Kind: "kind of node" {
        /// A tenant.
        Organization,
        /// A team.
        Team,
        /// A service.
        Service,
        /// A repository.
        Repository,
        /// A person.
        Person,
        /// An account of a person or a program.
        Account,
        /// A pull or merge request.
        Change,
        /// A change that was deployed.
        DeployedChange,
        /// A review.
        Review,
        /// A commit.
        Commit,
        /// A production deployment of a service.
        Deployment,
        /// A deployment as it was reported.
        ReportedDeployment,
        /// An environment.
        Environment,
        /// A pipeline run.
        PipelineRun,
        /// A job of a pipeline run.
        Job,
        /// An incident.
        Incident,
        /// A work item.
        WorkItem,
        /// A transition of a work item.
        Transition,
        /// A sprint.
        Sprint,
        /// A vulnerability.
        Vulnerability,
        /// A finding about the data.
        Finding,
        /// A source of events.
        Source,
    }
}

/// What an id says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NodeId {
    pub(super) tenant: String,
    pub(super) kind: Kind,
    /// The parts of its key.
    pub(super) key: Vec<String>,
}

impl NodeId {
    /// The id of a thing of a tenant.
    pub(crate) fn of(tenant: &Tenant, kind: Kind, key: Vec<String>) -> String {
        Self { tenant: tenant.to_string(), kind, key }.encode()
    }

    fn encode(&self) -> String {
        let parts = [self.tenant.as_str(), self.kind.as_str()].into_iter().chain(self.key.iter().map(String::as_str));
        let parts = serde_json::Value::from(parts.collect::<Vec<_>>());
        URL_SAFE_NO_PAD.encode(parts.to_string())
    }

    /// Reads an id; `None` if it is not one.
    pub(super) fn read(id: &str) -> Option<Self> {
        let json = URL_SAFE_NO_PAD.decode(id).ok()?;
        let parts: Vec<String> = serde_json::from_slice(&json).ok()?;
        // PostgreSQL's texts hold no NUL
        if parts.iter().any(|part| part.contains('\0')) {
            return None;
        }
        let (tenant, rest) = parts.split_first()?;
        let (kind, key) = rest.split_first()?;
        let kind = kind.parse().ok()?;
        (!key.is_empty()).then(|| Self { tenant: tenant.clone(), kind, key: key.to_vec() })
    }
}

/// The id of a thing that the request's tenant has.
pub(super) fn id(context: &Context<'_>, kind: Kind, key: &[&str]) -> async_graphql::Result<ID> {
    let tenant = context.data::<Scope>()?.tenant.tenant.to_string();
    let key = key.iter().map(|part| (*part).to_owned()).collect();
    Ok(ID(NodeId { tenant, kind, key }.encode()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_what_it_was_made_of_and_nothing_else_is_one() {
        let key = vec!["shöp \"x\"".to_owned(), "github.com/a/b#7".to_owned()];
        let id = NodeId { tenant: "main".to_owned(), kind: Kind::DeployedChange, key };
        assert_eq!(NodeId::read(&id.encode()), Some(id));
        let encoded = |json: &str| URL_SAFE_NO_PAD.encode(json);
        for forged in [
            String::new(),
            "x".to_owned(),
            encoded(r#"["main"]"#),
            encoded(r#"["main","service"]"#),
            encoded(r#"["main","user","x"]"#),
            encoded(r#"["main","service","\u0000"]"#),
            encoded(r#"{"main":1}"#),
        ] {
            assert_eq!(NodeId::read(&forged), None, "{forged}");
        }
    }
}
