"""What no schema can say: rows that the parameter `fields` narrows have the fields that it names, and no others."""

import functools

import jsonschema_rs
import schemathesis
from schemathesis.openapi.checks import JsonSchemaError

JSON = "application/json"
# As it was loaded.
document = {}


def narrows(case, response):
    """Whether the rows of an answer are narrowed."""
    content_type = response.headers.get("content-type", [""])[0]
    return response.status_code == 200 and "fields" in (case.query or {}) and content_type.startswith(JSON)


def without_required(node):
    """A schema that requires no field of an object."""
    if isinstance(node, list):
        return [without_required(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: without_required(value) for key, value in node.items() if key != "required" or not isinstance(value, list)
    }


@functools.cache
def validator(path):
    """Reads what a list answers whose rows lack fields."""
    answer = document["paths"][path]["get"]["responses"]["200"]["content"][JSON]["schema"]
    schema = answer | {"components": without_required(document["components"])}
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


@schemathesis.hook
def after_load_schema(context, schema):
    """Keeps the document."""
    document.update(schema.raw_schema)


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Leaves to the check below what the document says of whole rows."""
    return not (isinstance(failure, JsonSchemaError) and narrows(case, response))


@schemathesis.check
def narrowed_rows(ctx, response, case):
    """Rows that `fields` narrows have what it names, each field as the document describes it."""
    if not narrows(case, response):
        return
    answer = response.json()
    expected = {name.split(".")[0] for name in case.query["fields"].split(",")}
    for row in answer["data"]:
        assert row.keys() == expected, f"A row has the fields {sorted(row)}; expected {sorted(expected)}."
    error = next(validator(case.operation.path).iter_errors(answer), None)
    assert error is None, f"A field is not as it is described: {error}"
