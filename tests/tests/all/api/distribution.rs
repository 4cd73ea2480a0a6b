//! The distribution behind a metric is made from the observations of the metric.

use serde_json::Value;

use super::served;

/// The percentile of a distribution.
fn percentile(part: &Value, percentile: u64) -> Option<f64> {
    let all = part["percentiles"].as_array().unwrap();
    all.iter().find(|one| one["percentile"] == percentile).unwrap()["value"].as_f64()
}

#[tokio::test]
async fn the_number_and_the_median_of_a_distribution_are_those_of_the_metric() {
    let served = served::filled().await;
    let end = served::end().format("%F");
    for metric in ["change_lead_time", "change_cycle_time", "change_size", "time_to_restore", "review_depth"] {
        for (window, by) in [("window=90d", ""), ("window=30d", "&by=service"), ("window=180d", "&by=team")] {
            let asked = format!("{window}&to={end}{by}");
            let metric_of = served.get(&format!("/api/v1/metrics/{metric}?{asked}")).await["data"].clone();
            let distribution =
                served.get(&format!("/api/v1/metrics/{metric}/distribution?{asked}")).await["data"].clone();
            assert_eq!(distribution["window"], metric_of["window"], "{metric} {asked}");
            let slices = |answer: &Value| answer["slices"].as_array().unwrap().clone();
            let (wholes, of_slices) = (slices(&metric_of), slices(&distribution));
            assert_eq!(wholes.len(), of_slices.len(), "{metric} {asked}");
            let parts = std::iter::once((&metric_of["whole"], &distribution["whole"]));
            for (value, part) in parts.chain(wholes.iter().zip(&of_slices)) {
                assert_eq!((&part["n"], &part["slice"]), (&value["n"], &value["slice"]), "{metric} {asked}");
                let stat = |name: &str| {
                    let values = value["values"].as_array().unwrap();
                    values.iter().find(|value| value["name"] == name).unwrap()["value"].as_f64()
                };
                for (name, percent) in [("median", 50), ("p75", 75), ("p90", 90)] {
                    assert_eq!(percentile(part, percent), stat(name), "{metric} {asked} {name}");
                }
                assert_eq!(part["basis"], value["basis"], "{metric} {asked}");
                let buckets = part["buckets"].as_array().unwrap();
                let n: u64 = buckets.iter().map(|bucket| bucket["n"].as_u64().unwrap()).sum();
                assert_eq!(Some(n), part["n"].as_u64(), "{metric} {asked}: each observation is in one bucket");
                let bounds = buckets.windows(2).all(|pair| pair[0]["to"].is_f64() && pair[0]["to"] == pair[1]["from"]);
                assert!(bounds && buckets[0]["from"].is_null() && buckets.last().unwrap()["to"].is_null());
            }
            let whole = &distribution["whole"];
            let shown: Vec<f64> =
                [5, 10, 25, 50, 75, 85, 90, 95].iter().filter_map(|percent| percentile(whole, *percent)).collect();
            assert!(shown.is_sorted(), "{metric} {asked}: {shown:?}");
        }
    }
}

#[tokio::test]
async fn a_metric_that_is_no_distribution_says_which_are() {
    let served = served::empty().await;
    let reply = served.ask("GET", "/api/v1/metrics/change_fail_rate/distribution", &[], "").await;
    let problem = reply.json();
    assert_eq!(reply.status, 422, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("a median, a mean or a quantile"), "{problem}");
    for (path, status) in [
        ("/api/v1/metrics/no_such_metric/distribution", 404),
        ("/api/v1/metrics/change_lead_time/distribution?interval=week", 400),
        ("/api/v1/metrics/change_lead_time/distribution?by=reviewer", 400),
        ("/api/v1/metrics/time_to_restore/distribution?by=repository", 422),
    ] {
        assert_eq!(served.ask("GET", path, &[], "").await.status, status, "{path}");
    }
    let empty = served.get("/api/v1/metrics/change_lead_time/distribution").await;
    assert_eq!((&empty["data"]["whole"]["n"], &empty["data"]["whole"]["mean"]), (&Value::from(0), &Value::Null));
}

#[tokio::test]
async fn graphql_answers_with_the_distributions_of_rest() {
    let served = served::filled().await;
    let to = served::end().format("%F");
    let part = "{ slice n min max mean percentiles { percentile value text } buckets { from to n } }";
    let names = ["change_lead_time", "change_size"];
    let query = format!(
        r#"{{ distributions(names: ["{}", "{}"], question: {{ window: "90d", to: "{to}", by: TEAM }}) {{
              metric {{ name }} whole {part} slices {part} }} }}"#,
        names[0], names[1]
    );
    let answer = served.graphql(&query).await;
    let plain = |part: &Value| {
        let mut part = part.clone();
        part.as_object_mut().unwrap().retain(|name, _| name != "basis" && name != "caveats");
        part
    };
    for (nth, name) in names.into_iter().enumerate() {
        let of_graph = &answer["distributions"][nth];
        let path = format!("/api/v1/metrics/{name}/distribution?window=90d&to={to}&by=team");
        let of_rest = served.get(&path).await["data"].clone();
        assert_eq!((&of_graph["metric"]["name"], &of_graph["whole"]), (&name.into(), &plain(&of_rest["whole"])));
        let slices: Vec<Value> = of_rest["slices"].as_array().unwrap().iter().map(plain).collect();
        assert!(slices.len() > 1 && of_graph["slices"] == Value::from(slices), "{name}: {of_graph}");
    }
    let answer = served.graphql_answer(r#"{ distributions(names: ["change_fail_rate"]) { whole { n } } }"#).await;
    assert!(answer["errors"][0]["message"].as_str().unwrap().contains("a median, a mean or a quantile"), "{answer}");
}
