//! A slow server, one that fails, and a connection that is lost: what was seen stays, what is missing is named, and it
//! comes by itself once it can.

use std::io;
use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{SETTLED, is_ready, take};
use crate::api::served::{self, Served};
use crate::browser::{self, click, open, request, run, wait};

/// How questions to the API are answered. Files of the application always come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    /// They wait until they no longer have to.
    Held,
    /// They are answered 503.
    Failing,
    /// Their connections are closed, also those of streams.
    Lost,
}

const UNAVAILABLE: &str = "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\nconnection: \
                           close\r\n\r\n{\"type\":\"about:blank\",\"title\":\"Service \
                           Unavailable\",\"status\":503,\"detail\":\"The database can't be reached.\"}";
const NO_CONTENT: &str = "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";

/// A proxy before a server, until it is dropped. A request for `/fault/<fault>` chooses the fault.
struct Proxy {
    address: SocketAddr,
    _until: DropGuard,
}

impl Proxy {
    async fn to(served: &Served) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, far) = (listener.local_addr().unwrap(), served.address);
        let until = CancellationToken::new();
        let end = until.clone();
        let accept = async move {
            let (fault, _) = watch::channel(Fault::None);
            while let Ok((near, _)) = listener.accept().await {
                let fault = fault.clone();
                // an end that went away is no failure
                tokio::spawn(async move { drop(connect(near, far, fault).await) });
            }
        };
        tokio::spawn(async move { end.run_until_cancelled(accept).await });
        Self { address, _until: until.drop_guard() }
    }

    fn page(&self, path: &str) -> Value {
        open(&format!("http://{}{path}", self.address))
    }

    fn fault(&self, fault: Fault) -> Value {
        request(&format!("http://{}/fault/{fault:?}", self.address))
    }
}

/// Passes one request on, and its answer back.
async fn connect(mut near: TcpStream, server: SocketAddr, fault: watch::Sender<Fault>) -> io::Result<()> {
    let (head, body) = read_request(&mut near).await?;
    let path = head.split(' ').nth(1).unwrap_or_default();
    if let Some(name) = path.strip_prefix("/fault/") {
        let all = [Fault::None, Fault::Held, Fault::Failing, Fault::Lost];
        fault.send_replace(all.into_iter().find(|fault| format!("{fault:?}") == name).unwrap());
        return near.write_all(NO_CONTENT.as_bytes()).await;
    }
    let is_question = path.starts_with("/api/") || path.starts_with("/graphql");
    let mut changed = fault.subscribe();
    if is_question {
        let now = changed.wait_for(|fault| *fault != Fault::Held).await.map_or(Fault::Lost, |fault| *fault);
        match now {
            Fault::Failing => return near.write_all(UNAVAILABLE.as_bytes()).await,
            Fault::Lost => return Ok(()),
            Fault::None | Fault::Held => {}
        }
    }
    let mut far = TcpStream::connect(server).await?;
    far.write_all(head.replace("Connection: keep-alive", "Connection: close").as_bytes()).await?;
    far.write_all(&body).await?;
    tokio::select! {
        passed = copy_bidirectional(&mut near, &mut far) => passed.map(|_bytes| ()),
        () = lost(changed), if is_question => Ok(()),
    }
}

async fn lost(mut fault: watch::Receiver<Fault>) {
    // without its proxy it is lost as well
    let _gone = fault.wait_for(|fault| *fault == Fault::Lost).await;
}

/// The head of a request, and what came of its body.
async fn read_request(near: &mut TcpStream) -> io::Result<(String, Vec<u8>)> {
    let mut read = Vec::new();
    let end = loop {
        if let Some(at) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if near.read_buf(&mut read).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    };
    let body = read.split_off(end);
    Ok((String::from_utf8(read).unwrap(), body))
}

/// What the page shows of itself.
const SHOWN: &str = "({
    title: document.querySelector('h1')?.textContent,
    links: document.querySelectorAll('.rail a').length > 5,
    skeletons: document.querySelectorAll('main .skeleton').length > 0,
    numbers: document.querySelectorAll('main [data-metric] data').length,
    problems: document.querySelectorAll('main .problem').length,
    problem: document.querySelector('main .problem')?.textContent,
})";

/// Waits until no problem is shown. Its value is nothing of interest.
const RECOVERED: &str = "(async () => {
    for (let tries = 0; document.querySelector('main .problem') !== null; tries += 1) {
        if (tries > 1200) throw new Error('a problem is shown for ever');
        await new Promise((done) => setTimeout(done, 25));
    }
    return null;
})()";

/// The values that are of interest.
fn values(shown: browser::Shown) -> Vec<Value> {
    shown.values.into_iter().filter(|value| !value.is_null()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_server_leaves_skeletons_and_then_what_was_shown_until_its_answers_are_there() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let proxy = Proxy::to(&served).await;
    let stale = "({ search: location.search, stale: document.querySelectorAll('.stale [data-metric] data').length })";
    let steps = [
        proxy.fault(Fault::Held),
        proxy.page("/"),
        wait("main .skeleton"),
        run(SHOWN),
        proxy.fault(Fault::None),
        wait("main [data-metric] data"),
        run(SETTLED),
        run(SHOWN),
        proxy.fault(Fault::Held),
        click(".filter-bar .segments button:nth-child(2)"),
        wait(".stale [data-metric] data"),
        run(stale),
        proxy.fault(Fault::None),
        run(SETTLED),
        run(stale),
    ];
    let values = values(take(&steps).await);
    let [waiting, shown, held, settled] = &values[..] else { panic!("{values:?}") };
    let expected = json!({ "title": "Overview", "links": true, "skeletons": true, "numbers": 0, "problems": 0 });
    assert_eq!(waiting, &expected, "while nothing is answered");
    assert_eq!((&shown["skeletons"], &shown["problems"]), (&json!(false), &json!(0)), "{shown}");
    assert!(shown["numbers"].as_u64() > Some(3), "{shown}");
    assert_eq!(held["search"], "?window=30d");
    assert!(held["stale"].as_u64() > Some(3), "what was seen stays: {held}");
    assert_eq!(settled, &json!({ "search": "?window=30d", "stale": 0 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_fails_is_named_and_asked_again_by_a_click() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let proxy = Proxy::to(&served).await;
    for path in ["/", "/explore", "/sources"] {
        let steps = [
            proxy.fault(Fault::Failing),
            proxy.page(path),
            wait("main .problem"),
            run("document.querySelector('main .problem').textContent"),
            proxy.fault(Fault::None),
            click("main .problem button"),
            run(RECOVERED),
            run(SETTLED),
            run(SHOWN),
        ];
        // the browser itself complains about the answers
        let values = values(browser::take(&steps).await);
        let [problem, shown] = &values[..] else { panic!("{path}: {values:?}") };
        let problem = problem.as_str().unwrap();
        assert!(
            problem.contains("The database can't be reached.") && problem.contains("Try again"),
            "{path}: {problem}"
        );
        assert_eq!((&shown["problems"], &shown["skeletons"]), (&json!(0), &json!(false)), "{path}: {shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_lost_connection_left_out_comes_by_itself_when_it_is_back() {
    let served = served::filled().await;
    if !is_ready(&served).await {
        return;
    }
    let proxy = Proxy::to(&served).await;
    let steps = [
        proxy.page("/"),
        wait(".live-on"),
        run(SETTLED),
        run(SHOWN),
        proxy.fault(Fault::Lost),
        wait("body:not(:has(.live-on))"),
        run(SHOWN),
        click(".rail a[href^='/explore']"),
        wait("main .problem"),
        run("document.querySelector('main .problem').textContent"),
        proxy.fault(Fault::None),
        wait(".live-on"),
        wait("main .explore-head data"),
        run(RECOVERED),
        run(SETTLED),
        run(SHOWN),
    ];
    // the browser itself complains about what it can't reach
    let values = values(browser::take(&steps).await);
    let [before, lost, problem, after] = &values[..] else { panic!("{values:?}") };
    assert_eq!(before, lost, "what was seen stays");
    assert!(problem.as_str().unwrap().contains("Try again"), "{problem}");
    assert_eq!((&after["title"], &after["problems"]), (&json!("Explore"), &json!(0)), "{after}");
}
