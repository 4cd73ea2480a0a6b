"""Reads a compose.yaml as JSON, and holds it against the schema of the specification.

    compose.py FILE SCHEMA
"""

import json
import sys

import jsonschema
import yaml

from validate import Loader


def main(file, schema):
    with open(file, encoding="utf-8") as text:
        document = yaml.load(text, Loader)
    with open(schema, encoding="utf-8") as text:
        validator = jsonschema.Draft7Validator(json.load(text))
    problems = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]
    json.dump({"document": document, "problems": problems}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
