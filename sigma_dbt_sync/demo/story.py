"""The recorded week on disk: `artifacts/story.json` beside content-addressed blobs.

Says what a recording looks like and reads or writes it; knows neither dbt nor HTTP. Times in it
are those of the recording. An artifact is stored once per content, as `<sha256>.zst`; a run step
names what lay in dbt's target folder when it ended, and whether that step changed it.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path

import msgspec
import zstandard

FOLDER = Path(__file__).parent / "artifacts"


@dataclass(frozen=True, slots=True)
class Artifact:
    """One file in the target folder at the end of a step."""

    blob: str
    written: bool  # False: it is as an earlier step of the run left it


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a run; one that never started has no times."""

    index: int
    name: str
    status: int
    started_at: datetime | None = None
    finished_at: datetime | None = None
    command: str | None = None
    logs: str = ""
    artifacts: dict[str, Artifact] = field(default_factory=dict[str, Artifact])


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One run as it was recorded, and how long before the story's end it was created."""

    name: str
    run_id: int
    job_id: int
    before_now_seconds: int
    status: int
    seen_as: int | None
    message: str | None
    cause: str
    git_branch: str
    git_sha: str
    pull_request: int | None
    schema_override: str | None
    deferring_run_id: int | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """The whole week, oldest run first."""

    runs: tuple[Recording, ...]


def keep_blob(folder: Path, content: bytes) -> str:
    """Store `content` and return its name; storing it again changes nothing."""
    name = hashlib.sha256(content).hexdigest()
    path = folder / f"{name}.zst"
    if not path.exists():
        path.write_bytes(zstandard.ZstdCompressor(level=19).compress(content))
    return name


def read_blob(folder: Path, name: str) -> bytes:
    """Return the artifact stored under `name`."""
    return zstandard.ZstdDecompressor().decompress((folder / f"{name}.zst").read_bytes())


def write_story(folder: Path, recordings: Iterable[Recording]) -> None:
    """Write `story.json`."""
    story = msgspec.json.encode(Story(runs=tuple(recordings)))
    (folder / "story.json").write_bytes(msgspec.json.format(story, indent=1) + b"\n")


@cache
def read_story(folder: Path = FOLDER) -> tuple[Recording, ...]:
    """Read `story.json`, oldest run first."""
    return msgspec.json.decode((folder / "story.json").read_bytes(), type=Story).runs
