"""Reads sources.json: how fresh each source was when dbt looked.

Shape: https://schemas.getdbt.com/dbt/sources/v3.json. A source whose table does not exist is simply
absent (Core), or listed as `runtime error` with nothing but its id and an error text.
"""

from msgspec import Struct, field, json

from sigma_dbt_sync.artifacts.document import Metadata, Threshold, decode_document


class Criteria(Struct, frozen=True, gc=False):
    """The thresholds that were applied."""

    warn_after: Threshold | None = None
    error_after: Threshold | None = None


class FreshnessResult(Struct, frozen=True, gc=False):
    """What dbt found for one source."""

    unique_id: str
    status: str = ""
    max_loaded_at: str | None = None
    snapshotted_at: str | None = None
    max_loaded_at_time_ago_in_s: float | None = None
    criteria: Criteria | None = None
    execution_time: float | None = None
    error: str | None = None


class Sources(Struct, frozen=True, kw_only=True, gc=False):
    """One sources.json."""

    metadata: Metadata = field(default_factory=Metadata)
    results: list[FreshnessResult]
    elapsed_time: float | None = None


_SOURCES = json.Decoder(Sources, strict=False)


def read_sources(data: bytes) -> Sources:
    """Decode sources.json.

    Raises:
        UnreadableArtifact: it is not valid JSON or has another shape.
    """
    return decode_document(_SOURCES, data, "sources")
