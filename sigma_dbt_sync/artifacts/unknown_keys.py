"""Finds keys that no dbt version known here writes, so that a new dbt does not go unnoticed.

The known keys are those of dbt's published schemas (manifest v1 to v12, run_results v1 to v6,
catalog v1, sources v1 to v3) and those that Fusion adds; most of them no table shows.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from msgspec import DecodeError, Raw, json

from sigma_dbt_sync.artifacts.run_entry import ArtifactKind

T = TypeVar("T")

PER_TYPE = 20
"""Nodes of each resource type that are looked at."""

OF_A_LIST = 200
"""Results that are looked at, spread evenly over the list."""

MOST = 50
_LONGEST = 100

_DOCUMENT = {
    "manifest": """
        child_map disabled docs exposures functions group_map groups macros metadata metrics
        nodes parent_map saved_queries selectors semantic_models sources unit_tests
    """,
    "run_results": "args elapsed_time metadata results",
    "catalog": "_compile_results errors metadata nodes sources",
    "sources": "elapsed_time metadata results",
}
_NODE = """
    _pre_injected_sql access alias arguments attached_node build_path calculation_method
    checksum classifiers column_name columns compiled compiled_code compiled_path
    compiled_sql config config_call_dict constraints contract created_at database defaults
    defer_function defer_relation deferred depends_on deprecation_date description
    dimensions doc_blocks docs enabled entities expect exports expression external
    extra_ctes extra_ctes_injected file_key_name filter filters fqn freshness functions
    generated_sql_file given group identifier index label language latest_version
    loaded_at_field loaded_at_query loader materialized maturity measures meta metadata
    metrics model model_unique_id name node_relation offset_to_grain offset_window
    original_file_path overloads overrides owner package_name patch_path path primary_entity
    primary_key query_params quoting quoting_ignore_case raw_code raw_sql refs relation_name
    resource_type returns root_path schema source_description source_meta source_name
    sources sql static_analysis tags test_metadata tested_node_unique_id time_grains
    time_granularity time_spine timestamp type type_params unique_id unrendered_config
    unrendered_config_call_dict unrendered_database unrendered_schema url version versions
    window
"""
_TABLE = "columns metadata stats unique_id"
_RESULT = """
    adapter_response batch_results compiled compiled_code execution_time failures message
    overload_results relation_name status thread_id timing unique_id
"""
_FRESHNESS = """
    adapter_response criteria error execution_time max_loaded_at max_loaded_at_time_ago_in_s
    snapshotted_at status thread_id timing unique_id
"""
_NODE_SECTIONS = """
    nodes sources exposures metrics semantic_models saved_queries unit_tests groups
    functions
"""
_ENTRIES: dict[ArtifactKind, dict[str, str]] = {
    "manifest": dict.fromkeys(_NODE_SECTIONS.split(), _NODE),
    "run_results": {"results": _RESULT},
    "catalog": {"nodes": _TABLE, "sources": _TABLE},
    "sources": {"results": _FRESHNESS},
}

_OBJECT = json.Decoder(dict[str, Raw])
_LIST = json.Decoder(list[Raw])


def unknown_keys(
    kind: ArtifactKind, data: bytes, split: Mapping[str, Mapping[str, Raw]] | None = None
) -> list[str]:
    """Name the keys that are new, sorted: `costs` of the document, `nodes.cost` of its nodes.

    Only names, never values, and at most 50. Of a manifest only the first 20 nodes of each resource
    type are looked at, of a list of results 200: reading them all would double the time that a
    large manifest takes, and a new dbt writes a new key into most nodes of a kind. `split` gives
    sections that were split into entries before.
    """
    document = _read(_OBJECT, data) or {}
    found = set(document) - set(_DOCUMENT[kind].split())
    for section, known in _ENTRIES[kind].items():
        entries = _entries(document.get(section)) if split is None else split[section]
        keys = {key for entry in _sample(entries) for key in _read(_OBJECT, entry) or ()}
        found |= {f"{section}.{key}" for key in keys - set(known.split())}
    return sorted({key[:_LONGEST] for key in found})[:MOST]


def _entries(section: Raw | None) -> Mapping[str, Raw] | Sequence[Raw]:
    if section is None:
        return ()
    return _read(_OBJECT, section) or _read(_LIST, section) or ()


def _sample(entries: Mapping[str, Raw] | Sequence[Raw]) -> Iterator[Raw]:
    if not isinstance(entries, Mapping):
        yield from entries[:: len(entries) // OF_A_LIST + 1]
        return
    seen: Counter[str] = Counter()
    for unique_id, entry in entries.items():
        resource_type = unique_id.partition(".")[0]
        seen[resource_type] += 1
        if seen[resource_type] <= PER_TYPE:
            yield entry


def _read(decoder: json.Decoder[T], data: bytes | Raw) -> T | None:
    """Decode what may have been skipped so far; None when it is damaged or of another type."""
    try:
        return decoder.decode(data)
    except (DecodeError, UnicodeDecodeError, RecursionError):
        return None
