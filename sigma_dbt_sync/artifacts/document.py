"""What every dbt artifact has in common: its metadata, and how it is decoded.

Decoding reads only the fields this package uses; the rest of a file is skipped without being built,
which is what makes a 250 MB manifest cheap. Unknown fields never hurt.
"""

from contextlib import suppress
from typing import Protocol, TypeVar, cast

from msgspec import DecodeError, Raw, Struct, ValidationError, field, json

from sigma_dbt_sync.artifacts.run_entry import ArtifactKind
from sigma_dbt_sync.artifacts.versions import refuse_other_kind
from sigma_dbt_sync.errors import UnreadableArtifact

T = TypeVar("T")

_SMALL = 50_000_000
"""Bytes up to which a file that did not fit is read a second time."""


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


class Document(Protocol):
    """What every artifact has."""

    @property
    def metadata(self) -> Metadata:
        """Which dbt wrote it."""
        ...


class _Head(Struct, frozen=True, gc=False):
    metadata: Metadata = field(default_factory=Metadata)


D = TypeVar("D", bound=Document)
_HEAD = json.Decoder(_Head)


class Threshold(Struct, frozen=True, gc=False):
    """A freshness threshold: so many minutes, hours or days."""

    count: int | None = None
    period: str | None = None


def decode_document(decoder: json.Decoder[D], data: bytes, kind: ArtifactKind) -> D:
    """Decode an artifact that should be of this kind.

    Raises:
        UnreadableArtifact: it is no JSON, of another shape, or says that it is of another kind.
    """
    try:
        document = decode(decoder, data, f"{kind}.json")
    except UnreadableArtifact:
        refuse_other_kind(kind, _stated_schema(data))
        raise
    refuse_other_kind(kind, document.metadata.dbt_schema_version)
    return document


def _stated_schema(data: bytes) -> str | None:
    try:
        return _HEAD.decode(data).metadata.dbt_schema_version
    except (DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _without_nulls(content: object) -> object:
    if not isinstance(content, dict):
        if isinstance(content, list):
            return [_without_nulls(one) for one in cast("list[object]", content)]
        return content
    pairs = cast("dict[str, object]", content).items()
    return {key: _without_nulls(value) for key, value in pairs if value is not None}


def decode(decoder: json.Decoder[T], data: bytes | Raw, what: str) -> T:
    """Decode an artifact, or one node of it, without copying a byte.

    Engines differ in whether they write null for what is empty or leave it out; where null has no
    place, it counts as left out.

    Raises:
        UnreadableArtifact: the bytes are no JSON, or not of the artifact's shape.
    """
    try:
        return decoder.decode(data)
    except ValidationError as wrong:
        if memoryview(data).nbytes <= _SMALL:
            with suppress(DecodeError, UnicodeDecodeError, RecursionError):
                return decoder.decode(json.encode(_without_nulls(json.decode(data))))
        message = f"{what} does not have the shape dbt documents: {wrong}"
        raise UnreadableArtifact(message) from wrong
    except (DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        message = f"{what} is not valid JSON ({wrong}); it may be cut off or an error page"
        raise UnreadableArtifact(message) from wrong
