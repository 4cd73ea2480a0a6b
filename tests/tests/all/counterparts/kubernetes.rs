//! The chart and the manifests with the tools of others: Helm itself, kube-score, Checkov, kubectl.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use parts::Part;
use serde_json::Value;

use crate::k8s::script::{manifests, read, root};

/// What kube-score asks for that is decided otherwise: images have a version or a digest, so pulling one again brings
/// nothing.
const SCORE_IGNORED: [&str; 1] = ["container-image-pull-policy"];

/// What Checkov asks for that is decided otherwise: the same, and a digest, which who installs may give (`image.digest`).
const CHECKOV_SKIPPED: &str = "CKV_K8S_15,CKV_K8S_43";

fn tool(name: &str) -> Option<Command> {
    let directory = parts::server("SEI_TEST_KUBERNETES", Part::Kubernetes)?;
    Some(Command::new(PathBuf::from(directory).join(name)))
}

/// What a program prints, which has to end well.
fn printed(command: &mut Command) -> Result<String> {
    let output = command.output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    ensure!(output.status.success(), "{command:?}\n{}{}", text(&output.stdout), text(&output.stderr));
    Ok(text(&output.stdout))
}

fn sets() -> Result<Vec<PathBuf>> {
    let mut files = vec![root().join("k8s/values.yaml")];
    for entry in std::fs::read_dir(root().join("deploy/chart/ci"))? {
        files.push(entry?.path());
    }
    files.sort();
    Ok(files)
}

/// The manifests of a set of values, by Helm itself.
fn template(values: &PathBuf) -> Result<Option<String>> {
    let Some(mut helm) = tool("helm") else { return Ok(None) };
    helm.args(["template", "sei"]).arg(root().join("deploy/chart")).arg("--values").arg(values);
    Ok(Some(printed(helm.args(["--namespace", "sei", "--kube-version", "1.32.0"]))?))
}

fn sorted(mut objects: Vec<Value>) -> Vec<Value> {
    objects.sort_by_key(|object| format!("{} {}", object["kind"], object["metadata"]["name"]));
    objects
}

#[test]
fn helm_lints_the_chart_and_renders_what_its_library_does() -> Result<()> {
    let files = sets()?;
    let by_library = manifests("sets", &files)?.map_err(anyhow::Error::msg)?;
    let by_library: Vec<Value> = serde_json::from_str(&by_library)?;
    for (values, library) in files.iter().zip(by_library) {
        let Some(mut helm) = tool("helm") else { return Ok(()) };
        printed(helm.args(["lint", "--strict"]).arg(root().join("deploy/chart")).arg("--values").arg(values))?;
        let Some(text) = template(values)? else { return Ok(()) };
        let file = tempfile::Builder::new().suffix(".yaml").tempfile()?;
        std::fs::write(file.path(), text)?;
        let objects = read(&[file.path().to_owned()])?.map_err(anyhow::Error::msg)?;
        let library = library["objects"].as_array().cloned().context("the library renders it")?;
        assert!(sorted(objects) == sorted(library), "{}", values.display());
    }
    Ok(())
}

#[test]
fn helm_packages_the_chart_with_the_rules_of_prometheus() -> Result<()> {
    let Some(mut helm) = tool("helm") else { return Ok(()) };
    let directory = tempfile::tempdir()?;
    printed(helm.arg("package").arg(root().join("deploy/chart")).arg("--destination").arg(directory.path()))?;
    let package = std::fs::read_dir(directory.path())?.next().context("there is a package")??.path();
    let listed = printed(Command::new("tar").arg("--list").arg("--verbose").arg("--file").arg(package))?;
    let is_file = |line: &&str| line.starts_with('-') && line.ends_with("sei/files/sei.rules.yml");
    assert!(listed.lines().any(|line| is_file(&line)), "{listed}");
    Ok(())
}

#[test]
fn kube_score_finds_nothing_critical() -> Result<()> {
    for values in sets()? {
        let Some(text) = template(&values)? else { return Ok(()) };
        let Some(mut score) = tool("kube-score") else { return Ok(()) };
        let file = tempfile::Builder::new().suffix(".yaml").tempfile()?;
        std::fs::write(file.path(), text)?;
        score.args(["score", "--kubernetes-version", "v1.32", "--output-format", "ci"]);
        score.args(SCORE_IGNORED.iter().flat_map(|check| ["--ignore-test", check]));
        if values.ends_with("openshift.yaml") {
            // the platform chooses the user
            score.args(["--ignore-test", "container-security-context-user-group-id"]);
        }
        printed(score.arg(file.path())).with_context(|| values.display().to_string())?;
    }
    Ok(())
}

#[test]
fn checkov_finds_no_policy_that_is_broken() -> Result<()> {
    // where the platform chooses the user, none is stated
    for (chosen, skipped) in [(false, CHECKOV_SKIPPED.to_owned()), (true, format!("{CHECKOV_SKIPPED},CKV_K8S_40"))] {
        let directory = tempfile::tempdir()?;
        for values in sets()?.iter().filter(|values| values.ends_with("openshift.yaml") == chosen) {
            let Some(text) = template(values)? else { return Ok(()) };
            std::fs::write(directory.path().join(values.file_name().context("it has a name")?), text)?;
        }
        let Some(mut checkov) = tool("checkov") else { return Ok(()) };
        checkov.args([
            "--framework",
            "kubernetes",
            "--compact",
            "--quiet",
            "--skip-download",
            "--skip-check",
            &skipped,
        ]);
        printed(checkov.arg("--directory").arg(directory.path()))?;
    }
    Ok(())
}

#[test]
fn kubectl_reads_the_kustomization_as_the_manifests() -> Result<()> {
    let Some(mut kubectl) = tool("kubectl") else { return Ok(()) };
    let text = printed(kubectl.arg("kustomize").arg(root().join("k8s")))?;
    let file = tempfile::Builder::new().suffix(".yaml").tempfile()?;
    std::fs::write(file.path(), text)?;
    let files = ["namespace.yaml", "sei.yaml"].map(|name| root().join("k8s").join(name));
    let read = |files: &[PathBuf]| read(files)?.map_err(anyhow::Error::msg);
    assert!(sorted(read(&[file.path().to_owned()])?) == sorted(read(&files)?));
    Ok(())
}
