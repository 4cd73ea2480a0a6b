"""Renders the chart deploy/chart, as release `sei` in the namespace `sei`.

    chart.py sets VALUES...    each set of values: its objects, and what the linter and the schemas have against them, as JSON
    chart.py k8s               what k8s/sei.yaml holds

Helm validates the values by values.schema.json when it renders. An error is an answer, not a failure: a test asks for it.
"""

import json
import os
import re
import sys

import helm_python
import yaml

from validate import Loader, problems

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")
CHART = os.path.join(ROOT, "deploy", "chart")
HEADER = """\
# Rendered out of the chart deploy/chart with the values of k8s/values.yaml by `scripts/manifests k8s > k8s/sei.yaml`.
# Change these, not this file.
"""


def read(file):
    with open(file, encoding="utf-8") as text:
        return yaml.load(text, Loader)


def documents(values):
    """The rendered documents as texts, without those that are empty."""
    with helm_python.Chart.load(CHART) as chart:
        rendered = chart.render(values, name="sei", namespace="sei")
    for template, text in sorted(rendered.items()):
        if template.endswith(".txt"):
            continue
        for document in re.split(r"^---$", text, flags=re.MULTILINE):
            lines = [line.rstrip() for line in document.strip("\n").splitlines()]
            document = "\n".join(lines).strip("\n") + "\n"
            if yaml.load(document, Loader) is not None:
                yield document


def lint(values):
    """What the linter has against the chart with these values, beyond a remark."""
    report = helm_python.lint(CHART, values, strict=True, namespace="sei", kube_version="v1.32.0", quiet=True)
    return [message["error"] for message in report["messages"] if message["severity"] > 1] + list(report["errors"])


def rendered(file):
    values = read(file)
    try:
        texts = list(documents(values))
    except helm_python.HelmError as error:
        return {"file": file, "error": str(error)}
    objects = [yaml.load(text, Loader) for text in texts]
    found = [problem for one in objects for problem in problems(one)]
    return {"file": file, "objects": objects, "problems": found + lint(values)}


def k8s():
    texts = documents(read(os.path.join(ROOT, "k8s", "values.yaml")))
    # Helm manages nothing of it
    text = HEADER + "---\n".join(texts)
    return re.sub(r"^ *app\.kubernetes\.io/managed-by: Helm\n", "", text, flags=re.MULTILINE)


def main(command, *files):
    if command == "k8s":
        sys.stdout.write(k8s())
    else:
        json.dump([rendered(file) for file in files], sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
