//! The manifests of k8s/: accepted by the schemas of Kubernetes, and by our own rules for what runs there.
//! `scripts/manifests` validates them strictly and hands them over as JSON.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

const ROLES: [&str; 5] = ["collector", "webhooks", "processor", "dora", "api"];

fn base() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../k8s/base")
}

/// The objects of manifests, or what the schemas have against them.
fn read(files: &[PathBuf]) -> Result<Result<Vec<Value>, String>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/manifests");
    let output = Command::new(script).args(files).output()?;
    if !output.status.success() {
        return Ok(Err(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let all: Vec<Value> = serde_json::from_slice(&output.stdout)?;
    Ok(Ok(all.into_iter().map(|one| one["object"].clone()).collect()))
}

fn files() -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(base())? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn objects() -> Result<Vec<Value>> {
    read(&files()?)?.map_err(|problems| anyhow::anyhow!("{problems}"))
}

/// What an object runs: the pod of a Deployment or a Job.
fn pod(object: &Value) -> Option<&Value> {
    matches!(object["kind"].as_str(), Some("Deployment" | "Job")).then(|| &object["spec"]["template"])
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// What our own rules have against an object.
fn faults(object: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let mut rule = |holds: bool, what: &str| {
        if !holds {
            faults.push(format!("{} {}: {what}", object["kind"], object["metadata"]["name"]));
        }
    };
    rule(object["kind"] != "Secret", "secrets are referred to, never kept here");
    rule(object["metadata"]["labels"]["app.kubernetes.io/part-of"] == "sei", "it is labeled as part of sei");
    let Some(template) = pod(object) else { return faults };
    let spec = &template["spec"];
    let served = object["kind"] == "Deployment";
    rule(spec["serviceAccountName"] == "sei", "it runs as our service account");
    rule(spec["automountServiceAccountToken"] == false, "no token of the cluster is mounted");
    rule(spec["securityContext"]["runAsNonRoot"] == true, "it does not run as root");
    rule(spec["securityContext"]["runAsUser"].as_u64().is_some_and(|user| user > 0), "its user is named");
    rule(spec["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault", "its system calls are filtered");
    for outside in ["hostNetwork", "hostPID", "hostIPC"] {
        rule(spec[outside].is_null(), "it stays out of the node's namespaces");
    }
    rule(
        list(&spec["volumes"]).iter().all(|volume| volume["hostPath"].is_null()),
        "no directory of the node is mounted",
    );
    let containers = list(&spec["containers"]);
    rule(!containers.is_empty(), "it runs something");
    for container in containers.iter().chain(list(&spec["initContainers"])) {
        let context = &container["securityContext"];
        rule(context["readOnlyRootFilesystem"] == true, "its file system is read-only");
        rule(context["allowPrivilegeEscalation"] == false, "it gains no rights");
        rule(context["privileged"].is_null(), "it has no rights of the node");
        rule(context["capabilities"]["drop"] == serde_json::json!(["ALL"]), "it drops all capabilities");
        rule(context["capabilities"]["add"].is_null(), "it adds no capability");
        for kind in ["requests", "limits"] {
            for resource in ["cpu", "memory"] {
                rule(
                    container["resources"][kind][resource].is_string(),
                    "it asks for cpu and memory, and has limits of both",
                );
            }
        }
        let image = container["image"].as_str().unwrap_or_default();
        let version = image.rsplit('/').next().and_then(|name| name.split_once(':'));
        rule(version.is_some_and(|(_, tag)| !tag.is_empty() && tag != "latest"), "its image has a version");
        rule(list(&container["env"]).iter().all(|env| env["value"].is_null()), "its settings are in the settings file");
        if served {
            rule(container["livenessProbe"]["httpGet"]["path"] == "/livez", "it is asked whether it lives");
            rule(container["readinessProbe"]["httpGet"]["path"] == "/readyz", "it is asked whether it is ready");
        }
    }
    if served {
        rule(object["spec"]["selector"]["matchLabels"] == template["metadata"]["labels"], "it selects its own pods");
    }
    faults
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
    let files = files()?;
    let there: BTreeSet<_> = files
        .iter()
        .filter_map(|file| file.file_name()?.to_str())
        .filter(|name| *name != "kustomization.yaml")
        .collect();
    assert_eq!(listed, there);
    Ok(())
}

#[test]
fn each_role_is_deployed_and_what_is_named_is_there() -> Result<()> {
    let objects = objects()?;
    let named = |kind: &str| -> BTreeSet<String> {
        let of_kind = objects.iter().filter(|object| object["kind"] == kind);
        of_kind.filter_map(|object| Some(object["metadata"]["name"].as_str()?.to_owned())).collect()
    };
    assert_eq!(named("Deployment"), ROLES.map(|role| format!("sei-{role}")).into());
    assert_eq!(named("Service"), ["sei-webhooks".to_owned(), "sei-api".to_owned()].into());
    for (role, object) in ROLES.iter().flat_map(|role| {
        let name = format!("sei-{role}");
        objects
            .iter()
            .filter(move |object| object["kind"] == "Deployment" && object["metadata"]["name"] == name)
            .map(move |object| (role, object))
    }) {
        let container = &object["spec"]["template"]["spec"]["containers"][0];
        assert_eq!(container["command"], serde_json::json!(["sei", "role", role]));
        if object["spec"]["replicas"].as_u64() > Some(1) {
            assert!(named("PodDisruptionBudget").contains(&format!("sei-{role}")), "{role} may be drained altogether");
        }
    }
    for template in objects.iter().filter_map(pod) {
        assert!(named("ServiceAccount").contains(template["spec"]["serviceAccountName"].as_str().unwrap()));
        for volume in list(&template["spec"]["volumes"]) {
            if let Some(name) = volume["configMap"]["name"].as_str() {
                assert!(named("ConfigMap").contains(name), "there is no ConfigMap {name}");
            }
        }
    }
    Ok(())
}

#[test]
fn the_settings_of_the_manifests_load_and_their_secrets_are_mounted() -> Result<()> {
    let objects = objects()?;
    let settings =
        objects.iter().find_map(|object| object["data"]["sei.toml"].as_str()).context("a ConfigMap holds sei.toml")?;
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("sei.toml");
    std::fs::write(&file, settings)?;
    let loaded = runtime::load::<sei::settings::Settings>(Some(&file), &[])?;
    assert_eq!(loaded.server.listen.port(), 8080, "probes and services ask for 8080");
    assert!(!loaded.server.listen.ip().is_loopback(), "a pod that listens on loopback can't be reached");
    assert!(loaded.login.require(&loaded.server).is_ok(), "the API does not start without a login");

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
    let good = std::fs::read_to_string(base().join("api.yaml"))?;
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
        ("/spec/template/spec/automountServiceAccountToken".to_owned(), true.into()),
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
