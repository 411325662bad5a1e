"""Keeps the graph and the newest results as files beside the archive, for Dagster to read.

Dagster loads its definitions where nothing may be asked: no dbt Cloud, no warehouse. So a sync,
whoever runs it, leaves there what Dagster shows. A note beside the files says from which load they
were made; it is written last, and as long as it fits nothing is read or written.
"""

import hashlib
from typing import Any, TypeVar

import msgspec
import zstandard

from sigma_dbt_sync import __version__
from sigma_dbt_sync.archive import Archive
from sigma_dbt_sync.archive.files import open_files
from sigma_dbt_sync.errors import UnreadableArtifact
from sigma_dbt_sync.normalize.keys import digest
from sigma_dbt_sync.settings import Settings
from sigma_dbt_sync.sync.graph import Graph, counted, cut
from sigma_dbt_sync.sync.graph_query import GraphQuery, Results
from sigma_dbt_sync.sync.load import loaded_state
from sigma_dbt_sync.warehouse.base import Warehouse

T = TypeVar("T")

FOLDER = "dagster"
FORMAT = 1

_MOST_BYTES = 512_000_000


class GraphFiles:
    """The files of one deployment: those who share warehouse, archive and environments."""

    def __init__(self, settings: Settings) -> None:
        """Touch nothing yet.

        Raises:
            ConfigurationError: nothing here can read that kind of URL.
        """
        self._files = open_files(settings.archive_url, FOLDER)
        place = (
            settings.duckdb_path if settings.warehouse == "duckdb" else settings.snowflake_schema
        )
        self._prefix = digest(
            [
                settings.warehouse,
                str(place),
                str(settings.snowflake_database),
                settings.dbt_cloud_account_id,
                list(settings.dagster_environment_ids),
                FORMAT,
            ]
        )[:12]

    def basis(self) -> tuple[str, str]:
        """Name the load that the files were made from, and the project that the graph shows.

        Both are empty when a file is missing or damaged.
        """
        if any(self._packed(name) is None for name in ("graph", "results")):
            return "", ""
        note = (self._files.read(self._name("basis")) or b"").decode(errors="replace")
        load, _, project = note.partition("\n")
        return load, project

    def read_graph(self) -> Graph | None:
        """Read the graph; None before the first sync.

        Raises:
            ArchiveError: it cannot be read.
            UnreadableArtifact: it is damaged, or another version wrote it.
        """
        return self._read("graph", Graph)

    def read_results(self) -> Results | None:
        """Read the newest results; None before the first sync.

        Raises:
            ArchiveError: they cannot be read.
            UnreadableArtifact: they are damaged, or another version wrote them.
        """
        return self._read("results", Results)

    def write(self, graph: Graph | None, results: Results, load: str, project: str = "") -> bool:
        """Write what changed, each file whole; tell whether the graph is another one now.

        None leaves the graph as it is. `load` and `project` are what `basis` gives back.
        """
        is_new = graph is not None and self._write("graph", graph)
        self._write("results", results)
        self._files.write(self._name("basis"), f"{load}\n{project}".encode())
        return is_new

    def _read(self, name: str, kind: type[T]) -> T | None:
        if self._files.size(self._name(name)) is None:
            return None
        packed = self._packed(name)
        try:
            if packed is None:
                raise UnreadableArtifact(self._damaged(name))
            text = zstandard.ZstdDecompressor().decompress(packed, max_output_size=_MOST_BYTES)
            return msgspec.json.decode(text, type=kind)
        except (zstandard.ZstdError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise UnreadableArtifact(self._damaged(name)) from error

    def _packed(self, name: str) -> bytes | None:
        """Read what a file holds; None when it is not what was written."""
        checksum, _, packed = (self._files.read(self._name(name)) or b"").partition(b"\n")
        return packed if hashlib.sha256(packed).hexdigest().encode() == checksum else None

    def _write(self, name: str, content: Any) -> bool:
        packed = zstandard.ZstdCompressor(level=3).compress(msgspec.json.encode(content))
        data = hashlib.sha256(packed).hexdigest().encode() + b"\n" + packed
        if self._files.read(self._name(name)) == data:
            return False
        self._files.write(self._name(name), data)
        return True

    def _name(self, name: str) -> str:
        return f"{self._prefix}-{name}"

    def _damaged(self, name: str) -> str:
        return (
            f"{self._files.place}/{self._name(name)} is damaged or of another version. "
            "Delete it; the next sync writes it again."
        )


class Refreshed(msgspec.Struct, frozen=True):
    """What a refresh did: whether the graph is another one now, and a warning when it was cut."""

    is_new: bool = False
    holds: str = ""
    warnings: tuple[str, ...] = ()


def refresh_graph_files(archive: Archive, warehouse: Warehouse, settings: Settings) -> Refreshed:
    """Bring the files up to date with what a warehouse was loaded with.

    Connects to the warehouse only after a load that brought something, and reads the project only
    if that differs from what the graph shows: most loads bring results alone.

    Raises:
        WarehouseError: the warehouse refused.
        ArchiveError: the files cannot be written.
    """
    files = GraphFiles(settings)
    loaded = loaded_state(archive, warehouse.target)
    load = digest([__version__, archive.account_id, warehouse.target, loaded])
    known_load, known_project = files.basis()
    if loaded and known_load == load:
        return Refreshed()
    query = GraphQuery(warehouse, archive.account_id, settings.dagster_environment_ids)
    project = digest([__version__, query.project()])
    if project == known_project:
        files.write(None, query.results(), load, project)
        return Refreshed()
    graph = cut(query.graph())
    is_new = files.write(graph, query.results(), load, project)
    cuts = f"Dagster does not show all of dbt: left out are {'; '.join(graph.cuts)}."
    return Refreshed(is_new, counted(graph), (cuts,) if graph.cuts else ())
