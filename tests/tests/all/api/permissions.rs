//! Who is answered what: each route of the OpenAPI document, in JSON and in CSV, and each field and subscription of GraphQL,
//! with each role, in each tenant, with and without a limit to a team. What a new route or field needs must be stated here.

mod graphql;
mod rest;
mod schema;
mod seeded;
mod subscriptions;

use kernel::strum::VariantArray;
use kernel::{Right, Role};

use super::known::{self, reach};
use super::served::Served;
use seeded::{MARKS, OTHER, PAY, WEB};

/// Who asks.
struct Who {
    /// What they are called where a test fails.
    name: String,
    /// Their token; `None` for who is not known.
    token: Option<String>,
    /// What they were granted, in which tenants (none: in all), and for which team.
    granted: Option<(Role, Option<&'static str>, Option<&'static str>)>,
}

impl Who {
    /// Whether they may see something of a tenant.
    fn sees_tenant(&self, tenant: &str) -> bool {
        self.granted.is_some_and(|(_, granted, _)| granted.is_none_or(|granted| granted == tenant))
    }

    fn has(&self, right: Right) -> bool {
        self.granted.is_some_and(|(role, ..)| role.has(right))
    }

    fn is_limited(&self) -> bool {
        self.granted.is_some_and(|(.., team)| team.is_some())
    }

    /// The marks that may not be in what they are answered about a tenant.
    fn hidden(&self, tenant: &str) -> Vec<&'static str> {
        let team = self.granted.and_then(|(.., team)| team);
        let seen = |mark: &str| match mark {
            OTHER => tenant == "other" && self.sees_tenant(tenant) && team.is_none(),
            WEB => tenant == "main" && self.sees_tenant(tenant),
            _ => tenant == "main" && self.sees_tenant(tenant) && team.is_none(),
        };
        MARKS.into_iter().filter(|mark| !seen(mark)).collect()
    }
}

/// Everyone that is walked with.
async fn everyone(served: &Served) -> Vec<Who> {
    let mut all = vec![Who { name: "no user".to_owned(), token: None, granted: None }];
    for role in Role::VARIANTS {
        for (tenant, team) in
            [(None, None), (Some("main"), None), (Some("other"), None), (Some("main"), Some("team_web"))]
        {
            let teams: Vec<&str> = team.into_iter().collect();
            let token = known::token(served, &reach(tenant, *role, &teams)).await;
            let name = format!("{} of {} and {}", role.as_str(), tenant.unwrap_or("all"), team.unwrap_or("all"));
            all.push(Who { name, token: Some(token), granted: Some((*role, tenant, team)) });
        }
    }
    all
}

#[test]
fn what_is_hidden_follows_from_what_is_granted() {
    let who = |granted| Who { name: String::new(), token: None, granted };
    assert_eq!(who(None).hidden("main"), MARKS);
    assert_eq!(who(Some((Role::Viewer, None, None))).hidden("main"), [OTHER]);
    assert_eq!(who(Some((Role::Viewer, Some("main"), Some("team_web")))).hidden("main"), [PAY, OTHER]);
    assert_eq!(who(Some((Role::Viewer, Some("main"), None))).hidden("other"), MARKS);
}
