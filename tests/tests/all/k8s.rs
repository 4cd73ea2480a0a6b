//! The chart deploy/chart and the manifests of k8s/, which are rendered out of it: accepted by the schemas of Kubernetes,
//! and by our own rules for what runs there.

mod chart;
mod rules;
pub(crate) mod script;

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

use rules::{ROLES, faults, list, pod};
use script::{named, read, root, settings};

fn files() -> Vec<PathBuf> {
    ["kustomization.yaml", "namespace.yaml", "sei.yaml"].map(|name| root().join("k8s").join(name)).into()
}

fn objects() -> Result<Vec<Value>> {
    read(&files())?.map_err(|problems| anyhow::anyhow!("{problems}"))
}

#[test]
fn the_manifests_hold_to_the_schemas_and_to_our_rules() -> Result<()> {
    let faults: Vec<_> =
        objects()?.iter().filter(|object| object["kind"] != "Kustomization").flat_map(faults).collect();
    assert!(faults.is_empty(), "{faults:#?}");
    Ok(())
}

#[test]
fn the_kustomization_lists_each_file_and_no_other() -> Result<()> {
    let objects = objects()?;
    let kustomization =
        objects.iter().find(|object| object["kind"] == "Kustomization").context("there is a kustomization")?;
    let listed: BTreeSet<_> = list(&kustomization["resources"]).iter().filter_map(Value::as_str).collect();
    let mut there = BTreeSet::new();
    for entry in std::fs::read_dir(root().join("k8s"))? {
        there.insert(entry?.file_name().into_string().unwrap_or_default());
    }
    let others = ["README.md", "kustomization.yaml", "values.yaml"];
    let there: BTreeSet<_> = there.iter().map(String::as_str).filter(|name| !others.contains(name)).collect();
    assert_eq!(listed, there);
    Ok(())
}

#[test]
fn each_role_is_deployed_and_what_is_named_is_there() -> Result<()> {
    let objects = objects()?;
    let mut deployments = ROLES.map(|role| format!("sei-{role}"));
    deployments.sort();
    assert_eq!(named(&objects, "Deployment"), deployments);
    assert_eq!(named(&objects, "PodDisruptionBudget"), deployments, "each may be drained altogether");
    assert_eq!(named(&objects, "Service"), ["sei-api", "sei-webhooks"]);
    for role in ROLES {
        let is_it = |object: &&Value| {
            object["kind"] == "Deployment" && object["metadata"]["name"] == format!("sei-{role}").as_str()
        };
        let object = objects.iter().find(is_it).context("it is there")?;
        let container = &object["spec"]["template"]["spec"]["containers"][0];
        assert_eq!(container["command"], serde_json::json!(["sei", "role", role]));
    }
    for template in objects.iter().filter_map(pod) {
        let account = template["spec"]["serviceAccountName"].as_str().context("it has an account")?;
        assert!(named(&objects, "ServiceAccount").iter().any(|name| name == account), "there is no {account}");
        for volume in list(&template["spec"]["volumes"]) {
            if let Some(name) = volume["configMap"]["name"].as_str() {
                assert!(named(&objects, "ConfigMap").iter().any(|there| there == name), "there is no ConfigMap {name}");
            }
        }
    }
    Ok(())
}

#[test]
fn the_settings_of_the_manifests_load_and_their_secrets_are_mounted() -> Result<()> {
    let objects = objects()?;
    let settings = settings(&objects).context("a ConfigMap holds sei.toml")?;
    let loaded = chart::loaded(settings)?;
    assert_eq!(loaded.server.listen.port(), 8080, "probes and services ask for 8080");
    assert!(!loaded.server.listen.ip().is_loopback(), "a pod that listens on loopback can't be reached");

    let mounted: BTreeSet<_> = objects
        .iter()
        .filter_map(pod)
        .flat_map(|template| list(&template["spec"]["volumes"]))
        .flat_map(|volume| list(&volume["secret"]["items"]))
        .filter_map(|item| item["path"].as_str())
        .map(|path| format!("/run/secrets/sei/{path}"))
        .collect();
    let referred: BTreeSet<_> =
        settings.split('"').filter(|part| part.starts_with("/run/secrets/")).map(str::to_owned).collect();
    assert_eq!(referred, mounted, "each secret of the settings is mounted somewhere, and none besides");
    Ok(())
}

#[test]
fn a_broken_manifest_is_refused_by_the_schemas() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let all = std::fs::read_to_string(root().join("k8s/sei.yaml"))?;
    let of_api = |kind: &str| {
        let is_it = |part: &&str| part.contains(&format!("kind: {kind}\n")) && part.contains("name: sei-api\n");
        all.split("\n---\n").find(is_it).context("it is there")
    };
    let good = [of_api("Deployment")?, of_api("Service")?, of_api("PodDisruptionBudget")?].join("\n---\n");
    for (name, from, to) in [
        ("a field that no Deployment has", "replicas: 2", "replica: 2"),
        ("a number that is a text", "containerPort: 8080", "containerPort: http"),
        ("a missing selector", "  selector:\n    matchLabels:", "  chooser:\n    matchLabels:"),
        ("a kind that there is not", "kind: Service\n", "kind: Servant\n"),
        ("an unknown version of a kind", "apiVersion: policy/v1\n", "apiVersion: policy/v1beta1\n"),
        ("a key that is there twice", "replicas: 2", "replicas: 2\n  replicas: 2"),
        ("what is no YAML", "spec:", "spec: ["),
    ] {
        assert!(good.contains(from), "{name}: the manifest has no `{from}` to break");
        let file = directory.path().join("broken.yaml");
        std::fs::write(&file, good.replacen(from, to, 1))?;
        assert!(read(&[file])?.is_err(), "{name} went through");
    }
    Ok(())
}

#[test]
fn a_manifest_that_breaks_one_of_our_rules_is_seen() -> Result<()> {
    let objects = objects()?;
    let api = objects
        .iter()
        .find(|object| object["kind"] == "Deployment" && object["metadata"]["name"] == "sei-api")
        .context("there is a Deployment sei-api")?;
    let container = "/spec/template/spec/containers/0";
    for (place, value) in [
        ("/metadata/labels".to_owned(), Value::Null),
        ("/spec/selector/matchLabels".to_owned(), Value::Null),
        ("/spec/template/spec/securityContext".to_owned(), Value::Null),
        ("/spec/template/spec/securityContext/runAsUser".to_owned(), 0.into()),
        ("/spec/template/spec/automountServiceAccountToken".to_owned(), true.into()),
        ("/spec/template/spec/enableServiceLinks".to_owned(), true.into()),
        ("/spec/template/spec/topologySpreadConstraints".to_owned(), Value::Null),
        (format!("{container}/image"), "sei".into()),
        (format!("{container}/image"), "sei:latest".into()),
        (format!("{container}/image"), "registry:5000/sei".into()),
        (format!("{container}/livenessProbe"), Value::Null),
        (format!("{container}/readinessProbe"), Value::Null),
        (format!("{container}/resources/limits"), Value::Null),
        (format!("{container}/securityContext/readOnlyRootFilesystem"), false.into()),
        (format!("{container}/securityContext/capabilities"), Value::Null),
    ] {
        let mut broken = api.clone();
        *broken.pointer_mut(&place).with_context(|| format!("there is {place}"))? = value;
        assert!(!faults(&broken).is_empty(), "{place} may be anything");
    }
    Ok(())
}
