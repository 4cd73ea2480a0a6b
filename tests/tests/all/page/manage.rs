//! Administrators manage over the pages what the API lets them; who may not sees how it is done.

use std::time::Duration;

use kernel::{EventOutcome, RejectReason};
use serde_json::Value;
use store::counts::{self, EventCount};
use tests::eventually;
use tokio::net::TcpListener;

use super::{SETTLED, address, is_ready, opened, take};
use crate::api::dead_letters::reject;
use crate::api::known::{self, PASSWORD};
use crate::api::served::{self, Served};
use crate::browser::{self, click, fill, open, request, run, wait};

/// Steps by which a new administrator logs in.
pub(super) async fn logged_in(served: &Served) -> Vec<Value> {
    let link = known::link(served).await;
    vec![
        open(&address(served, &format!("/login/link/{link}"))),
        fill("input[name=name]", "ann"),
        fill("input[name=password]", PASSWORD),
        click("form button"),
        wait(".rail"),
        run(SETTLED),
    ]
}

#[tokio::test]
async fn a_rejected_event_says_why_and_is_replayed() {
    let served = known::served_with(|settings| settings.api.raw_events = true).await;
    if !is_ready(&served).await {
        return;
    }
    reject(&served, "github/main", "1", RejectReason::Schema).await;
    let mut steps = logged_in(&served).await;
    steps.extend(opened(&served, "/sources?tab=rejected"));
    steps.extend([
        click("table >> nth=1 >> .link"),
        wait("[role=dialog] .code-block"),
        run("document.querySelector('[role=dialog]').textContent"),
        click(".drawer .dialog-foot .button-primary"),
        click(".dialog .dialog-foot .button-primary"),
        wait(".notice-good"),
        run("document.querySelector('.notice-good').textContent"),
    ]);
    let shown = take(&steps).await;
    let texts: Vec<&str> = shown.values.iter().filter_map(Value::as_str).collect();
    assert!(texts[0].contains("pull_request.id: missing") && texts[0].contains("opened"), "{texts:?}");
    assert!(texts[1].contains("1 event is read again"), "{texts:?}");
}

#[tokio::test]
async fn a_token_of_ones_own_is_shown_once_and_revoked() {
    let served = known::served().await;
    if !is_ready(&served).await {
        return;
    }
    let mut steps = logged_in(&served).await;
    steps.extend(opened(&served, "/account"));
    steps.extend([
        click(".card-actions .button-primary"),
        fill("[role=dialog] input[type=text] >> nth=0", "nightly report"),
        click("[role=dialog] button[type=submit]"),
        wait(".code-block pre"),
        run("document.querySelector('.code-block pre').textContent"),
    ]);
    steps.extend(opened(&served, "/account"));
    steps.extend([
        run("document.body.textContent"),
        click("button:has-text('Revoke')"),
        click("[role=dialog] .button-danger"),
        wait(".notice-good"),
        run("document.querySelector('.notice-good').textContent"),
    ]);
    let shown = take(&steps).await;
    let texts: Vec<&str> = shown.values.iter().filter_map(Value::as_str).collect();
    let secret = texts[0];
    assert!(secret.starts_with("sei_"), "{texts:?}");
    assert!(texts[1].contains("nightly report") && !texts[1].contains(secret), "it is not shown again");
    assert!(texts[2].contains("is revoked"), "{texts:?}");
    let is_refused = async || known::status(&served, secret, "/api/v1/me").await == 401;
    eventually(Duration::from_secs(10), is_refused).await;
}

#[tokio::test]
async fn people_are_merged_and_that_is_undone() {
    let served = known::served().await;
    if !is_ready(&served).await {
        return;
    }
    served::fill(&served.database.store, served::organization().facts()).await;
    let rows = "document.querySelectorAll('tbody input[type=checkbox]').length";
    let mut steps = logged_in(&served).await;
    steps.extend(opened(&served, "/admin"));
    steps.extend([
        run(rows),
        click("tbody input >> nth=0"),
        click("tbody input >> nth=1"),
        click(".picked .button-primary"),
        click("[role=dialog] .button-primary"),
        wait(".notice-good"),
        run("document.querySelector('.notice-good').textContent"),
        wait("caption:text-is('Stated by hand')"),
        click(".notice-good button:text-is('Undo')"),
        wait(".notice-good:has-text('taken back')"),
    ]);
    let shown = take(&steps).await;
    let count = shown.values.iter().find_map(Value::as_u64).unwrap();
    assert!(count > 2, "{:?}", shown.values);
    let texts: Vec<&str> = shown.values.iter().filter_map(Value::as_str).collect();
    assert!(texts[0].contains("accounts are"), "{texts:?}");
}

#[tokio::test]
async fn who_may_not_manage_sees_how_and_no_form() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let text = "document.querySelector('main').textContent";
    let mut steps = opened(&served, "/admin").to_vec();
    steps.push(run(text));
    steps.extend(opened(&served, "/sources/connect?connector=github"));
    steps.extend([run(text), run("document.querySelector('main input') === null")]);
    steps.extend(opened(&served, "/account"));
    steps.push(run(text));
    let shown = take(&steps).await;
    let texts: Vec<&str> = shown.values.iter().filter_map(Value::as_str).collect();
    assert!(texts[0].contains("sei grant add") && texts[0].contains("login.enabled"), "{texts:?}");
    assert!(texts[1].contains("connector = \"github\""), "{texts:?}");
    assert_eq!(shown.values.iter().find_map(Value::as_bool), Some(true), "no token is asked for");
    assert!(texts[2].contains("Tokens belong to users"), "{texts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_sends_is_given_its_address_and_secret_and_its_first_event_is_seen() {
    let served = served::empty().await;
    if !is_ready(&served).await {
        return;
    }
    let signal = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut steps = opened(&served, "/sources/connect?connector=jenkins").to_vec();
    steps.extend([
        run("[...document.querySelectorAll('.code-block pre')].map((one) => one.textContent).join('\\n')"),
        wait("[role=status] .progress"),
        request(&format!("http://{}/", signal.local_addr().unwrap())),
        wait(".step .notice-good"),
        run("document.querySelector('.step .notice-good').textContent"),
    ]);
    let arrive = async {
        // the page waits for it
        drop(signal.accept().await.unwrap());
        let count = EventCount {
            source: "jenkins/main".to_owned(),
            kind: "jenkins.build".to_owned(),
            outcome: EventOutcome::Stored,
            reason: String::new(),
            events: 1,
        };
        let mut tx = served.database.store.begin().await.unwrap();
        counts::add(&mut tx, &[count]).await.unwrap();
        tx.commit().await.unwrap();
    };
    let (shown, ()) = tokio::join!(take(&steps), arrive);
    let texts: Vec<&str> = shown.values.iter().filter_map(Value::as_str).collect();
    let secret = texts[0].split("JENKINS_WEBHOOK_SECRET=").nth(1).unwrap().lines().next().unwrap();
    assert_eq!(secret.len(), 64, "{texts:?}");
    let address = address(&served, &format!("/webhooks/jenkins/main/{secret}"));
    assert!(texts[0].contains(&address) && texts[0].contains("All Events"), "{texts:?}");
    assert!(texts[1].contains("1 event") && texts[1].contains("jenkins.build"), "{texts:?}");
}

#[tokio::test]
async fn logging_out_leads_to_the_login() {
    let served = known::served().await;
    if !is_ready(&served).await {
        return;
    }
    let mut steps = logged_in(&served).await;
    steps.extend(opened(&served, "/account"));
    steps.extend([click(".page-actions .button"), browser::until(&address(&served, "/login"))]);
    let shown = take(&steps).await;
    assert!(shown.url.starts_with(&address(&served, "/login")), "{}", shown.url);
}
