"""Reads run_results.json: what a dbt command did with each node.

Shape: https://schemas.getdbt.com/dbt/run-results/v6.json; Fusion leaves keys out instead of writing
null, so every field but the id has a default.
"""

from datetime import datetime
from typing import cast

from msgspec import Raw, Struct, field, json

from sigma_dbt_sync.artifacts.document import Metadata, decode_document
from sigma_dbt_sync.artifacts.values import instant, json_object, plain, whole_number

NULL = Raw(b"null")

EXECUTING = frozenset({"build", "run", "test", "seed", "snapshot", "retry", "clone"})
"""Values of `args.which` whose results say something about the warehouse. `docs generate` and
`compile` report success for every node, failed tests included, and must never be believed."""

_KEPT_ARGS = ("which", "select", "exclude", "selector", "full_refresh", "target", "empty", "defer",
              "favor_state", "store_failures", "fail_fast", "resource_types", "event_time_start",
              "event_time_end", "sample")  # fmt: skip


class Timing(Struct, frozen=True, gc=False):
    """One of the two phases, compile and execute."""

    name: str = ""
    started_at: str | None = None
    completed_at: str | None = None


class AdapterResponse(Struct, frozen=True, gc=False):
    """The numbers some adapters give."""

    rows_affected: int | None = None
    bytes_processed: int | None = None
    query_id: str | None = None
    job_id: str | None = None


class Result(Struct, frozen=True, gc=False):
    """What happened to one node."""

    unique_id: str
    status: str = ""
    execution_time: float | None = None
    timing: list[Timing] = []
    thread_id: str | None = None
    message_told: str | int | float | None = field(default=None, name="message")
    failures_told: int | float | str | None = field(default=None, name="failures")
    adapter_response: Raw = NULL
    batch_results: Raw = NULL
    relation_name: str | None = None
    compiled_code: str | None = None

    def phase(self, name: str) -> tuple[datetime | None, datetime | None]:
        """Start and end of one phase; empty when the node was skipped."""
        for timing in self.timing:
            if timing.name == name:
                return instant(timing.started_at), instant(timing.completed_at)
        return None, None

    @property
    def message(self) -> str | None:
        """What dbt said; tests of dbt 0.19 said just how many rows failed."""
        return None if self.message_told is None else str(self.message_told)

    @property
    def failures(self) -> int | None:
        """How many rows failed, where dbt says a number."""
        is_count = self.failures_told is None and not isinstance(self.message_told, str)
        return whole_number(self.message_told if is_count else self.failures_told)

    @property
    def batches(self) -> tuple[int | None, int | None]:
        """How many batches of a microbatch model were built, and how many failed."""
        told = json_object(self.batch_results)
        return _length(told.get("successful")), _length(told.get("failed"))

    @property
    def adapter(self) -> AdapterResponse:
        """The adapter's numbers, where it gave any; each adapter types them its own way."""
        told = json_object(self.adapter_response)
        return AdapterResponse(
            rows_affected=whole_number(told.get("rows_affected")),
            bytes_processed=whole_number(told.get("bytes_processed")),
            query_id=_text(told.get("query_id")),
            job_id=_text(told.get("job_id")),
        )


class RunResults(Struct, frozen=True, kw_only=True, gc=False):
    """One run_results.json."""

    metadata: Metadata = field(default_factory=Metadata)
    results: list[Result]
    elapsed_time: float | None = None
    args: dict[str, Raw] = {}

    @property
    def command(self) -> str | None:
        """Dbt's word for the command; of `dbt retry` it is the command that was retried."""
        return _text(plain(self.args["which"])) if "which" in self.args else None

    @property
    def is_executing(self) -> bool:
        """Whether the results say something about the warehouse."""
        return self.command in EXECUTING

    @property
    def is_idle(self) -> bool:
        """Whether no node was even begun.

        So it is when Fusion cannot parse the project: there are no results, or errors that took no
        time, beside a manifest that lacks what could not be parsed. Core then writes no file.
        """
        return all(one.status.lower() == "error" and not one.execution_time for one in self.results)

    @property
    def kept_args(self) -> dict[str, object]:
        """The selection and a few flags; never --vars, which may hold secrets."""
        kept = {name: plain(self.args[name]) for name in _KEPT_ARGS if name in self.args}
        return {name: value for name, value in kept.items() if value not in (None, [], False, "")}


_RUN_RESULTS = json.Decoder(RunResults, strict=False)


def read_run_results(data: bytes) -> RunResults:
    """Decode run_results.json.

    Raises:
        UnreadableArtifact: it is not valid JSON or has another shape.
    """
    return decode_document(_RUN_RESULTS, data, "run_results")


def _length(value: object) -> int | None:
    return len(cast("list[object]", value)) if isinstance(value, list) else None


def _text(value: object) -> str | None:
    return value or None if isinstance(value, str) else None
