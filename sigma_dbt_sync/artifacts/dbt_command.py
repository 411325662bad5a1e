"""Reads the dbt command out of a dbt Cloud step's name, such as ``Invoke dbt with `dbt build` ``.

Commands are written by people: global flags may come first, values may be quoted. A command that is
not recognised stays unknown instead of being guessed. Values of --vars may be secrets and are never
kept; `without_vars` replaces them by a short hash.
"""

import re
import shlex
from hashlib import sha256
from itertools import pairwise

from msgspec import MsgspecError, Struct, json

from sigma_dbt_sync.artifacts.run_entry import ArtifactKind

_MANIFEST_AND_RESULTS: frozenset[ArtifactKind] = frozenset({"manifest", "run_results"})
_MANIFEST: frozenset[ArtifactKind] = frozenset({"manifest"})
_CATALOG: frozenset[ArtifactKind] = frozenset({"catalog"})
_SOURCES: frozenset[ArtifactKind] = frozenset({"sources"})
_NOTHING: frozenset[ArtifactKind] = frozenset()

WRITES: dict[str, frozenset[ArtifactKind]] = {
    "build": _MANIFEST_AND_RESULTS,
    "run": _MANIFEST_AND_RESULTS,
    "test": _MANIFEST_AND_RESULTS,
    "seed": _MANIFEST_AND_RESULTS,
    "snapshot": _MANIFEST_AND_RESULTS,
    "retry": _MANIFEST_AND_RESULTS,
    "clone": _MANIFEST_AND_RESULTS,
    "run-operation": _MANIFEST_AND_RESULTS,
    "compile": _MANIFEST_AND_RESULTS,
    "docs generate": _MANIFEST_AND_RESULTS | _CATALOG,
    "source freshness": _MANIFEST | _SOURCES,
    "parse": _MANIFEST,
    "list": _MANIFEST,
    "show": _MANIFEST,
    "deps": _NOTHING,
    "clean": _NOTHING,
    "debug": _NOTHING,
    "init": _NOTHING,
    "docs serve": _NOTHING,
}
"""Artifacts each command writes when it gets that far."""

EVERYTHING: frozenset[ArtifactKind] = _MANIFEST_AND_RESULTS | _CATALOG | _SOURCES

_EXECUTING = frozenset({"build", "run", "test", "seed", "snapshot", "retry", "clone"})
_OTHER_NAMES = {"ls": "list", "source snapshot-freshness": "source freshness"}
_IN_BACKTICKS = re.compile(r"`(.*)`", re.DOTALL)
_BARE = re.compile(r"^\s*dbtf?\s", re.ASCII)
_PROGRAM = re.compile(r"^(.*/)?dbtf?$")
_TAKES_VALUE = frozenset({
    "--defer-state", "--event-time-end", "--event-time-start", "--exclude",
    "--exclude-resource-type", "--indirect-selection", "--log-format", "--log-format-file",
    "--log-level", "--log-level-file", "--log-path", "--models", "--output", "--printer-width",
    "--profile", "--profiles-dir", "--project-dir", "--record-timing-info", "--resource-type",
    "--sample", "--select", "--selector", "--state", "--target", "--target-path", "--threads",
    "--vars", "--warn-error-options", "-m", "-r", "-s", "-t",
})  # fmt: skip
_VARS = re.compile(
    r"""(?P<flag>--vars(?:=|\s+))
        (?P<value>'[^']*' | "(?:\\.|[^"\\])*" | ['"][^`]* | \{[^`]*\} | [^\s`]+)""",
    re.VERBOSE | re.DOTALL,
)
_HASHED = re.compile(r"^'?sha256:[0-9a-f]{12}'?$")


class DbtCommand(Struct, frozen=True, kw_only=True):
    """One dbt command line; `command` is None when it is not dbt or not understood."""

    is_dbt: bool = False
    command: str | None = None
    words: tuple[str, ...] = ()

    @property
    def is_executing(self) -> bool:
        """Whether it builds or tests something in the warehouse."""
        return self.command in _EXECUTING

    @property
    def writes(self) -> frozenset[ArtifactKind]:
        """Artifacts it may leave; a dbt command that is not understood may leave any."""
        if not self.is_dbt or "--no-write-json" in self.words:
            return _NOTHING
        if self.command is None:
            return EVERYTHING
        return WRITES[self.command] | (_CATALOG if "--write-catalog" in self.words else _NOTHING)

    def option(self, *names: str) -> str | None:
        """Value of an option, given as `--name value` or `--name=value`; the last one wins."""
        found: str | None = None
        for word, following in pairwise((*self.words, "")):
            flag, equals, value = word.partition("=")
            if flag in names:
                found = value if equals else following
        return found or None


def parse_step(name: str) -> DbtCommand:
    """Understand a step's name, or a bare command line."""
    quoted = _IN_BACKTICKS.search(name)
    line = quoted[1] if quoted else name if _BARE.match(name) else ""
    words = _words(line)
    if not words or not _PROGRAM.match(words[0]):
        return DbtCommand()
    return DbtCommand(is_dbt=True, command=_command(words[1:]), words=tuple(words[1:]))


def without_vars(text: str) -> str:
    """Replace the value of --vars by a hash: equal values stay equal, and nobody can read them."""
    return _VARS.sub(lambda found: f"{found['flag']}'{_hashed(found['value'])}'", text)


def _hashed(value: str) -> str:
    if _HASHED.match(value):
        return value.strip("'")
    text = value.strip("'\"")
    try:
        canonical = json.encode(json.decode(text), order="sorted")
    except MsgspecError:
        canonical = "".join(text.split()).encode()
    return f"sha256:{sha256(canonical).hexdigest()[:12]}"


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:  # a quote that nobody closed
        return line.split()


def _command(words: list[str]) -> str | None:
    """Find the first word that is neither a flag nor the value of one; it has to be a command."""
    for before, word, after in zip(["", *words], words, [*words[1:], ""], strict=False):
        if word.startswith("-") or before in _TAKES_VALUE:
            continue
        known = f"{word} {after}" if word in {"docs", "source"} else word
        known = _OTHER_NAMES.get(known, known)
        if known in WRITES:
            return known
        is_value = before.startswith("-") and "=" not in before
        if not is_value:  # of a flag this list does not know
            return None
    return None
