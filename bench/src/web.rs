//! The web application in a headless Chromium over a company of 300 services: how soon the first page can be used, and how
//! soon a change of the filter is seen. `web=10` takes a tenth of the company; fewer services than 13 are not enough.

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::company::Company;
use crate::figures::{Figures, median};
use crate::machine::Machine;
use crate::up;
use crate::webhooks::Serving;

/// How often each is measured, each time by a browser that has kept nothing.
const RUNS: usize = 11;
const WATCH: &str = include_str!("web/watch.js");
const FIRST: &str = include_str!("web/first.js");
const CHANGE: &str = include_str!("web/change.js");
/// The pages whose filter is changed: where people begin, and a chart with axes.
const PAGES: [(&str, &str); 2] = [("the overview", "/?"), ("a chart", "/explore?metric=change_lead_time&")];

/// Measures it at a percentage of the full size.
pub(crate) async fn measure(machine: &Machine, figures: &mut Figures, percent: u32) -> Result<()> {
    let company = Company::new(machine, percent).await?;
    Figures::heading(&format!(
        "The web application in Chromium at {percent} % of 300 services, median of {RUNS} new browsers:"
    ));
    let address = up::free_address()?;
    let mut up = machine.sei(&company.data);
    let mut sei = Serving::start(up.args(["up", "--listen", &address.to_string()]), address)?;
    let day = |days: i64| (company.demo.end - TimeDelta::days(days)).format("%F");
    let window = format!("from={}&to={}", day(90), day(0));

    let cold = Visit::new(address, &window, 0)?;
    Figures::note(&format!("the first visit after a start can be used after {:.0} ms", cold.interactive));
    let visits = (1..=RUNS).map(|nth| Visit::new(address, &window, nth)).collect::<Result<Vec<_>>>()?;
    let of = |part: &dyn Fn(&Visit) -> f64| median(visits.iter().map(part).collect());
    let slowest = visits.iter().map(|visit| visit.interactive).fold(0.0, f64::max);
    Figures::note(&format!(
        "the first page is seen after {:.0} ms; the slowest can be used after {slowest:.0} ms",
        of(&|visit| visit.shown)
    ));
    figures.at_most("the first page can be used after", of(&|visit| visit.interactive), 1_000.0, "ms");
    figures.at_most("the first page's files, compressed", of(&|visit| visit.bytes) / 1e3, 250.0, "kB");
    for (nth, (page, _)) in PAGES.iter().enumerate() {
        let change =
            |given: usize| of(&|visit: &Visit| visit.changes.get(2 * nth + given).copied().unwrap_or(f64::NAN));
        figures.at_most(&format!("the filter of {page}, an answer that was given before"), change(1), 200.0, "ms");
        figures.at_most(&format!("the filter of {page}, an answer that was not"), change(0), 500.0, "ms");
    }
    sei.end()?;
    company.running.stop().await
}

/// What a new browser found, in milliseconds.
struct Visit {
    shown: f64,
    interactive: f64,
    bytes: f64,
    /// For each page, until it shows a service that no one asked about yet, and one that the visit before asked about.
    changes: Vec<f64>,
}

impl Visit {
    fn new(address: SocketAddr, window: &str, nth: usize) -> Result<Self> {
        let mut steps = vec![json!({ "look": { "width": 1440, "height": 900 } }), json!({ "before": WATCH })];
        for (page, (_, path)) in PAGES.iter().enumerate() {
            steps.push(json!({ "open": format!("http://{address}{path}{window}") }));
            if page == 0 {
                steps.push(json!({ "run": FIRST }));
            }
            let change = |service: usize| json!({ "run": CHANGE.replace("NTH", &service.to_string()) });
            steps.extend([change(nth + 1), change(nth)]);
        }
        let values = browse(&steps)?;
        let (first, changes) = values.split_first().context("the browser found nothing")?;
        let number = |value: &Value| value.as_f64().with_context(|| format!("{value} is no number"));
        let part = |name: &str| number(first.get(name).unwrap_or(&Value::Null));
        Ok(Self {
            shown: part("shown")?,
            interactive: part("interactive")?,
            bytes: part("bytes")?,
            changes: changes.iter().map(number).collect::<Result<_>>()?,
        })
    }
}

/// Takes steps in a new browser, `scripts/browser`, and returns what scripts found.
fn browse(steps: &[Value]) -> Result<Vec<Value>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/browser");
    let mut child = Command::new(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut input = child.stdin.take().context("the browser takes no steps")?;
    input.write_all(&serde_json::to_vec(steps)?)?;
    drop(input);
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "the browser could not take its steps: {}", output.status);
    let mut shown: Value = serde_json::from_slice(&output.stdout)?;
    let values = shown.get_mut("values").map(Value::take).unwrap_or_default();
    Ok(serde_json::from_value(values)?)
}
