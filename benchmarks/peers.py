"""Other programs' ways to read a manifest; run in the environment that `make bench` makes for them.

This file imports nothing of the project, and each peer only where it is measured.
"""

import json
from importlib import import_module
from pathlib import Path

from benchmarks.child import Work


def read_bytes(path: str) -> Work:
    """Read the file and nothing else: the floor."""
    return lambda: {"bytes": len(Path(path).read_bytes())}


def json_load(path: str) -> Work:
    """Read it with the standard library, as most programs do."""

    def work() -> None:
        with Path(path).open(encoding="utf-8") as file:
            json.load(file)

    return work


def orjson_loads(path: str) -> Work:
    """Read it with the fastest JSON reader that builds plain values; the measure for ratios."""
    orjson = import_module("orjson")

    def work() -> None:
        _ = orjson.loads(Path(path).read_bytes())

    return work


def dbt_artifacts_parser(path: str) -> Work:
    """Parse it into the pydantic models of dbt-artifacts-parser; nothing is loaded anywhere."""
    parser = import_module("dbt_artifacts_parser.parser")

    def work() -> None:
        with Path(path).open(encoding="utf-8") as file:
            parser.parse_manifest(json.load(file))

    return work
