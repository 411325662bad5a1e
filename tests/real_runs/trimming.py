"""Cuts an artifact down to what tests load: a manifest without macros, docs blocks and maps.

What stays is as dbt wrote it, down to the way dbt writes JSON.
"""

import json

READ = ("manifest.json", "run_results.json", "catalog.json", "sources.json")
_CUT = ("macros", "docs", "parent_map", "child_map", "group_map", "selectors")


def trimmed(name: str, content: bytes) -> bytes:
    """Trim one artifact, told by its file name."""
    told = json.loads(content)
    if name == "manifest.json":
        told |= {section: {} for section in _CUT if section in told}
    return json.dumps(told).encode()
