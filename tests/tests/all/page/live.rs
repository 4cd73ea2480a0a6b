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
    let signal = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let script = metric_script("deployment_frequency");
    let mut steps = opened(&served, "/?window=365d").to_vec();
    let changed = format!(
        "(async () => {{
            const read = () => {script}.value;
            window.kept = 'still the same page';
            const before = read();
            await fetch('/web/icon.svg');
            for (let tries = 0; read() === before; tries += 1) {{
                if (tries > 2000) throw new Error('it never changes');
                await new Promise((done) => setTimeout(done, 10));
            }}
            return {{ kept: window.kept, isStale: document.querySelector('.stale, .skeleton') !== null, value: read() }};
        }})()"
    );
    steps.extend([wait(".live-on"), request(&format!("http://{}/", signal.local_addr().unwrap())), run(&changed)]);
    let more = async {
        // the browser is ready
        drop(signal.accept().await.unwrap());
        served::fill(&served.database.store, rest.into_iter().map(|(_, fact)| fact)).await;
    };
    let (shown, ()) = tokio::join!(take(&steps), more);
    let answer = served.get("/api/v1/dora?window=365d").await;
    let found = &shown.values[1];
    assert_eq!(found["kept"], "still the same page");
    assert_eq!(found["isStale"], false, "what is shown stays while the new answer is awaited");
    assert_eq!(found["value"].as_f64(), answer["data"]["deployment_frequency"]["value"].as_f64());
}
