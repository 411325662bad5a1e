"""Which versions of each artifact this package was tested with, and what becomes of the others.

A newer version is read as the newest one known and flagged, because dbt adds fields far more often
than it moves them; a file that calls itself another kind of artifact is refused.
"""

import re

from sigma_dbt_sync.artifacts.run_entry import ArtifactKind
from sigma_dbt_sync.errors import UnreadableArtifact

TESTED: dict[ArtifactKind, frozenset[int]] = {
    "manifest": frozenset({*range(1, 13), 20}),  # 20: early Fusion, which is v12 in all but name
    "run_results": frozenset(range(1, 7)),
    "catalog": frozenset({1}),
    "sources": frozenset(range(1, 4)),
}
"""Schema versions read and tested."""

READ_AS: dict[ArtifactKind, int] = {"manifest": 12, "run_results": 6, "catalog": 1, "sources": 3}
"""The version an unknown, newer one is taken for."""

_SCHEMA = re.compile(r"([a-z_-]+)/v(\d{1,9})(?:\.json)?\s*$", re.IGNORECASE)
_LONGEST = 100


def parse_schema(stated: str | None) -> tuple[str, int] | None:
    """Read kind and number from `https://schemas.getdbt.com/dbt/run-results/v6.json`.

    Any address, or none, may precede them. A text of another form says nothing and gives None.
    """
    found = _SCHEMA.search((stated or "")[-_LONGEST:])
    if found is None:
        return None
    return found[1].lower().replace("-", "_"), int(found[2])


def refuse_other_kind(kind: ArtifactKind, stated: str | None) -> None:
    """Make sure that a file is of the expected kind, as far as it says what it is.

    Raises:
        UnreadableArtifact: its schema is that of another artifact.
    """
    schema = parse_schema(stated)
    if schema is not None and schema[0] != kind:
        raise UnreadableArtifact(f"{kind}.json was expected, but the file is a {schema[0]}.json")


def version_note(kind: ArtifactKind, stated: str | None) -> str | None:
    """Word what a person should know about a file's version; None for a tested one."""
    schema = parse_schema(stated)
    newest = READ_AS[kind]
    if schema is None or schema[1] in TESTED[kind] or schema[1] < newest:
        return None
    return f"newer than this version knows (v{schema[1]}); read as v{newest}"
