use std::env;
use std::error::Error;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};

fn setting(name: &str, otherwise: &str) -> String {
    env::var(name).unwrap_or_else(|_| otherwise.to_owned())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (url, tenant) = (setting("SEI_URL", "http://127.0.0.1:8080"), setting("SEI_TENANT", "main"));
    let mut headers = HeaderMap::new();
    if let Ok(token) = env::var("SEI_TOKEN") {
        headers.insert(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {token}"))?);
    }
    let http = reqwest::Client::builder().default_headers(headers).build()?;
    let sei = sei_client::Client::new_with_client(&url, http);

    // A list comes page by page.
    let mut services = Vec::new();
    let mut asked = sei.services().tenant(&tenant).limit(2);
    loop {
        let page = asked.send().await?.into_inner();
        services.extend(page.data.into_iter().map(|service| service.name));
        let Some(cursor) = page.next_cursor else { break };
        asked = sei.services().tenant(&tenant).limit(2).cursor(cursor);
    }
    println!("services: {}", services.join(", "));

    // The DORA report of one of them; a value that was not observed is None.
    let service = services.first().ok_or("the tenant has no service")?;
    let report = sei.dora().tenant(&tenant).service(service).window("90d").send().await?;
    let frequency = &report.data.deployment_frequency;
    println!("{service}: {:?} deployments a day (n = {})", frequency.value, frequency.n);

    // What can't be answered is a problem with a type, a status and what to do.
    let unknown = sei.dora().tenant(&tenant).service("no-such-service").send().await;
    match unknown {
        Err(progenitor_client::Error::ErrorResponse(answer))
            if answer.type_ == "urn:sei:problem:not-found" =>
        {
            println!("{}: {}", answer.status().as_u16(), answer.detail);
            Ok(())
        }
        other => Err(format!("unexpected: {other:?}").into()),
    }
}
