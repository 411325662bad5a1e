"""Lets real dbt judge every state of `states.py` against the one before, and keeps its verdicts.

    python -m tests.dbt_judge.record --dbt .venv-dbt/bin/dbt              judge, compare, write
    python -m tests.dbt_judge.record --dbt .venv-dbt/bin/dbt --seed 7     judge and compare others

dbt is no part of what the suite needs (`make .venv-dbt/.ready` sets it up), so the suite reads what
was recorded. With a seed of one's own nothing is written: that is the live trial. Ends with 1 when
dbt and we differ where we should not.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import zstandard

from tests.dbt_judge.states import PAIRS, SEED, State, walk
from tests.dbt_judge.verdicts import FILE, Verdict, Verdicts, encode, unexplained

_SELECTOR = "state:modified.persisted_descriptions"
_CUT = ("macros", "docs", "parent_map", "child_map", "group_map", "selectors")


def judged(dbt: Path, states: list[State], work: Path) -> Verdicts:
    """Run dbt once per state, with the manifest of the state before as what it compares with."""
    verdicts: list[Verdict] = []
    before = None
    for number, state in enumerate(states):
        place = state.project().write(work / str(number))
        named = _ls(dbt, place, before)
        before = place / "target"
        manifest = json.loads((before / "manifest.json").read_bytes())
        manifest |= {section: {} for section in _CUT if section in manifest}
        verdicts.append(Verdict(state.step, manifest, named))
    version = verdicts[0].manifest["metadata"]["dbt_version"]
    return Verdicts(version, verdicts)


def _ls(dbt: Path, place: Path, before: Path | None) -> list[str]:
    """Ask dbt which relations' persisted descriptions changed; the first state is only parsed."""
    compared = ["--select", _SELECTOR, "--state", before] if before else []
    command = [dbt, "--quiet", "ls", *compared, "--output", "json", "--output-keys", "unique_id"]
    ended = subprocess.run(
        [*command, "--resource-types", "model", "seed", "snapshot"],
        cwd=place,
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(place),
            "LANG": "C.UTF-8",
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "DBT_USE_COLORS": "false",
            "DBT_PROFILES_DIR": str(place),
        },
        check=False,
        capture_output=True,
        text=True,
    )
    if ended.returncode:
        raise SystemExit(f"dbt ls failed:\n{ended.stdout}{ended.stderr}")
    lines = [line for line in ended.stdout.splitlines() if line.startswith("{")]
    return sorted(json.loads(line)["unique_id"] for line in lines) if before else []


def main() -> None:
    """Read the command line, judge and compare."""
    parser = argparse.ArgumentParser(description="Let dbt say which descriptions changed.")
    parser.add_argument("--dbt", type=Path, required=True, help="the dbt executable to use")
    parser.add_argument("--seed", type=int, help="judge other states, and write nothing")
    parser.add_argument("--pairs", type=int, default=PAIRS, help="pairs in which texts change")
    options = parser.parse_args()
    states = list(walk(SEED if options.seed is None else options.seed, options.pairs))
    with tempfile.TemporaryDirectory(prefix="judge-") as folder:
        verdicts = judged(options.dbt.absolute(), states, Path(folder))
    wrong = list(unexplained(verdicts, states))
    sys.stdout.write(
        f"dbt {verdicts.dbt_version}: {len(states) - 1} pairs, "
        f"{sum(len(one.named) for one in verdicts.states)} relations named, "
        f"{len(wrong)} pairs in which we differ without a reason\n" + "".join(wrong)
    )
    if wrong:
        raise SystemExit(1)
    if options.seed is None:
        FILE.write_bytes(zstandard.ZstdCompressor(level=19).compress(encode(verdicts)))


if __name__ == "__main__":
    main()
