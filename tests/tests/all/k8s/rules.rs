//! Our own rules for what runs on Kubernetes.

use serde_json::Value;

/// What each installation runs.
pub(super) const ROLES: [&str; 5] = ["collector", "webhooks", "processor", "dora", "api"];

/// What an object runs: the pod of a Deployment, a Job or a CronJob.
pub(super) fn pod(object: &Value) -> Option<&Value> {
    match object["kind"].as_str()? {
        "Deployment" | "Job" => Some(&object["spec"]["template"]),
        "CronJob" => Some(&object["spec"]["jobTemplate"]["spec"]["template"]),
        _ => None,
    }
}

pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// What our own rules have against an object.
pub(super) fn faults(object: &Value) -> Vec<String> {
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
    rule(
        spec["serviceAccountName"].as_str().is_some_and(|name| name.starts_with("sei")),
        "it runs as our service account",
    );
    rule(spec["enableServiceLinks"] == false, "Services of the namespace are not in its environment");
    rule(spec["automountServiceAccountToken"] == false, "no token of the cluster is mounted");
    rule(spec["securityContext"]["runAsNonRoot"] == true, "it does not run as root");
    rule(spec["securityContext"]["runAsUser"].as_u64() != Some(0), "its user is not root");
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
        let version = image.rsplit('/').next().and_then(|name| name.split_once(['@', ':']));
        rule(version.is_some_and(|(_, tag)| !tag.is_empty() && tag != "latest"), "its image has a version");
        rule(list(&container["env"]).iter().all(|env| env["value"].is_null()), "its settings are in the settings file");
        if served {
            rule(container["livenessProbe"]["httpGet"]["path"] == "/livez", "it is asked whether it lives");
            rule(container["readinessProbe"]["httpGet"]["path"] == "/readyz", "it is asked whether it is ready");
        }
    }
    if served {
        rule(object["spec"]["selector"]["matchLabels"] == template["metadata"]["labels"], "it selects its own pods");
        rule(!list(&spec["topologySpreadConstraints"]).is_empty(), "its pods spread over zones and nodes");
    }
    faults
}
