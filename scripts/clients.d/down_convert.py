"""Writes an OpenAPI 3.1 document as one of version 3.0, for generators that read no other.

    down_convert.py 3.1.json 3.0.json

Of each operation it keeps the answer in JSON and one kind of error: these generators take one of each.
"""

import json
import sys

METHODS = {"get", "post", "put", "patch", "delete"}
# Names of time zones differ in more than an identifier can.
MAX_WORDS = 100


def converted(node):
    """A schema, or whatever holds some, in words of version 3.0."""
    if isinstance(node, list):
        return [converted(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {key: converted(value) for key, value in node.items()}
    kinds = node.get("type")
    if isinstance(kinds, list):
        node["nullable"] = "null" in kinds
        node["type"] = next(kind for kind in kinds if kind != "null")
    if {"type": "null"} in node.get("oneOf", []):
        others = [one for one in node.pop("oneOf") if one != {"type": "null"}]
        node["nullable"] = True
        node["allOf" if len(others) == 1 else "oneOf"] = others
    # version 3.0 says nothing of what a text holds
    node.pop("contentMediaType", None)
    node.pop("contentSchema", None)
    if len(node.get("enum", [])) > MAX_WORDS:
        del node["enum"]
    if "const" in node:
        node["enum"] = [node.pop("const")]
    if isinstance(node.get("examples"), list):
        node["example"] = node.pop("examples")[0]
    return node


def narrow(operation):
    """Leaves one answer and one error, both as JSON, and no types of their own for parameters that are texts."""
    for parameter in operation.get("parameters", []):
        parameter["schema"].pop("pattern", None)
    responses = operation["responses"]
    answer = responses[min(status for status in responses if status.startswith("2"))]
    answer.pop("links", None)
    content = answer.get("content", {})
    # a stream has no JSON: its bytes are read one by one
    answer["content"] = {kind: content[kind] for kind in content if kind in ("application/json", "text/event-stream")}
    problem = responses["default"]
    problem["content"] = {"application/json": problem["content"]["application/problem+json"]}
    operation["responses"] = {"2XX": answer, "4XX": problem, "5XX": problem}


def main(source, target):
    with open(source, encoding="utf-8") as file:
        document = converted(json.load(file))
    document["openapi"] = "3.0.3"
    document["info"]["license"].pop("identifier", None)
    for path in document["paths"].values():
        for method in METHODS & path.keys():
            narrow(path[method])
    with open(target, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)


if __name__ == "__main__":
    main(*sys.argv[1:])
