use std::time::Duration;

use runtime::backoff::Backoff;

use super::*;
use crate::testing::{Script, ScriptedAnswer, client};

/// A server's `Date`, and the time a number of seconds later as Unix time.
const DATE: &str = "Sat, 21 Nov 2026 12:00:00 GMT";
const DATE_SECONDS: i64 = 1_795_262_400;

fn good() -> ScriptedAnswer {
    ScriptedAnswer::new(200, r#"{"good":true}"#)
}

/// No jitter on top of what the server says, so that times are what they are.
fn exact() -> RetryLimits {
    RetryLimits { backoff: Backoff { first: Duration::ZERO, longest: Duration::ZERO }, ..RetryLimits::default() }
}

async fn ask(answers: impl IntoIterator<Item = ScriptedAnswer>) -> (Result<Answer, PullError>, Vec<u64>) {
    let script = Script::new(answers);
    let answer = client(script.router()).with_retry_limits(exact()).get("x").await;
    (answer, script.asked().into_iter().map(|(after, _)| after).collect())
}

#[tokio::test(start_paused = true)]
async fn what_fails_by_itself_is_asked_again_and_what_does_not_is_not() {
    let cut = || good().broken();
    let page = || ScriptedAnswer::new(200, r#"{"half":"#);
    let (answer, asked) =
        ask([ScriptedAnswer::new(502, ""), cut(), page(), ScriptedAnswer::new(500, "{}"), good()]).await;
    assert!(answer.is_ok() && asked.len() == 5, "{answer:?} {asked:?}");
    for (status, expected) in [(400, "400"), (404, "there is no /x"), (422, "422"), (401, "wrong, expired or revoked")]
    {
        let (answer, asked) = ask([ScriptedAnswer::new(status, "{}"), good()]).await;
        let error = answer.unwrap_err();
        assert!(error.to_string().contains(expected) && !error.is_transient(), "{error}");
        assert_eq!(asked.len(), 1);
    }
    let (answer, asked) = ask((0..20).map(|_| ScriptedAnswer::new(503, ""))).await;
    assert!(answer.unwrap_err().is_transient());
    assert_eq!(asked.len(), 7);
}

#[tokio::test(start_paused = true)]
async fn a_host_that_never_answered_is_given_up_soon_and_asked_again_by_the_next_pull() {
    let broken = (0..4).map(|_| good().broken());
    let script = Script::new(broken.chain([good(), good().broken(), good().broken(), good().broken(), good()]));
    let client = client(script.router()).with_retry_limits(exact());
    // however often it would be asked otherwise, as GraphQL's pages are
    let error = client.clone().with_attempts(2).get("x").await.unwrap_err();
    assert!(matches!(&error, PullError::Unreachable(text) if text.contains("has never answered")), "{error}");
    assert_eq!(script.asked().len(), 3);
    assert!(client.clone().get("y").await.is_err());
    assert_eq!(script.asked().len(), 3, "nothing is sent meanwhile");
    tokio::time::advance(UNREACHABLE).await;
    assert!(client.get("x").await.is_ok());
    // one that has answered is waited for up to the last attempt
    assert!(client.get("x").await.is_ok());
    assert_eq!(script.asked().len(), 9);
}

#[tokio::test(start_paused = true)]
async fn waits_between_attempts_grow() {
    let script = Script::new((0..7).map(|_| ScriptedAnswer::new(500, "")));
    let start = tokio::time::Instant::now();
    client(script.router()).get("x").await.unwrap_err();
    // 1 + 2 + 4 + 8 + 16 + 32 seconds at most
    assert!(start.elapsed() <= Duration::from_secs(63) && !start.elapsed().is_zero());
}

#[tokio::test(start_paused = true)]
async fn a_limit_is_waited_for_as_long_as_the_source_says_and_the_request_is_not_lost() {
    let reset = |after: i64| (DATE_SECONDS + after).to_string();
    let limits = [
        (ScriptedAnswer::new(429, "").with("retry-after", "30"), 30),
        (ScriptedAnswer::new(429, "").with("retry-after", "Sat, 21 Nov 2026 12:00:40 GMT").with("date", DATE), 40),
        (ScriptedAnswer::new(429, ""), 60),
        (ScriptedAnswer::new(403, "").with("retry-after", "50"), 50),
        (
            ScriptedAnswer::new(403, "")
                .with("x-ratelimit-remaining", "0")
                .with("x-ratelimit-reset", reset(600))
                .with("date", DATE),
            600,
        ),
        (
            ScriptedAnswer::new(429, "")
                .with("x-ratelimit-remaining", "0")
                .with("x-ratelimit-reset", reset(90) + "000")
                .with("date", DATE),
            90,
        ),
        (ScriptedAnswer::new(429, "").with("ratelimit-remaining", "0").with("ratelimit-reset", "20"), 20),
        (ScriptedAnswer::new(503, "").with("retry-after", "10"), 10),
    ];
    for (limit, seconds) in limits {
        let (answer, asked) = ask([limit.clone(), limit.clone(), good()]).await;
        assert!(answer.is_ok(), "{answer:?}");
        assert_eq!(asked, [0, seconds, 2 * seconds], "{limit:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_worker_sends_a_request_while_another_has_to_wait() {
    let script = Script::new([good(), ScriptedAnswer::new(429, "").with("retry-after", "100"), good(), good(), good()]);
    let client = client(script.router()).with_retry_limits(exact());
    client.get("first").await.unwrap();
    client.get("limited").await.unwrap();
    let (one, other) = tokio::join!(client.get("a"), client.get("b"));
    assert!(one.is_ok() && other.is_ok());
    assert_eq!(script.asked().iter().map(|(after, _)| *after).collect::<Vec<_>>(), [0, 0, 100, 100, 100]);
}

#[tokio::test(start_paused = true)]
async fn the_last_request_of_a_period_is_known_to_be_the_last() {
    let left =
        |left: u64| good().with("x-ratelimit-remaining", left.to_string()).with("x-ratelimit-reset", "1795262460");
    let left = |n| left(n).with("date", DATE);
    let script = Script::new([left(1), left(0), good()]);
    let client = client(script.router()).with_retry_limits(exact());
    for path in ["a", "b", "c"] {
        client.get(path).await.unwrap();
    }
    assert_eq!(script.asked().iter().map(|(after, _)| *after).collect::<Vec<_>>(), [0, 0, 60]);
    assert_eq!(client.left().map(|left| left.remaining), Some(0));
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_is_too_far_away_is_an_error() {
    let reset = |at: u64| {
        ScriptedAnswer::new(429, "").with("x-ratelimit-remaining", "0").with("x-ratelimit-reset", at.to_string())
    };
    for limit in [
        ScriptedAnswer::new(429, "").with("retry-after", "86400"),
        ScriptedAnswer::new(429, "").with("retry-after", "1e300"),
        reset(999_999_999),
        reset(900_000_000_000),
        reset(8_000_000_000_000_000),
    ] {
        let (answer, asked) = ask([limit.clone(), good()]).await;
        assert!(matches!(answer, Err(PullError::RateLimited(_))), "{limit:?}");
        assert_eq!(asked, [0]);
    }
}

#[tokio::test]
async fn a_token_goes_to_its_own_host_only_and_is_never_shown() {
    let script = Script::new([good(), good()]);
    let client = client(script.router()).with_secret("authorization", b"Bearer s3cret").unwrap();
    for elsewhere in ["https://elsewhere.example/x?page=2", "http://u:p@mock.example:8080/x?page=2"] {
        assert_eq!(client.get(elsewhere).await.unwrap().url.as_str(), "https://mock.example/x?page=2");
    }
    assert_eq!(script.asked().len(), 2);
    for no in ["data://x", "https://", "://"] {
        assert!(client.address(no).is_err(), "{no}");
    }
    assert!(!format!("{:?}", client.headers).contains("s3cret"));
    assert_eq!(client.address("/a?b=c").unwrap().as_str(), "https://mock.example/a?b=c");
}

#[tokio::test(start_paused = true)]
async fn what_has_not_changed_is_not_sent_again() {
    let first = good().with("etag", "\"v1\"").with("link", "<https://mock.example/x?page=2>; rel=\"next\"");
    let unchanged = ScriptedAnswer::new(304, "").with("etag", "\"v1\"").with("x-ratelimit-remaining", "4999");
    let script = Script::new([first, unchanged, ScriptedAnswer::new(200, "[]").with("etag", "\"v2\"")]);
    let client = client(script.router());
    let answers = [client.get("x").await.unwrap(), client.get("x").await.unwrap()];
    assert_eq!(answers[0].body, answers[1].body);
    assert_eq!(answers[1].next_link().as_deref(), Some("https://mock.example/x?page=2"));
    assert_eq!(script.conditions(), [None, Some("\"v1\"".to_owned())]);
    assert_eq!(&client.get("x").await.unwrap().body[..], b"[]");
}

#[test]
fn the_next_page_is_found_among_links() {
    let answer = |link: &str| {
        let headers = HeaderMap::from_iter([(header::LINK, HeaderValue::from_str(link).unwrap())]);
        let url = Url::parse("https://mock.example").unwrap();
        Answer { status: StatusCode::OK, headers, body: Bytes::new(), url }.next_link()
    };
    let two = r#"<https://h/x?page=1>; rel="prev", <https://h/x?page=3>; rel="next", <https://h/x?page=9>; rel="last""#;
    assert_eq!(answer(two).as_deref(), Some("https://h/x?page=3"));
    assert_eq!(answer(r#"<https://h/x?page=9>; rel="last""#), None);
    assert_eq!(answer("nonsense"), None);
    assert_eq!(answer(r#"</gl/x?page=2>; rel="next""#).as_deref(), Some("https://mock.example/gl/x?page=2"));
    assert_eq!(answer(r#"<?page=2>; rel="next""#).as_deref(), Some("https://mock.example/?page=2"));
}

/// Over a real connection that closes in the middle of a body.
#[tokio::test]
async fn a_connection_that_closes_in_the_middle_of_a_body_is_noticed() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let server = tokio::spawn(async move {
        for body in ["{\"hal", "{\"whole\":1}"] {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _asked = stream.read(&mut [0; 4096]).await.unwrap();
            let head = "HTTP/1.1 200 OK\r\ncontent-length: 11\r\nconnection: close\r\n\r\n";
            stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    let source = crate::testing::opened("mock", serde_json::json!({}));
    let client = Client::new(&source, base).unwrap().with_retry_limits(exact());
    assert_eq!(&client.get("x").await.unwrap().body[..], b"{\"whole\":1}");
    server.await.unwrap();
}
