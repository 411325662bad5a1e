"""What a benchmark is, and the peers that several share."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.made_up.files import folder_of
from benchmarks.subjects import Subject

MEASURE = "orjson.loads of the manifest"
"""The subject that ratios are told against."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """Where the artifacts lie, and of which size."""

    root: Path
    size: str

    def folder(self, revision: str) -> Path:
        """Name the folder of one revision."""
        return folder_of(self.root, self.size, revision)

    def manifest(self, revision: str = "first") -> Path:
        """Name a manifest."""
        return self.folder(revision) / "manifest.json"


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A few subjects that belong into one table."""

    name: str
    question: str
    subjects: Callable[[Inputs], list[Subject]]
    revisions: tuple[str, ...] = ()
    """Revisions of the made-up project that it reads."""
    size: str | None = None
    """Of this size, whatever size was asked for."""
    most_rounds: int | None = None
    """Fewer rounds than asked for, where one takes long."""


def manifest_peers(inputs: Inputs) -> list[Subject]:
    """Peers that merely read or parse the manifest, without loading it anywhere."""
    path = str(inputs.manifest())
    return [
        Subject(MEASURE, "peers:orjson_loads", (path,), is_peer=True),
        Subject("dbt-artifacts-parser, parse", "peers:dbt_artifacts_parser", (path,), is_peer=True),
    ]
