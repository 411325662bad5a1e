"""Runs one subject in this process and prints what it took: `python -m benchmarks.child NAME ...`.

A subject is a function that gets ready and returns the work to measure, so that imports and
preparation take no part in the time. The work returns further numbers, or nothing.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

Work = Callable[[], dict[str, float] | None]

_STATUS = Path("/proc/self/status")
MEGABYTE = 1_000_000


def peak_mb() -> float:
    """The most memory this process has had so far.

    Linux also counts in `ru_maxrss` what the starting process had, so it is asked otherwise there.
    """
    if _STATUS.exists():
        (told,) = (line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM"))
        return int(told.split()[1]) * 1024 / MEGABYTE
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE


def main() -> None:
    """Run the subject that the command line names, as module:function, with its arguments."""
    name, *arguments = sys.argv[1:]
    module, _, function = name.partition(":")
    work: Work = getattr(import_module(module), function)(*arguments)
    began = time.perf_counter()
    numbers = work() or {}
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "peak_mb": peak_mb()} | numbers))


if __name__ == "__main__":
    main()
