"""How long reading one manifest takes, before anything is done with it."""

from pathlib import Path

from benchmarks.benchmark import Benchmark, Inputs, manifest_peers
from benchmarks.child import Work
from benchmarks.subjects import Subject
from sigma_dbt_sync.artifacts.manifest import Manifest


def ours(path: str) -> Work:
    """Decode every node."""

    def work() -> dict[str, float]:
        manifest = Manifest(Path(path).read_bytes())
        manifest.decode_all()
        return {"nodes": len(manifest.nodes) + len(manifest.sources)}

    return work


def _subjects(inputs: Inputs) -> list[Subject]:
    path = str(inputs.manifest())
    return [
        Subject("ours, all nodes", "cases.decode:ours", (path,)),
        Subject("reading the bytes", "peers:read_bytes", (path,)),
        Subject("json.load", "peers:json_load", (path,)),
        *manifest_peers(inputs),
    ]


BENCHMARK = Benchmark("decode", "Reading one manifest", _subjects, ("first",))
