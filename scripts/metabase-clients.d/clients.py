"""Asks a Metabase by `metabase-api` and by `dbt-metabase`, and prints what each step came to, as a line of JSON."""

import json
import logging
import pathlib
import sys
import tempfile

from dbtmetabase import DbtMetabase
from metabase_api import Metabase_API


def report(step, value):
    print(json.dumps({"step": step, "value": value}), flush=True)


def api(url, email, password, scope):
    """Finds, reads, runs, copies and archives what was applied, by names."""
    metabase = Metabase_API(url, email, password)
    report("databases", metabase.get_item_id("database", scope))
    collection = metabase.get_item_id("collection", scope)
    report("collection", metabase.get_item_info("collection", collection)["name"])
    dashboards = metabase.get("/api/dashboard/")
    report("dashboards", sorted(dashboard["name"] for dashboard in dashboards))
    dashboard = metabase.get_item_info("dashboard", dashboards[0]["id"])
    card = dashboard["dashcards"][0]["card"]
    report("card", metabase.get_item_info("card", card["id"])["name"] == card["name"])
    report("found", [item["model"] for item in metabase.search(card["name"], item_type="card")])
    rows = metabase.get_card_data(card_id=card["id"])
    report("rows", sorted(rows[0]))
    csv = metabase.get_card_data(card_id=card["id"], data_format="csv")
    report("csv", sorted(csv.splitlines()[0].split(",")))
    day = {"type": "date/single", "target": ["variable", ["template-tag", "from"]], "value": "2001-01-01"}
    report("filtered", len(metabase.get_card_data(card_id=card["id"], parameters=[day])))

    theirs = metabase.create_collection("Theirs", parent_collection_name="Root", return_results=True)["id"]
    copied = metabase.copy_card(source_card_id=card["id"], destination_collection_id=theirs, postfix=" copied")
    report("copied card", metabase.get_item_name("card", copied))
    report("copied rows", metabase.get_card_data(card_id=copied) == rows)
    copied_dashboard = metabase.copy_dashboard(
        source_dashboard_id=dashboard["id"], destination_collection_id=theirs, destination_dashboard_name="Copied"
    )
    copied_cards = metabase.get_item_info("dashboard", copied_dashboard)["dashcards"]
    report("copied dashboard", len(copied_cards) == len(dashboard["dashcards"]))
    report("archived", metabase.move_to_archive("dashboard", item_id=copied_dashboard))
    items = metabase.get(f"/api/collection/{theirs}/items")["data"]
    report("left", [item["name"] for item in items])
    report("deleted", metabase.delete_item("card", item_id=copied))

    metabase.put("/api/setting/humanization-strategy", json={"value": "none"})
    table = metabase.get_item_id("table", "deployment")
    columns = metabase.get_columns_name_id(table_id=table)
    report("columns", sorted(columns))
    made = metabase.create_card(
        card_name="Made", table_id=table, collection_id=theirs, column_order="db_table_order", return_card=True
    )
    report("made", [column["name"] for column in made["result_metadata"]][:3])
    report("updated", metabase.update_column({"description": "Theirs."}, column_id=columns["url"]))


def manifest(metabase, scope):
    """What dbt knows of the views: sources, with the descriptions that Metabase has."""
    database = metabase.find_database(scope)
    sources = {}
    for table in metabase.get_database_metadata(database["id"])["tables"]:
        columns = {
            field["name"]: {
                "name": field["name"],
                "description": field["description"],
                "meta": {"metabase.semantic_type": field["semantic_type"]} if field["semantic_type"] else {},
            }
            for field in table["fields"]
            if field["semantic_type"] != "type/FK" and field["visibility_type"] == "normal"
        }
        unique_id = f"source.sei.sei.{table['name']}"
        sources[unique_id] = {
            "resource_type": "source",
            "database": scope,
            "schema": table["schema"],
            "unique_id": unique_id,
            "name": table["name"],
            "source_name": "sei",
            "identifier": table["name"],
            "description": table["description"],
            "meta": {"metabase.visibility_type": table["visibility_type"]} if table["visibility_type"] else {},
            "columns": columns,
        }
    return {"nodes": {}, "sources": sources, "child_map": {unique_id: [] for unique_id in sources}}


def dbt(url, key, scope):
    """Exports descriptions, and finds what the dashboards depend on."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory) / "manifest.json"
        path.write_text(json.dumps({"nodes": {}, "sources": {}, "child_map": {}}))
        client = DbtMetabase(manifest_path=path, metabase_url=url, metabase_api_key=key)
        known = manifest(client.metabase, scope)
        report("sources", len(known["sources"]))
        path.write_text(json.dumps(known))
        client.export_models(metabase_database=scope)
        report("exported", True)
        deployment = known["sources"]["source.sei.sei.deployment"]
        deployment["columns"]["url"]["description"] = "Described by dbt."
        path.write_text(json.dumps(known))
        client.export_models(metabase_database=scope)
        report("described", True)
        exposures = client.extract_exposures(output_path=directory)
        report("exposures", sorted({exposure["type"] for exposure in exposures}))
        dashboards = [exposure["body"] for exposure in exposures if exposure["type"] == "dashboard"]
        report("dashboards", sorted(exposure["label"] for exposure in dashboards))
        report("owners", sorted({exposure["owner"]["email"] for exposure in dashboards}))


{"api": api, "dbt": dbt}[sys.argv[1]](*sys.argv[2:])
