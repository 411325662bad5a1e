"""The services of a deployment file as processes: same words, same probes, other ports and paths.

What this assumes: a container of our image differs from a process here in its paths, its ports and
its host names only. Whether an image builds is not shown by this.
"""

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

BIN = Path(sys.executable).parent
_VARIABLE = re.compile(r"\$\{(\w+)(?::[-?]([^}]*))?\}")


@dataclass(frozen=True)
class Service:
    """One service: what it runs, in which environment, and how its health is asked."""

    command: list[str]
    environment: dict[str, str]
    probe: list[str] | None

    def is_healthy(self) -> bool:
        """Ask as the container engine would."""
        assert self.probe is not None
        asked = subprocess.run(
            self.probe, env=self.environment, check=False, capture_output=True, timeout=120
        )
        return asked.returncode == 0


def on_path(environment: Mapping[str, str]) -> dict[str, str]:
    """Let `dagster` and `python` be those of this environment, as they are in the image."""
    return {**environment, "PATH": f"{BIN}{os.pathsep}{environment.get('PATH', '')}"}


def moved(text: str, places: Sequence[tuple[str, str]]) -> str:
    """Write other ports, paths and host names into a deployment file."""
    for there, here in places:
        assert there in text, f"the file no longer says {there}"
        text = text.replace(there, here)
    return text


def interpolated(text: str, variables: Mapping[str, str]) -> str:
    """Fill in `${NAME}`, `${NAME:-default}` and `${NAME:?message}` as Compose does."""
    return _VARIABLE.sub(lambda found: variables.get(found[1], found[2] or ""), text)
