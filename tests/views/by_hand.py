"""What a person counts in dbt's artifacts: with plain json, without any code of this project."""

import re
from collections import Counter, defaultdict

BUILDING = {"build", "run", "test", "seed", "snapshot", "retry"}
OUTCOME = {
    "pass": "passing",
    "success": "passing",
    "warn": "warning",
    "fail": "failing",
    "error": "failing",
}
RELATIONS = ("model", "seed", "snapshot", "source")


def documented(manifest, catalog):
    """unique_id to how much is described, for what dbt builds or reads."""
    nodes = manifest["nodes"] | manifest["sources"]
    found = catalog["nodes"] | catalog["sources"]
    return {
        uid: _documented(node, found.get(uid))
        for uid, node in nodes.items()
        if node["resource_type"] in RELATIONS and node.get("relation_name")
    }


def _documented(node, table):
    flags = node["config"].get("persist_docs") or {}
    described = {name.lower(): c.get("description") or "" for name, c in node["columns"].items()}
    real = table["columns"] if table else {}
    comments = {name.lower(): column.get("comment") for name, column in real.items()}
    has_text = {name for name, text in described.items() if text}
    held = {name for name in has_text if comments.get(name) == described[name]}
    columns = set(described) | set(comments)
    writes = bool(flags.get("columns")) and node["resource_type"] != "source"
    told = {
        "is_described": bool(node.get("description")),
        "columns_total": len(columns),
        "columns_documented": len(has_text),
        "columns_missing": len(columns) - len(has_text),
        "columns_persisted": len(held) if writes and table else 0,
        "columns_not_persisted": 0 if writes else len(has_text),
        "columns_unverified": len(has_text) if writes and not table else 0,
        "columns_mismatched": len(has_text - held) if writes and table else 0,
        "columns_gone": len(set(described) - set(comments)) if table else 0,
    }
    told["is_complete"] = told["is_described"] and told["columns_missing"] == 0
    return told


def judged(manifest, test):
    """Name the nodes a test judges."""
    if test["resource_type"] == "unit_test":
        name, version = test["model"], test.get("version")
        return [
            uid
            for uid, node in manifest["nodes"].items()
            if uid.startswith("model.")
            and node["name"] == name
            and version in {None, node.get("version")}
        ]
    if test.get("attached_node"):
        return [test["attached_node"]]
    if test.get("test_metadata") is None:  # a singular test judges everything it reads
        return test["depends_on"]["nodes"]
    argument = test["test_metadata"]["kwargs"]["model"]
    if source := re.search(r"source\('(\w+)', '(\w+)'\)", argument):
        name = f".{source[1]}.{source[2]}"
        return [uid for uid in manifest["sources"] if uid.endswith(name)]
    name = re.search(r"ref\('(\w+)'", argument)[1]
    return [uid for uid in test["depends_on"]["nodes"] if uid.split(".")[2] == name]


def last_results(documents):
    """unique_id to the newest status that is no skip; the run_results.json come oldest first."""
    last = {}
    for document in documents:
        if document["args"]["which"] in BUILDING:
            told = document["results"]
            last |= {r["unique_id"]: r["status"] for r in told if r["status"] != "skipped"}
    return last


def tested(manifest, last):
    """unique_id of a relation to how many of its tests ended how."""
    counts = defaultdict(Counter)
    for uid, node in (manifest["nodes"] | manifest["unit_tests"]).items():
        if node["resource_type"] in ("test", "unit_test"):
            outcome = OUTCOME.get(last.get(uid), "never_run")
            for relation in judged(manifest, node):
                counts[relation][outcome] += 1
    return counts
