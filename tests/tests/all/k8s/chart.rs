//! The chart with ten sets of values, and with wrong ones.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;

use anyhow::{Context, Result};
use parts::Part;
use serde_json::{Value, json};

use super::rules::{ROLES, faults, list, pod};
use super::script::{manifests, named, operators, read, root, settings};

/// What the chart makes of a set of values.
struct Rendered {
    objects: Vec<Value>,
    /// What the schemas and the linter have against it.
    problems: Vec<Value>,
    error: String,
}

/// Renders the chart with each file of values. None where Helm's library can't be had.
fn render(files: &[PathBuf]) -> Result<Option<Vec<Rendered>>> {
    let answer = match manifests("sets", files)? {
        Ok(answer) => answer,
        Err(why) if why.contains("can't be installed") => {
            parts::missing(Part::Helm, &why);
            return Ok(None);
        }
        Err(why) => anyhow::bail!("{why}"),
    };
    let sets: Vec<Value> = serde_json::from_str(&answer)?;
    let rendered = |set: Value| Rendered {
        objects: list(&set["objects"]).to_vec(),
        problems: list(&set["problems"]).to_vec(),
        error: set["error"].as_str().unwrap_or_default().to_owned(),
    };
    Ok(Some(sets.into_iter().map(rendered).collect()))
}

/// The sets of values that come with the chart, by name, and those of k8s/. Rendered once: each start of Helm takes a second.
fn sets() -> Result<Option<&'static BTreeMap<String, Rendered>>> {
    static SETS: OnceLock<Option<BTreeMap<String, Rendered>>> = OnceLock::new();
    if let Some(sets) = SETS.get() {
        return Ok(sets.as_ref());
    }
    let mut files = vec![root().join("k8s/values.yaml")];
    for entry in std::fs::read_dir(root().join("deploy/chart/ci"))? {
        files.push(entry?.path());
    }
    let name = |file: &PathBuf| file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
    let rendered = render(&files)?.map(|sets| files.iter().map(name).zip(sets).collect());
    Ok(SETS.get_or_init(|| rendered).as_ref())
}

/// The settings that a text of TOML states, as a role reads them.
pub(super) fn loaded(text: &str) -> Result<sei::settings::Settings> {
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("sei.toml");
    std::fs::write(&file, text)?;
    let settings = runtime::load::<sei::settings::Settings>(Some(&file), &[])?;
    let mut login = settings.login.clone();
    // their secrets are not on this machine
    login.provider.clear();
    login.require(&settings.server)?;
    Ok(settings)
}

/// What the chart makes of values that are not in a file yet.
fn render_values(values: &[Value]) -> Result<Option<Vec<Rendered>>> {
    let directory = tempfile::tempdir()?;
    let mut files = Vec::new();
    for (nth, value) in values.iter().enumerate() {
        let file = directory.path().join(format!("{nth}.yaml"));
        // YAML holds JSON
        std::fs::write(&file, value.to_string())?;
        files.push(file);
    }
    render(&files)
}

#[test]
fn the_manifests_are_those_of_the_chart() -> Result<()> {
    let committed = std::fs::read_to_string(root().join("k8s/sei.yaml"))?;
    match manifests("k8s", &[])? {
        Ok(rendered) => assert!(rendered == committed, "run `scripts/manifests k8s > k8s/sei.yaml`"),
        Err(why) if why.contains("can't be installed") => parts::missing(Part::Helm, &why),
        Err(why) => anyhow::bail!("{why}"),
    }
    Ok(())
}

#[test]
fn ten_sets_of_values_hold_to_the_schemas_and_our_rules_and_their_settings_load() -> Result<()> {
    let Some(sets) = sets()? else { return Ok(()) };
    assert!(sets.len() > 10, "{}", sets.len());
    for (name, set) in sets {
        assert_eq!((set.error.as_str(), &set.problems[..]), ("", &[][..]), "{name}");
        let faults: Vec<_> = set.objects.iter().flat_map(faults).collect();
        assert!(faults.is_empty(), "{name}: {faults:#?}");
        assert_eq!(named(&set.objects, "Deployment").len(), ROLES.len(), "{name}");
        let settings = settings(&set.objects).context("a ConfigMap holds sei.toml")?;
        loaded(settings).with_context(|| format!("{name}: {settings}"))?;
    }
    Ok(())
}

#[test]
fn every_section_of_the_settings_can_be_given_but_what_the_chart_decides() -> Result<()> {
    let schema: Value =
        serde_json::from_str(&std::fs::read_to_string(root().join("deploy/chart/values.schema.json"))?)?;
    let keys =
        |value: &Value| -> Vec<String> { value.as_object().into_iter().flat_map(|map| map.keys().cloned()).collect() };
    let mut sections = keys(&serde_json::to_value(sei::settings::Settings::default())?);
    sections.retain(|section| section != "data");
    sections.sort();
    let mut allowed = keys(&schema["properties"]["settings"]["properties"]);
    allowed.sort();
    assert_eq!(allowed, sections);
    Ok(())
}

#[test]
fn sets_of_values_bring_what_they_ask_for() -> Result<()> {
    let Some(sets) = sets()? else { return Ok(()) };
    let kinds = |set: &str, kind: &str| named(&sets[set].objects, kind);
    let autoscaled = ["sei-api", "sei-dora", "sei-processor", "sei-webhooks"];
    assert_eq!(kinds("autoscaled", "HorizontalPodAutoscaler"), autoscaled);
    assert_eq!(kinds("keda", "ScaledObject"), ["sei-processor"]);
    assert_eq!(kinds("keda", "HorizontalPodAutoscaler"), Vec::<String>::new(), "KEDA makes its own");
    assert_eq!(kinds("external-metric", "HorizontalPodAutoscaler"), ["sei-processor"]);
    assert_eq!(kinds("external-metric", "ServiceMonitor"), ["sei-metrics", "sei-results"]);
    assert_eq!(kinds("ingress", "Ingress"), ["sei"]);
    assert_eq!(kinds("gateway", "HTTPRoute"), ["sei-api", "sei-webhooks"]);
    assert_eq!(kinds("external-secrets", "ExternalSecret"), ["sei", "sei-migrate"]);
    assert!(!kinds("embedded", "NetworkPolicy").contains(&"sei-log".to_owned()));
    assert!(kinds("ingress", "NetworkPolicy").contains(&"sei-api".to_owned()), "it reaches its identity provider");
    let leaves = |set: &str, port: u16| {
        let policies = sets[set].objects.iter().filter(|object| object["metadata"]["name"] == "sei-default");
        let rules = policies.flat_map(|policy| policy["spec"]["egress"].as_array().into_iter().flatten());
        rules.flat_map(|rule| rule["ports"].as_array().into_iter().flatten()).any(|allowed| allowed["port"] == port)
    };
    assert!(leaves("large", 4318) && leaves("large", 3128), "traces and logs go to their collector");
    assert!(!leaves("minimal", 4318) && leaves("minimal", 5432), "it has no collector of traces");
    let of = |set: &str| loaded(settings(&sets[set].objects).context("it has settings")?);
    assert_eq!(of("ingress")?.server.public_url.as_deref(), Some("https://sei.example.org"));
    assert!(of("external-metric")?.api.prometheus.results);
    assert!(sets["large"].objects.iter().all(|object| object["metadata"]["annotations"]["helm.sh/hook"].is_null()
        || object["metadata"]["name"] == "sei-migrate"));
    Ok(())
}

#[test]
fn the_rules_of_prometheus_are_those_of_the_dashboards() -> Result<()> {
    let Some(sets) = sets()? else { return Ok(()) };
    for (name, file) in [("sei-rules-sei", "sei.rules.yml"), ("sei-rules-results", "results.rules.yml")] {
        let rule = sets["external-metric"].objects.iter().find(|object| object["metadata"]["name"] == name);
        let spec = &rule.context("there is a PrometheusRule")?["spec"];
        let copy = tempfile::Builder::new().suffix(".yaml").tempfile()?;
        let text = std::fs::read_to_string(root().join("dashboards/prometheus").join(file))?;
        // as an object that the schemas need not know
        let indented: String = text.lines().map(|line| format!("  {line}\n")).collect();
        let object = format!("apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nspec:\n{indented}");
        std::fs::write(copy.path(), object)?;
        let declared = read(&[copy.path().to_owned()])?.map_err(anyhow::Error::msg)?;
        assert_eq!(*spec, declared[0]["spec"], "{file}");
    }
    Ok(())
}

#[test]
fn an_unknown_field_of_a_kind_that_an_operator_brings_is_refused() -> Result<()> {
    if let Err(why) = operators() {
        parts::missing(Part::Go, why);
        return Ok(());
    }
    let object = |endpoint: Value| {
        json!({ "apiVersion": "monitoring.coreos.com/v1", "kind": "ServiceMonitor", "metadata": { "name": "sei" },
                "spec": { "selector": {}, "endpoints": [endpoint] } })
    };
    let file = tempfile::Builder::new().suffix(".yaml").tempfile()?;
    std::fs::write(file.path(), object(json!({ "port": "http" })).to_string())?;
    assert!(read(&[file.path().to_owned()])?.is_ok());
    std::fs::write(file.path(), object(json!({ "port": "http", "pth": "/metrics" })).to_string())?;
    let refused = read(&[file.path().to_owned()])?.err().context("an unknown field went through")?;
    assert!(refused.contains("pth"), "{refused}");
    Ok(())
}

#[test]
fn each_role_has_the_secrets_that_it_reads_and_no_other() -> Result<()> {
    let Some(sets) = sets()? else { return Ok(()) };
    let set = &sets["external-secrets"].objects;
    let keys = |name: &str| -> Vec<&str> {
        let pods = set.iter().filter(|object| object["metadata"]["name"] == name).filter_map(pod);
        let volumes = pods.flat_map(|template| list(&template["spec"]["volumes"]));
        let items = volumes.flat_map(|volume| list(&volume["secret"]["items"]));
        items.filter_map(|item| item["key"].as_str()).collect()
    };
    assert_eq!(keys("sei-collector"), ["database-url", "github-token", "jira-token", "kafka-password"]);
    assert_eq!(keys("sei-webhooks"), ["database-url", "events-token", "github-webhook-secret", "kafka-password"]);
    assert_eq!(keys("sei-processor"), ["database-url", "kafka-password"]);
    assert_eq!(keys("sei-migrate"), ["database-url"]);
    assert_eq!(keys("sei-backup"), ["backup-key", "database-url"]);
    Ok(())
}

#[test]
fn wrong_values_are_refused_with_what_is_expected() -> Result<()> {
    let with = |pointer: &str, value: Value| {
        let mut values = json!({ "settings": { "log": { "kafka": { "brokers": "kafka:9092" } } } });
        let mut at = &mut values;
        for key in pointer.split('.') {
            at = &mut at[key];
        }
        *at = value;
        values
    };
    let cases = [
        (json!({}), "settings.log.kafka.brokers: expected the brokers"),
        (with("settings.login", json!({ "enabled": false })), "settings.login.enabled: found false, expected true"),
        (with("settings.database", json!({ "url": { "env": "URL" } })), "pods have secrets as files only"),
        (with("settings.events", json!({ "tokens": [{ "env": "TOKEN" }] })), "pods have secrets as files only"),
        (with("settings.server", json!({ "listen": "127.0.0.1:1" })), "listen"),
        (with("settings.sources", json!([])), "sources"),
        (with("settings.backup", json!({ "schedule": "0 30 2 * * *" })), "expected five fields"),
        (with("route", json!({ "kind": "ingress" })), "route.host: expected the host"),
        (with("route", json!({ "kind": "gateway", "host": "sei.example.org" })), "route.gateway.parents: expected"),
        (with("route", json!({ "kind": "nodeport" })), "kind"),
        (with("image", json!({ "tag": "latest" })), "tag"),
        (with("roles", json!({ "worker": {} })), "worker"),
        (with("roles", json!({ "api": { "replicas": 0 } })), "replicas"),
        (
            with("roles", json!({ "processor": { "autoscaling": { "enabled": true, "max": 13 } } })),
            "found 13, expected at most settings.log.partitions (12)",
        ),
        (
            with(
                "secrets",
                json!({ "external": { "enabled": true, "store": { "kind": "SecretStore", "name": "s" } } }),
            ),
            "expected the key database-url, which the settings refer to",
        ),
    ];
    let values: Vec<Value> = cases.iter().map(|(values, _)| values.clone()).collect();
    let Some(rendered) = render_values(&values)? else { return Ok(()) };
    for ((values, expected), rendered) in cases.iter().zip(&rendered) {
        assert!(rendered.error.contains(expected), "{values}: {}", rendered.error);
    }
    Ok(())
}
