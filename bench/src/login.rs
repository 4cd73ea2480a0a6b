//! What a login costs: the same questions asked of `sei up` by everyone, with an API token, and in a session; and what the
//! decision costs what a request may be answered. It is the time of processors that counts, which says the same whatever
//! else the machine does.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::company::Company;
use crate::figures::Figures;
use crate::load;
use crate::machine::Machine;
use crate::permissions;
use crate::process;
use crate::served;
use crate::up;
use crate::webhooks::Serving;

const CONNECTIONS: usize = 64;
const LASTING: Duration = Duration::from_secs(6);
/// A list, of which what it may hold is decided for each request, and how many ask for it at once.
const LIST: &str = "/api/v1/services?limit=20";
const LIST_CONNECTIONS: usize = 4;
/// How often each is measured, in turns, so that what else the machine does concerns all of them.
const TURNS: usize = 3;

/// Measures it at a tenth of the full size.
pub(crate) async fn measure(machine: &Machine, figures: &mut Figures) -> Result<()> {
    let company = Company::new(machine, 10).await?;
    Figures::heading("Questions asked of `sei up` with a login and without one, answered from memory:");
    let token = printed(machine.sei(&company.data).args(["token", "create", "bench", "--role", "analyst"]), "sei_")?;
    let link = printed(machine.sei(&company.data).args(["--set", "login.enabled=true", "admin", "link"]), "/login/")?;
    let targets = served::targets(company.demo.end)?;
    let (by_token, list) = (format!("authorization: Bearer {token}\r\n"), [LIST.to_owned()]);
    let (mut everyone, mut with_token, mut in_session) = (f64::INFINITY, f64::INFINITY, f64::INFINITY);
    let mut listed = f64::INFINITY;
    let mut cookie = None;
    for _ in 0..TURNS {
        let address = up::free_address()?;
        let mut sei = start(machine, &company.data, address, false)?;
        let asked = (&targets[..], "", CONNECTIONS);
        everyone = everyone.min(cost(&sei, address, asked).await.context("without a login")?);
        sei.end()?;
        let mut sei = start(machine, &company.data, address, true)?;
        let cookie = match &mut cookie {
            Some(cookie) => cookie,
            none => none.insert(session(address, &link).await?),
        };
        let asked = (&targets[..], &*by_token, CONNECTIONS);
        with_token = with_token.min(cost(&sei, address, asked).await.context("a token")?);
        let in_cookie = format!("cookie: {cookie}\r\n");
        let asked = (&targets[..], &*in_cookie, CONNECTIONS);
        in_session = in_session.min(cost(&sei, address, asked).await.context("a session")?);
        let asked = (&list[..], &*by_token, LIST_CONNECTIONS);
        listed = listed.min(cost(&sei, address, asked).await.context("a list")?);
        sei.end()?;
    }
    Figures::note(&format!(
        "{everyone:.1} µs of a processor without a login, {with_token:.1} with a token, {in_session:.1} in a session"
    ));
    for (who, cost) in [("a token", with_token), ("a session", in_session)] {
        figures.at_most(&format!("of a request's time costs {who}"), 100.0 * (cost / everyone - 1.0), 10.0, "%");
    }
    let decision = permissions::decision_us()?;
    Figures::note(&format!(
        "{listed:.1} µs of a processor for a list, {decision:.2} for the decision what it may hold"
    ));
    figures.at_most("of a list's time costs the decision what it may hold", 100.0 * decision / listed, 1.0, "%");
    company.running.stop().await
}

/// `sei up` on the data. It takes as many requests as come.
fn start(machine: &Machine, data: &Path, address: SocketAddr, login: bool) -> Result<Serving> {
    let mut up = machine.sei(data);
    up.args(["--set", &format!("login.enabled={login}"), "--set", "api.limits.principal_per_minute=1000000000"]);
    up.args(["--set", r#"server.trusted_proxies=["127.0.0.1"]"#, "up", "--listen", &address.to_string()]);
    Serving::start(&mut up, address)
}

/// How many microseconds of a processor `sei up` takes for a request, of these with a header over a number of connections.
async fn cost(
    sei: &Serving,
    address: SocketAddr,
    (targets, header, connections): (&[String], &str, usize),
) -> Result<f64> {
    let request = |target: &String| format!("GET {target} HTTP/1.1\r\nhost: localhost\r\n{header}\r\n").into();
    let requests: Vec<Bytes> = targets.iter().map(request).collect();
    let mut connection = load::Connection::open(address).await?;
    for (target, request) in targets.iter().zip(&requests) {
        let status = connection.ask(request).await?;
        ensure!(status == 200, "{target} was answered with {status}");
    }
    let before = process::cpu_seconds(&sei.child)?;
    let done = load::closed(address, &requests, connections, LASTING).await?;
    ensure!(done.refused == 0.0, "{:.2} % were refused", 100.0 * done.refused);
    let seconds = process::cpu_seconds(&sei.child)? - before;
    Ok(seconds * 1e6 / (done.rate * LASTING.as_secs_f64()))
}

/// The word that a command prints with this in it.
fn printed(command: &mut Command, part: &str) -> Result<String> {
    let output = command.output()?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout)?;
    let word = text.split_whitespace().find(|word| word.contains(part));
    Ok(word.with_context(|| format!("{command:?} printed no {part}"))?.to_owned())
}

/// The cookie of a session that begins with a link.
async fn session(address: SocketAddr, link: &str) -> Result<String> {
    let (_, path) = link.split_once("/login/").with_context(|| format!("no link: {link}"))?;
    let form = "name=bench&password=a+password+of+the+bench";
    let request = format!(
        "POST /login/{path} HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\nconnection: close\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
        form.len()
    );
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let set = answer.lines().find_map(|line| line.strip_prefix("set-cookie: "));
    let cookie = set.and_then(|set| set.split(';').next());
    Ok(cookie.with_context(|| format!("no session: {answer}"))?.to_owned())
}
