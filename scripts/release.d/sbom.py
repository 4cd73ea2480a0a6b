"""Prints the bill of materials of a release as CycloneDX 1.6: what is compiled into sei, of Rust and of npm.

    sbom.py VERSION TRIPLE SOURCE_DATE_EPOCH LINKED < (cargo metadata)

LINKED is a file with what `cargo tree --edges normal,no-proc-macro --prefix none` prints: metadata knows no features of one package alone.
"""

import datetime
import json
import sys
import tomllib
import uuid

version, triple, epoch, linked_file = sys.argv[1:]
metadata = json.load(sys.stdin)
packages = {package["id"]: package for package in metadata["packages"]}
nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
with open("Cargo.lock", "rb") as file:
    locked = {(one["name"], one["version"]): one.get("checksum") for one in tomllib.load(file)["package"]}


with open(linked_file, encoding="utf-8") as file:
    tree = {tuple(line.split()[:2]) for line in file if line.strip()}


def is_linked(identifier):
    """Whether it is compiled into sei; so are sources that the build of another one compiles, such as openssl-src."""
    package = packages[identifier]
    return (package["name"], f"v{package['version']}") in tree or package["name"].endswith("-src")


def linked(node):
    """What is linked into a crate: not what only tests it, or builds it without being a part."""
    return sorted(one["pkg"] for one in node["deps"] if is_linked(one["pkg"]))


def reference(identifier):
    package = packages[identifier]
    return f"pkg:cargo/{package['name']}@{package['version']}"


def crate(identifier):
    package = packages[identifier]
    found = {"type": "library", "bom-ref": reference(identifier), "name": package["name"], "version": package["version"]}
    if package["license"]:
        found["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    checksum = locked.get((package["name"], package["version"]))
    if checksum:
        found["hashes"] = [{"alg": "SHA-256", "content": checksum}]
        found["purl"] = reference(identifier)
    return found


root = next(one for one, package in packages.items() if package["name"] == "sei" and package["source"] is None)
seen, waiting = {root}, [root]
while waiting:
    for dependency in linked(nodes[waiting.pop()]):
        if dependency not in seen:
            seen.add(dependency)
            waiting.append(dependency)
crates = sorted(seen - {root}, key=reference)

with open("dashboards/web/package-lock.json", encoding="utf-8") as file:
    web = json.load(file)["packages"]
modules = {}
for path, package in web.items():
    name = path.rpartition("node_modules/")[2]
    if not path.startswith("node_modules/") or package.get("dev") or package.get("link"):
        continue
    purl = f"pkg:npm/{name.replace('@', '%40')}@{package['version']}"
    modules[purl] = {"type": "library", "bom-ref": purl, "name": name, "version": package["version"], "purl": purl}
    if "license" in package:
        modules[purl]["licenses"] = [{"expression": package["license"]}]

time = datetime.datetime.fromtimestamp(int(epoch), datetime.UTC).isoformat().replace("+00:00", "Z")
json.dump(
    {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'sei-{version}-{triple}-{epoch}')}",
        "version": 1,
        "metadata": {
            "timestamp": time,
            "component": crate(root) | {"type": "application", "version": version},
            "properties": [{"name": "target", "value": triple}],
        },
        "components": [crate(one) for one in crates] + [modules[purl] for purl in sorted(modules)],
        "dependencies": [
            {"ref": reference(one), "dependsOn": [reference(two) for two in linked(nodes[one]) if two in seen]}
            for one in [root, *crates]
        ],
    },
    sys.stdout,
    indent=1,
)
