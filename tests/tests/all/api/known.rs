//! Users, tokens and what is granted to them, for tests of who may ask for what.

use std::time::Duration;

use api::identity::manage::{self, Reach};
use api::settings::ApiSettings;
use kernel::{Role, Tenant, TokenScope};
use store::audit::Actor;

use super::served::{self, Reply, Served};

/// A password that may be chosen.
pub(crate) const PASSWORD: &str = "correct horse battery";
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// A browser in a session.
pub(crate) struct Browser {
    pub(crate) cookie: String,
    pub(crate) csrf: String,
    origin: String,
}

/// An API that asks for a login, without data, whose clients may ask as often as a test does.
pub(crate) async fn served() -> Served {
    served_with(|_| ()).await
}

/// The same with other settings.
pub(crate) async fn served_with(change: impl FnOnce(&mut ApiSettings)) -> Served {
    served::with(|settings| {
        settings.login.enabled = true;
        settings.api.raw_events = false;
        let limits = &mut settings.api.limits;
        (limits.address_per_minute, limits.principal_per_minute) = (1_000_000, 1_000_000);
        limits.logins_per_minute = 1_000;
        change(settings);
    })
    .await
}

/// What a token or a grant is for.
pub(crate) fn reach(tenant: Option<&str>, role: Role, teams: &[&str]) -> Reach {
    let teams = teams.iter().map(|team| (*team).to_owned()).collect();
    Reach { tenant: tenant.map(|name| Tenant::new(name).unwrap()), role, teams }
}

/// The secret of a new token that nothing else limits.
pub(crate) async fn token(served: &Served, reach: &Reach) -> String {
    token_of(served, None, reach).await
}

/// The same of a token that has an owner.
pub(crate) async fn token_of(served: &Served, owner: Option<&str>, reach: &Reach) -> String {
    let store = &served.database.store;
    let created =
        manage::create_token(store, &Actor::sei(), ("test", owner), reach, TokenScope::Write, Duration::from_hours(1))
            .await;
    created.unwrap().secret
}

/// A link by which an administrator sets a name and a password.
pub(crate) async fn link(served: &Served) -> String {
    manage::create_link(&served.database.store, &Actor::sei(), None, Duration::from_hours(1)).await.unwrap()
}

/// A new administrator of this name, in a session.
pub(crate) async fn administrator(served: &Served, name: &str) -> Browser {
    let link = link(served).await;
    let reply = follow(served, &link, name, PASSWORD).await;
    assert_eq!((reply.status, reply.header("location")), (303, Some("/")), "{reply:?}");
    browser(served, &reply).await
}

/// Sends the form of a link.
pub(crate) async fn follow(served: &Served, link: &str, name: &str, password: &str) -> Reply {
    let form = format!("name={name}&password={}", password.replace(' ', "+"));
    let origin = format!("http://{}", served.address);
    served.ask("POST", &format!("/login/link/{link}"), &[FORM, ("origin", &origin)], &form).await
}

/// The browser that has got an answer with a cookie.
pub(crate) async fn browser(served: &Served, reply: &Reply) -> Browser {
    let set = reply.header("set-cookie").unwrap_or_else(|| panic!("no cookie: {reply:?}"));
    let cookie = set.split(';').next().unwrap().to_owned();
    let me = served.ask("GET", "/api/v1/me", &[("cookie", &cookie)], "").await;
    assert_eq!(me.status, 200, "{me:?}");
    let csrf = me.json()["csrf"].as_str().unwrap().to_owned();
    Browser { cookie, csrf, origin: format!("http://{}", served.address) }
}

impl Browser {
    /// What a page of the server makes it send.
    pub(crate) async fn ask(&self, served: &Served, method: &str, path: &str, body: &str) -> Reply {
        let headers = [
            ("cookie", self.cookie.as_str()),
            ("sei-csrf", &self.csrf),
            ("origin", &self.origin),
            ("content-type", "application/json"),
        ];
        served.ask(method, path, &headers, body).await
    }

    /// Who it is, and what was granted.
    pub(crate) async fn me(&self, served: &Served) -> serde_json::Value {
        self.ask(served, "GET", "/api/v1/me", "").await.json()
    }
}

/// The status of a `GET` with a token.
pub(crate) async fn status(served: &Served, token: &str, path: &str) -> u16 {
    get(served, token, path, &[]).await.status
}

/// A `GET` with a token and more headers.
pub(crate) async fn get(served: &Served, token: &str, path: &str, more: &[(&str, &str)]) -> Reply {
    let bearer = format!("Bearer {token}");
    let headers: Vec<(&str, &str)> = more.iter().copied().chain([("authorization", bearer.as_str())]).collect();
    served.ask("GET", path, &headers, "").await
}
