"""Holds Kubernetes manifests against the schemas of Kubernetes, strictly, and prints them as JSON.

    validate.py FILE...

Every object is validated for the oldest and the newest version that we mean to run on; an unknown field, a
missing one, a key that is there twice and a kind without a schema are all errors. Kustomizations are not
objects of a cluster: they are only read. Kinds that operators bring are validated by their definitions in the directory
that OPERATOR_SCHEMAS names (`scripts/schemas operators`), without which they are only read.
"""

import functools
import glob
import json
import os
import sys

import jsonschema
import kubernetes_validate
import yaml

VERSIONS = ["1.32", "1.37"]

# of the Prometheus operator, KEDA, the Gateway API, the External Secrets Operator
OF_OPERATORS = ("monitoring.coreos.com/v1", "keda.sh/v1alpha1", "gateway.networking.k8s.io/v1", "external-secrets.io/v1")


MERGE = "tag:yaml.org,2002:merge"


class Loader(yaml.SafeLoader):
    """As the safe one, but a key that is there twice is an error."""


def mapping(loader, node):
    keys = [key.value if key.tag == MERGE else loader.construct_object(key) for key, _ in node.value]
    for key in keys:
        if keys.count(key) > 1:
            raise yaml.constructor.ConstructorError(None, None, f"{key!r} is there twice", node.start_mark)
    return yaml.SafeLoader.construct_mapping(loader, node, deep=True)


Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)


@functools.cache
def definitions():
    """The validators of the kinds that operators bring, by version and kind."""
    found = {}
    for file in glob.glob(os.path.join(os.environ["OPERATOR_SCHEMAS"], "*.yaml")):
        with open(file, encoding="utf-8") as text:
            spec = yaml.safe_load(text)["spec"]
        for version in spec["versions"]:
            name = f"{spec['group']}/{version['name']}"
            schema = strict(version["schema"]["openAPIV3Schema"])
            found[name, spec["names"]["kind"]] = jsonschema.Draft7Validator(schema)
    return found


def strict(schema):
    """The same schema, by which an object has only properties that it names."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: strict(value) for key, value in schema.items()}
    closed = isinstance(schema.get("properties"), dict) and schema.get("type") == "object"
    if closed and not schema.get("x-kubernetes-preserve-unknown-fields"):
        schema.setdefault("additionalProperties", False)
    return schema


def of_operators(document):
    if "OPERATOR_SCHEMAS" not in os.environ:
        return
    validator = definitions().get((document["apiVersion"], document["kind"]))
    if validator is None:
        yield f"there is no definition of {document['kind']} in {document['apiVersion']}"
        return
    for error in validator.iter_errors(document):
        yield f"{document['kind']}: {error.json_path}: {error.message}"


def problems(document):
    if not isinstance(document, dict) or not {"apiVersion", "kind"} <= document.keys():
        yield "it has no apiVersion and kind"
        return
    if document["apiVersion"].startswith("kustomize."):
        return
    if document["apiVersion"] in OF_OPERATORS:
        yield from of_operators(document)
        return
    for version in VERSIONS:
        try:
            kubernetes_validate.validate(document, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            place = ".".join(str(part) for part in error.path)
            yield f"{document['kind']} in Kubernetes {version}: {place}: {error.message}"
        except kubernetes_validate.SchemaNotFoundError as error:
            yield error.message


def main(files):
    objects, bad = [], False
    for file in files:
        try:
            with open(file, encoding="utf-8") as text:
                documents = [one for one in yaml.load_all(text, Loader) if one is not None]
        except yaml.YAMLError as error:
            documents = []
            bad = True
            print(f"{file}: {error}", file=sys.stderr)
        for document in documents:
            for problem in problems(document):
                bad = True
                print(f"{file}: {problem}", file=sys.stderr)
            objects.append({"file": file, "object": document})
    json.dump(objects, sys.stdout)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
