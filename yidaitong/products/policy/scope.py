"""What follows from a policy: the items it names and the resources they come from."""

from yidaitong.departments.items import ITEMS
from yidaitong.departments.registry import RESOURCES
from yidaitong.products.policy.grammar import Policy


def items(policy: Policy) -> tuple[str, ...]:
    """Every item the policy names, platform items too, in the order of the catalogue."""
    named = set(policy.items)
    return tuple(name for name in ITEMS if name in named)


def department_items(policy: Policy) -> tuple[str, ...]:
    """Those of its items that departments derive."""
    return tuple(name for name in items(policy) if ITEMS[name].resource is not None)


def resources(policy: Policy) -> tuple[str, ...]:
    """The resources to authorize, in the order of the catalogue; nothing else can be pulled."""
    named = {ITEMS[name].resource for name in policy.items}
    return tuple(code for code in RESOURCES if code in named)
