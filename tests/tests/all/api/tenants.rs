//! Whose data an answer is: chosen by header or parameter, and made-up data is marked everywhere.

use serde_json::Value;

use super::served;

#[tokio::test]
async fn each_tenant_sees_its_own_data_and_made_up_data_is_marked() {
    let served = served::empty().await;
    served::add_demo(&served, served::organization().facts()).await;
    for path in ["/api/v1/dora", "/api/v1/services", "/api/v1/deployments", "/api/v1/changes", "/api/v1/findings"] {
        let main = served.ask("GET", path, &[], "").await;
        assert_eq!((main.header("sei-tenant"), main.header("sei-demo")), (Some("main"), Some("false")), "{path}");
        assert_eq!((&main.json()["tenant"], &main.json()["demo"]), (&Value::from("main"), &Value::from(false)));
        let by_header = served.ask("GET", path, &[("sei-tenant", "demo")], "").await;
        assert_eq!(
            (by_header.header("sei-tenant"), by_header.header("sei-demo")),
            (Some("demo"), Some("true")),
            "{path}"
        );
        assert_eq!(
            (&by_header.json()["tenant"], &by_header.json()["demo"]),
            (&Value::from("demo"), &Value::from(true))
        );
        let by_parameter = served.ask("GET", &format!("{path}?tenant=demo"), &[], "").await;
        assert_eq!(by_parameter.header("sei-demo"), Some("true"), "{path}");
    }
    assert_eq!(served.get("/api/v1/services").await["data"], Value::Array(Vec::new()));
    assert!(!served.get("/api/v1/services?tenant=demo").await["data"].as_array().unwrap().is_empty());
    let tenants = served.get("/api/v1/tenants").await.to_string();
    let expected = r#"{"data":[{"demo":true,"name":"demo"},{"demo":false,"name":"main"}],"demo":false,"next_cursor":null,"tenant":"main"}"#;
    assert_eq!(tenants, expected, "in the envelope of every list");
    let body = r#"{"query": "{ tenant { name demo } services { nodes { name } } }"}"#;
    let headers = [("content-type", "application/json"), ("sei-tenant", "demo")];
    let answer = served.ask("POST", "/graphql", &headers, body).await;
    assert_eq!(answer.header("sei-demo"), Some("true"));
    assert_eq!(answer.json()["data"]["tenant"]["demo"], true);
}

#[tokio::test]
async fn without_data_there_is_null_and_a_plain_statement_never_zero() {
    let served = served::empty().await;
    let report = served.get("/api/v1/dora").await;
    for metric in ["change_lead_time", "change_fail_rate", "failed_deployment_recovery_time", "deployment_rework_rate"]
    {
        assert_eq!(report["data"][metric]["value"], Value::Null, "{metric}");
        assert_eq!(report["data"][metric]["n"], 0, "{metric}");
    }
}
