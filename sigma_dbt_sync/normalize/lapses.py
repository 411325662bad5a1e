"""When variants of a project lapse because no run uses them any more, and when they come back."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from msgspec import Struct

from sigma_dbt_sync.normalize.health import Order
from sigma_dbt_sync.normalize.health_inputs import in_force
from sigma_dbt_sync.normalize.versions import Moment


class Turn(Struct, frozen=True):
    """Variants that lapsed, or were used again after they had, and all that count from then on."""

    lapsed: AbstractSet[str]
    returned: AbstractSet[str]
    counting: AbstractSet[str]


def turns(moments: Iterable[Moment]) -> dict[Order, Turn]:
    """Find, by the order of the manifest that shows it, where variants lapsed or came back."""
    found: dict[Order, Turn] = {}
    before: AbstractSet[str] = frozenset()
    ever: set[str] = set()
    for order, variants in in_force(moments):
        counting = frozenset(variants)
        turn = Turn(before - counting, (counting - before) & ever, counting)
        if turn.lapsed or turn.returned:
            found[order] = turn
        before = counting
        ever |= counting
    return found
