"""What a probe of `check` tells: one line, and what to do about it."""

from dataclasses import dataclass
from enum import Enum


class Mark(Enum):
    """How a finding is to be taken."""

    GOOD = "✓"
    NOTE = "!"
    BAD = "✗"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `check`, and what to do about it."""

    mark: Mark
    subject: str
    said: str
    fix: str = ""
