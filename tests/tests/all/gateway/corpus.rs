//! Every recorded webhook of the corpus, signed as its source signs, through the gateway and the processor.

use std::collections::BTreeMap;
use std::path::Path;

use eventlog::settings::LogKind;
use processors::Processor;
use tests::TestLog;

use super::{SECRET, serve, settings, sign, webhook};

/// A connector, the directories of what was sent to it, and the headers of a file of these.
type Recorded = (&'static str, &'static [&'static str], fn(&str, &[u8]) -> Vec<(&'static str, String)>);

const RECORDED: [Recorded; 6] = [
    ("github", &["go-playground/testdata/github", "zulip/github"], |name, body| {
        // named by the event, and some by what happened, too
        let event = name.split("__").next().unwrap_or_default().replace('-', "_");
        vec![("x-github-event", event), ("x-hub-signature-256", sign(SECRET, body))]
    }),
    (
        "gitlab",
        &[
            "go-gitlab/testdata/webhooks",
            "go-gitlab/testdata/systemhooks",
            "go-playground/testdata/gitlab",
            "zulip/gitlab",
        ],
        |_, _| vec![("x-gitlab-event", "Some Hook".to_owned()), ("x-gitlab-token", SECRET.to_owned())],
    ),
    ("jira", &["zulip/jira"], |_, body| vec![("x-hub-signature", sign(SECRET, body))]),
    ("circleci", &["zulip/circleci"], |_, body| {
        vec![("circleci-signature", sign(SECRET, body).replace("sha256=", "v1="))]
    }),
    ("pagerduty", &["zulip/pagerduty"], |_, body| {
        vec![("x-pagerduty-signature", sign(SECRET, body).replace("sha256=", "v1="))]
    }),
    ("cdevents", &["cdevents/conformance"], |_, _| vec![("authorization", format!("Bearer {SECRET}"))]),
];

#[tokio::test]
async fn every_recorded_webhook_is_taken_and_has_a_named_end() {
    let Some(corpus) = parts::corpus() else { return };
    let log = TestLog::new(LogKind::Embedded).await;
    let mut settings = settings();
    settings.source = RECORDED.iter().map(|(connector, ..)| webhook(connector, "main", &[SECRET])).collect();
    let served = serve(&settings, log.log.clone()).await;
    let mut answers: BTreeMap<(&str, u16), u64> = BTreeMap::new();
    for (connector, directories, headers) in RECORDED {
        for directory in directories {
            for entry in std::fs::read_dir(Path::new(&corpus).join(directory)).unwrap() {
                let path = entry.unwrap().path();
                if path.extension().is_none_or(|extension| extension != "json") {
                    continue;
                }
                let body = std::fs::read(&path).unwrap();
                let headers = headers(path.file_stem().unwrap().to_str().unwrap(), &body);
                let mut headers: Vec<(&str, &str)> =
                    headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
                headers.push(("content-type", "application/json"));
                let address = format!("/webhooks/{connector}/main");
                let reply = served.post(&address, &headers, &body).await;
                // 400: it lacks what every webhook of its source has, such as the name of the event
                assert!([200, 202, 400].contains(&reply.status), "{}: {reply:?}", path.display());
                *answers.entry((connector, reply.status)).or_default() += 1;
            }
        }
    }
    let count = |status| answers.iter().filter(|((_, of), _)| *of == status).map(|(_, count)| count).sum::<u64>();
    println!("{answers:?}");
    assert!(count(202) > 170 && count(200) > 100 && count(400) == 0, "{answers:?}");
    let processor = Processor::new(log.database.store.clone(), log.log.clone(), registry::connector);
    let ended = processor.drain().await.unwrap();
    assert_eq!(ended.events(), count(202), "each that was taken has an end");
    let dead_letters = store::dead_letters::list(&log.database.store, 100).await.unwrap();
    println!(
        "{ended:?}: {:?}",
        dead_letters.iter().map(|letter| (&letter.kind, &letter.reason, &letter.detail)).collect::<Vec<_>>()
    );
    assert_eq!(
        u64::try_from(dead_letters.len()).unwrap(),
        ended.rejected,
        "each rejected event is kept with its reason"
    );
    assert!(ended.rejected < 10 && ended.stored > 100, "{ended:?}");
}
