//! Several metrics in one request, slices of the report, and comparisons with an earlier window: the same numbers as
//! when each is asked for by itself.

use serde_json::Value;

use super::served;

const METRICS: [&str; 6] = [
    "change_lead_time",
    "deployment_frequency",
    "change_fail_rate",
    "failed_deployment_recovery_time",
    "deployment_rework_rate",
    "time_to_restore",
];

#[tokio::test]
async fn several_metrics_are_those_that_are_asked_for_one_by_one() {
    let served = served::filled().await;
    let end = served::end().format("%F");
    let names = ["change_lead_time", "change_throughput", "merged_without_review", "deployment_frequency"];
    for asked in ["by=team&interval=month&compare=year_ago", "service=unknown", "window=30d"] {
        let path = format!("/api/v1/answers?names={}&to={end}&{asked}", names.join(","));
        let several = served.ask("GET", &path, &[], "").await;
        if asked == "service=unknown" {
            assert_eq!((several.status, &several.json()["parameter"]), (404, &Value::from("service")));
            continue;
        }
        let several = several.json();
        assert_eq!(several["data"].as_array().unwrap().len(), names.len(), "{asked}");
        for (name, answer) in names.iter().zip(several["data"].as_array().unwrap()) {
            let single = served.get(&format!("/api/v1/metrics/{name}?to={end}&{asked}")).await;
            assert_eq!(*answer, single["data"], "{name} {asked}");
        }
        // the second time it is answered from memory
        assert_eq!(served.get(&path).await, several, "{asked}");
    }
}

#[tokio::test]
async fn several_metrics_share_what_a_request_may_cost_and_an_unknown_one_is_named() {
    let served = served::empty().await;
    for (path, status, parameter) in [
        ("/api/v1/answers", 400, Some("names")),
        ("/api/v1/answers?names=", 400, Some("names")),
        ("/api/v1/answers?names=change_lead_time,change_lead_time", 200, None),
        ("/api/v1/answers?names=change_lead_time,change_laed_time", 404, Some("metric")),
        ("/api/v1/answers?names=change_lead_time,change_throughput&window=3650d&interval=day", 200, None),
    ] {
        let reply = served.ask("GET", path, &[], "").await;
        assert_eq!(reply.status, status, "{path}: {}", reply.body);
        assert_eq!(reply.json()["parameter"].as_str(), parameter, "{path}");
    }
    let many = "change_lead_time,change_throughput,change_cycle_time,change_size,time_to_merge,review_depth";
    let path = format!("/api/v1/answers?names={many}&window=3650d&interval=day");
    let reply = served.ask("GET", &path, &[], "").await;
    assert_eq!(reply.status, 422, "{}", reply.body);
    assert!(reply.json()["detail"].as_str().unwrap().contains("costs"), "{}", reply.body);
}

#[tokio::test]
async fn the_slices_of_a_report_are_the_reports_of_the_slices() {
    let served = served::filled().await;
    let end = served::end().format("%F");
    for by in ["team", "service"] {
        let of_slices = served.get(&format!("/api/v1/dora?to={end}&interval=month&by={by}")).await["data"].clone();
        assert_eq!(of_slices["by"], by);
        let slices = of_slices["slices"].as_array().unwrap();
        assert!(slices.len() >= 3, "{by}: {slices:?}");
        for slice in slices {
            let name = slice["slice"].as_str().unwrap();
            let alone = served.get(&format!("/api/v1/dora?to={end}&interval=month&{by}={name}")).await["data"].clone();
            for metric in METRICS {
                for field in ["value", "n", "level", "score", "benchmark", "values", "unit", "basis"] {
                    assert_eq!(slice[metric][field], alone[metric][field], "{by}={name} {metric} {field}");
                }
                let points = |part: &Value| -> Vec<Value> {
                    part[metric]["series"].as_array().unwrap().iter().map(|step| step["value"].clone()).collect()
                };
                assert_eq!(points(slice), points(&alone), "{by}={name} {metric}");
            }
            assert_eq!(slice["quick_check"], alone["quick_check"], "{by}={name}");
        }
        let mut whole = served.get(&format!("/api/v1/dora?to={end}&interval=month")).await["data"].clone();
        let mut without = of_slices.clone();
        for part in [&mut whole, &mut without] {
            let fields = part.as_object_mut().unwrap();
            fields.remove("slices");
            fields.remove("by");
        }
        assert_eq!(without, whole, "{by}: slices stand beside the whole");
    }
    let refused = served.ask("GET", "/api/v1/dora?by=label", &[], "").await;
    assert_eq!((refused.status, &refused.json()["expected"]), (400, &Value::from("`service` or `team`")));
}

#[tokio::test]
async fn a_comparison_is_with_the_values_of_the_other_window() {
    let served = served::filled().await;
    let from = (served::end() - chrono::TimeDelta::days(60)).format("%FT%TZ").to_string();
    let to = (served::end() - chrono::TimeDelta::days(20)).format("%FT%TZ").to_string();
    for compare in ["previous", "year_ago"] {
        let path = format!("from={from}&to={to}&by=team&compare={compare}");
        let report = served.get(&format!("/api/v1/dora?{path}")).await["data"].clone();
        let window = &report["change_lead_time"]["compared"]["window"];
        let other = format!("from={}&to={}", window["from"].as_str().unwrap(), window["to"].as_str().unwrap());
        let before = served.get(&format!("/api/v1/dora?{other}&by=team")).await["data"].clone();
        if compare == "previous" {
            assert_eq!(window["to"], report["window"]["from"]);
        }
        let slice = |report: &Value, name: &Value| -> Option<Value> {
            report["slices"].as_array().unwrap().iter().find(|slice| slice["slice"] == *name).cloned()
        };
        for metric in METRICS {
            compared(&report[metric], Some(&before[metric]), metric);
            for part in report["slices"].as_array().unwrap() {
                let then = slice(&before, &part["slice"]);
                compared(&part[metric], then.as_ref().map(|then| &then[metric]), metric);
            }
        }
        let answer = served.get(&format!("/api/v1/metrics/change_throughput?{path}")).await["data"].clone();
        let before = served.get(&format!("/api/v1/metrics/change_throughput?{other}")).await["data"].clone();
        compared(&answer["whole"], Some(&before["whole"]), "change_throughput");
    }
    let plain = served.get("/api/v1/dora").await;
    assert_eq!(plain["data"]["change_lead_time"]["compared"], Value::Null);
}

/// Fails unless a value is compared with that of the other window.
fn compared(now: &Value, before: Option<&Value>, metric: &str) {
    let found = &now["compared"];
    let (then, n) = before.map_or((None, 0), |before| (before["value"].as_f64(), before["n"].as_u64().unwrap()));
    assert_eq!((found["value"].as_f64(), found["n"].as_u64()), (then, Some(n)), "{metric}");
    let difference = now["value"].as_f64().zip(then).map(|(now, then)| now - then);
    assert_eq!(found["difference"].as_f64(), difference, "{metric}");
    let change =
        difference.zip(then).filter(|(_, then)| *then != 0.0).map(|(difference, then)| difference / then.abs());
    assert_eq!(found["change"].as_f64(), change, "{metric}");
}

#[tokio::test]
async fn each_step_has_all_values_where_that_is_asked_for() {
    let served = served::filled().await;
    let end = served::end().format("%F");
    let path = format!("/api/v1/metrics/change_lead_time?to={end}&window=90d&interval=month");
    let with_values = served.get(&format!("{path}&values_in_series=true")).await["data"].clone();
    let without = served.get(&path).await["data"].clone();
    let steps = with_values["whole"]["series"].as_array().unwrap();
    for (step, plain) in steps.iter().zip(without["whole"]["series"].as_array().unwrap()) {
        assert_eq!((&step["value"], &step["n"], &plain["values"]), (&plain["value"], &plain["n"], &Value::Null));
        let value = |name: &str| {
            let values = step["values"].as_array().unwrap().iter();
            values.clone().find(|value| value["name"] == name).unwrap()["value"].as_f64()
        };
        assert_eq!(value("median"), step["value"].as_f64());
        assert!(value("p75") >= value("median") && value("p90") >= value("p75"), "{step}");
    }
    let report = served.get(&format!("/api/v1/dora?to={end}&window=90d&interval=month")).await;
    assert_eq!(&report["data"]["change_lead_time"]["series"], &with_values["whole"]["series"]);
}
