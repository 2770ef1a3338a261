"""Life of a product version from a bank's draft to the shelf, as one table of transitions."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from yidaitong.kernel.errors import InvalidStateError
from yidaitong.kernel.text import Text


# Wire format: append only.
class ProductState(StrEnum):
    """Where a version stands; its content is fixed once it leaves DRAFT."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    BANK_CHECKED = "BANK_CHECKED"
    CENTRE_REVIEWED = "CENTRE_REVIEWED"
    CENTRE_ADMITTED = "CENTRE_ADMITTED"
    EFFECTIVE = "EFFECTIVE"
    RETIRED = "RETIRED"
    RETURNED = "RETURNED"

    @property
    def text(self) -> Text:
        """The state in words for people."""
        return _TEXTS[self]


_TEXTS: Final = {
    ProductState.DRAFT: Text("草稿", "Draft"),
    ProductState.SUBMITTED: Text("待银行复核", "Waiting for the bank's check"),
    ProductState.BANK_CHECKED: Text("待中心初审", "Waiting for the centre's review"),
    ProductState.CENTRE_REVIEWED: Text("待中心准入", "Waiting for admission"),
    ProductState.CENTRE_ADMITTED: Text("已准入", "Admitted"),
    ProductState.EFFECTIVE: Text("已生效", "In effect"),
    ProductState.RETIRED: Text("已退出", "Retired"),
    ProductState.RETURNED: Text("已退回", "Returned"),
}


# Wire format: append only.
class ProductEvent(StrEnum):
    """What moves a version from one state to another."""

    SUBMIT = "submit"
    CHECK = "check"
    REVIEW = "review"
    ADMIT = "admit"
    TAKE_EFFECT = "take_effect"
    RETIRE = "retire"
    RETURN = "return"


_S = ProductState
_E = ProductEvent
LIFECYCLE: Final[Mapping[tuple[ProductState, ProductEvent], ProductState]] = {
    (_S.DRAFT, _E.SUBMIT): _S.SUBMITTED,
    (_S.SUBMITTED, _E.CHECK): _S.BANK_CHECKED,
    (_S.BANK_CHECKED, _E.REVIEW): _S.CENTRE_REVIEWED,
    (_S.CENTRE_REVIEWED, _E.ADMIT): _S.CENTRE_ADMITTED,
    (_S.CENTRE_ADMITTED, _E.TAKE_EFFECT): _S.EFFECTIVE,
    (_S.EFFECTIVE, _E.RETIRE): _S.RETIRED,
    # Admitted, but the bank no longer wants it.
    (_S.CENTRE_ADMITTED, _E.RETIRE): _S.RETIRED,
    # A return is the end of this version; a new draft carries its content on.
    (_S.SUBMITTED, _E.RETURN): _S.RETURNED,
    (_S.BANK_CHECKED, _E.RETURN): _S.RETURNED,
    (_S.CENTRE_REVIEWED, _E.RETURN): _S.RETURNED,
}

# On its way to the shelf; a product has at most one such version.
OPEN: Final = (_S.DRAFT, _S.SUBMITTED, _S.BANK_CHECKED, _S.CENTRE_REVIEWED, _S.CENTRE_ADMITTED)
# Was or is on the shelf: applications may name it.
PUBLISHED: Final = (_S.EFFECTIVE, _S.RETIRED)


def after(state: ProductState, event: ProductEvent) -> ProductState:
    """The state that ``event`` leads to.

    Raises:
        InvalidStateError: the event is impossible in ``state``.
    """
    try:
        return LIFECYCLE[state, event]
    except KeyError:
        raise InvalidStateError(f"{event} in {state}") from None
