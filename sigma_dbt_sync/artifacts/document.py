"""What every dbt artifact has in common: its metadata, and how it is decoded.

Decoding reads only the fields this package uses; the rest of a file is skipped without being built,
which is what makes a 250 MB manifest cheap. Unknown fields never hurt.
"""

from typing import TypeVar

from msgspec import DecodeError, Raw, Struct, ValidationError, json

from sigma_dbt_sync.errors import UnreadableArtifact

T = TypeVar("T")
S = TypeVar("S", bound=Struct)


class Metadata(Struct, frozen=True, gc=False):
    """The `metadata` block: which dbt wrote the file, when, in which invocation.

    `invocation_started_at` of manifests is stale under partial parsing; only run_results' counts.
    """

    dbt_schema_version: str | None = None
    dbt_version: str | None = None
    generated_at: str | None = None
    invocation_id: str | None = None
    invocation_started_at: str | None = None
    project_name: str | None = None
    adapter_type: str | None = None


class Threshold(Struct, frozen=True, gc=False):
    """A freshness threshold: so many minutes, hours or days."""

    count: int | None = None
    period: str | None = None


def decode(decoder: json.Decoder[T], data: bytes | Raw, what: str) -> T:
    """Decode an artifact, or one node of it, without copying a byte.

    Raises:
        UnreadableArtifact: the bytes are no JSON, or not of the artifact's shape.
    """
    try:
        return decoder.decode(data)
    except ValidationError as wrong:
        message = f"{what} does not have the shape dbt documents: {wrong}"
        raise UnreadableArtifact(message) from wrong
    except (DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        message = f"{what} is not valid JSON ({wrong}); it may be cut off or an error page"
        raise UnreadableArtifact(message) from wrong
