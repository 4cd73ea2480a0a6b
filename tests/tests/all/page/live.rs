//! New data appears by itself.

use tokio::net::TcpListener;

use super::{is_ready, metric_script, opened, take};
use crate::api::served;
use crate::browser::{request, run, wait};

#[tokio::test(flavor = "multi_thread")]
async fn new_data_appears_without_a_reload() {
    let served = served::empty().await;
    let (first, rest): (Vec<_>, Vec<_>) = served::organization().facts().enumerate().partition(|(nth, _)| nth % 2 == 0);
    served::fill(&served.database.store, first.into_iter().map(|(_, fact)| fact)).await;
    if !is_ready(&served).await {
        return;
    }
    let complete = served::filled().await.get("/api/v1/dora?window=365d").await;
    let expected = complete["data"]["deployment_frequency"]["value"].as_f64().unwrap();
    let signal = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let script = metric_script("deployment_frequency");
    let mut steps = opened(&served, "/?window=365d").to_vec();
    let shown_before = format!("(window.kept = 'still the same page', {script}.value)");
    // what is written in several transactions may be shown in several steps
    let changed = format!(
        "(async () => {{
            const read = () => {script}.value;
            for (let tries = 0; read() !== {expected}; tries += 1) {{
                if (tries > 2000) throw new Error(`it stays at ${{read()}}`);
                await new Promise((done) => setTimeout(done, 10));
            }}
            return {{ kept: window.kept, isStale: document.querySelector('.stale, .skeleton') !== null }};
        }})()"
    );
    let signal_address = format!("http://{}/", signal.local_addr().unwrap());
    steps.extend([wait(".live-on"), run(&shown_before), request(&signal_address), run(&changed)]);
    let more = async {
        // the browser has noted what it shows
        drop(signal.accept().await.unwrap());
        served::fill(&served.database.store, rest.into_iter().map(|(_, fact)| fact)).await;
    };
    let (shown, ()) = tokio::join!(take(&steps), more);
    assert_ne!(shown.values[1].as_f64(), Some(expected), "it shows what there is before");
    let found = &shown.values[2];
    assert_eq!(found["kept"], "still the same page");
    assert_eq!(found["isStale"], false, "what is shown stays while the new answer is awaited");
}
