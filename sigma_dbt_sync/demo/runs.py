"""One run of the demo account, as it is now: a recording moved in time.

A run shows no more of its recording than its status allows: nothing when queued, the steps so far
while running. Artifacts can be hidden or replaced, which is how tests make trouble.
"""

import re
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

from sigma_dbt_sync.demo.plot import QUEUED, RUNNING, SUCCESS
from sigma_dbt_sync.demo.shift import shifted
from sigma_dbt_sync.demo.story import FOLDER, Recording, Step, read_blob

_INVOCATION = re.compile(rb'("invocation_id": ")([0-9a-f-]{36})(?=")')
_STEPS_BEFORE_DBT = 3


@dataclass(eq=False)
class Run:
    """One run; `created_at` is where the story puts it, `status` may be changed at any time."""

    id: int
    recording: Recording
    created_at: datetime
    status: int
    folder: Path = FOLDER
    hidden: set[int] = field(default_factory=set[int])  # steps whose artifacts answer 404
    replaced: dict[tuple[int, str], bytes | None] = field(
        default_factory=dict[tuple[int, str], bytes | None]
    )
    _served: dict[tuple[int, str], bytes] = field(
        default_factory=dict[tuple[int, str], bytes], init=False
    )

    @cached_property
    def moved_by(self) -> timedelta:
        """Whole seconds between the recording and the story."""
        between = self.created_at - self.recording.created_at
        return timedelta(seconds=round(between.total_seconds()))

    @property
    def is_finished(self) -> bool:
        """Whether the run has come to its end."""
        return self.status >= SUCCESS

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps that have begun, at least on paper."""
        if self.status < RUNNING:
            return ()
        return (
            self.recording.steps
            if self.is_finished
            else self.recording.steps[: _STEPS_BEFORE_DBT + 1]
        )

    def moved(self, at: datetime | None) -> datetime | None:
        """Move a time of the recording into the story."""
        return None if at is None else at + self.moved_by

    @property
    def started_at(self) -> datetime | None:
        """When the first step began."""
        return None if self.status == QUEUED else self.moved(self.recording.started_at)

    @property
    def finished_at(self) -> datetime | None:
        """When the last step ended; a run cancelled in the queue has no such time."""
        return self.moved(self.recording.finished_at) if self.is_finished else None

    @property
    def has_artifacts(self) -> bool:
        """What dbt Cloud says about the run, hidden artifacts included."""
        return self.is_finished and any(step.artifacts for step in self.steps)

    def wrote(self, path: str) -> bool:
        """Whether any step left `path`."""
        return self.is_finished and any(path in step.artifacts for step in self.steps)

    def paths(self, step: int | None = None) -> list[str]:
        """Name the artifacts of one step; without one, of the last."""
        index = self._last if step is None else step
        known = {path for found in self.steps for path in found.artifacts if found.index == index}
        known |= {path for at, path in self.replaced if at == index}
        return sorted(path for path in known if self.artifact(path, index) is not None)

    def artifact(self, path: str, step: int | None = None) -> bytes | None:
        """Return one artifact as the API serves it, or nothing."""
        index = self._last if step is None else step
        if not self.is_finished or index in self.hidden:
            return None
        if (index, path) in self.replaced:
            return self.replaced[index, path]
        if (index, path) not in self._served:
            found = [s.artifacts.get(path) for s in self.steps if s.index == index]
            if not found or found[0] is None:
                return None
            self._served[index, path] = self._retold(read_blob(self.folder, found[0].blob))
        return self._served[index, path]

    @property
    def _last(self) -> int:
        ended = [step.index for step in self.steps if step.finished_at is not None]
        return max((index for index in ended if index > _STEPS_BEFORE_DBT), default=0)

    def _retold(self, content: bytes) -> bytes:
        if self.id != self.recording.run_id:
            old, new = str(self.recording.run_id).encode(), str(self.id).encode()
            content = _INVOCATION.sub(self._own_invocation, content.replace(old, new))
        return shifted(content, self.moved_by, recorded_at=self.recording.created_at)

    def _own_invocation(self, found: re.Match[bytes]) -> bytes:
        return found[1] + str(uuid.uuid5(uuid.UUID(found[2].decode()), str(self.id))).encode()
