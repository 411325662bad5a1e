"""One environment's dbt project as it stands: which manifest decides about which node.

Jobs that differ in target, --vars or environment overrides (variants) parse the same project
differently, so each variant has a newest manifest. A node's definition comes from the variant that
last built it, else from the newest manifest that knows it. A node is gone only when no variant's
newest manifest has it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from sigma_dbt_sync.artifacts.catalog import CatalogTable
from sigma_dbt_sync.artifacts.declared import Declared
from sigma_dbt_sync.artifacts.manifest import Manifest, Node, Owner

RELATION_TYPES = ("model", "seed", "snapshot", "source")


@dataclass(frozen=True, slots=True)
class Project:
    """The nodes in force, each with the manifest it came from."""

    account_id: int
    project_id: int | None
    environment_id: int
    adapter_type: str | None = None
    nodes: dict[str, Node] = field(default_factory=dict[str, Node])
    owners: dict[str, Owner] = field(default_factory=dict[str, Owner])
    declared: dict[str, Declared] = field(default_factory=dict[str, Declared])
    catalog: Mapping[str, CatalogTable] = field(default_factory=dict[str, CatalogTable])

    def of_type(self, *resource_types: str, only: AbstractSet[str] | None = None) -> Iterator[Node]:
        """Yield the nodes of some dbt resource types; `only` those among these unique_ids."""
        beginnings = tuple(f"{name}." for name in resource_types)
        if only is None:
            return (node for uid, node in self.nodes.items() if uid.startswith(beginnings))
        chosen = sorted(uid for uid in only if uid in self.nodes)
        return (self.nodes[uid] for uid in chosen if uid.startswith(beginnings))

    def relations(self, only: AbstractSet[str] | None = None) -> Iterator[Node]:
        """Yield models, seeds, snapshots and sources; `only` those among these unique_ids."""
        return self.of_type(*RELATION_TYPES, only=only)


def resource_type(unique_id: str) -> str:
    """Read the resource type that every unique_id begins with."""
    return unique_id.partition(".")[0]


def project_in_force(
    manifests: Sequence[tuple[str, Manifest]],
    *,
    built_by: Callable[[str], str | None],
    account_id: int,
    project_id: int | None,
    environment_id: int,
    catalog: Mapping[str, CatalogTable],
) -> Project:
    """Choose each node's definition.

    `manifests` are (variant, its newest manifest), newest first; `built_by` names the variant that
    last built a node, if any did.
    """
    nodes: dict[str, Node] = {}
    owners: dict[str, Owner] = {}
    declared: dict[str, Declared] = {}
    for variant, manifest in manifests:
        owners = manifest.groups | owners
        declared = manifest.declared | declared
        for unique_id, node in _all_nodes(manifest):
            if unique_id not in nodes or (len(manifests) > 1 and built_by(unique_id) == variant):
                nodes[unique_id] = node
    return Project(
        account_id=account_id,
        project_id=project_id,
        environment_id=environment_id,
        adapter_type=manifests[0][1].metadata.adapter_type if manifests else None,
        nodes=nodes,
        owners=owners,
        declared=declared,
        catalog=catalog,
    )


def _all_nodes(manifest: Manifest) -> Iterator[tuple[str, Node]]:
    for section in (
        manifest.nodes,
        manifest.sources,
        manifest.exposures,
        manifest.semantics,
        manifest.unit_tests,
        manifest.functions,
    ):
        yield from section.items()
