"""Loads an archive into a DuckDB file through the real `load`, and counts the rows it wrote."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pyarrow as pa

from benchmarks.runs import MemoryArchive
from sigma_dbt_sync.archive import Archive
from sigma_dbt_sync.artifacts.run_entry import ArtifactKind
from sigma_dbt_sync.normalize.definitions import CURRENT_TABLES
from sigma_dbt_sync.sync.load import load
from sigma_dbt_sync.sync.reports import Progress, silent
from sigma_dbt_sync.warehouse.duckdb import DuckDB

KINDS = "manifest,run_results,catalog"


def kinds_of(names: str) -> Sequence[ArtifactKind]:
    """Read the kinds of artifacts that a command line names."""
    return cast("list[ArtifactKind]", names.split(","))


class Loading:
    """One process's load; the file and its tables are made before the clock starts."""

    def __init__(self, archive: MemoryArchive, file: Path) -> None:
        self._archive = archive
        self._warehouse = DuckDB(file)
        self._warehouse.migrate()
        pa.array([0])  # the first array of a process makes pyarrow import pandas: no loading either

    def load(self, progress: Progress = silent) -> dict[str, float]:
        """Load what is new; tell how many rows were written, and how many are definitions."""
        report = load(
            cast("Archive", self._archive),
            self._warehouse,
            sync_id="benchmark",
            clock=lambda: datetime.now(UTC),
            progress=progress,
        )
        self._warehouse.close()
        assert not report.warnings, report.warnings
        current = {table.name for table in CURRENT_TABLES}
        definitions = sum(
            counts.written for name, counts in report.tables.items() if name in current
        )
        return {"rows": report.total.written, "definition_rows": definitions}
