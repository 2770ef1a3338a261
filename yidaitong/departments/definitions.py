"""The words in which a department describes itself: fields, resources and derived items."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum

from yidaitong.departments.fields import Field, FieldType, PiClass, Unit
from yidaitong.departments.reading import Reading, Value
from yidaitong.kernel.text import Text

__all__ = [
    "AnswerForm",
    "Department",
    "Field",
    "FieldType",
    "Item",
    "ItemType",
    "PiClass",
    "Resource",
    "ShareType",
    "Unit",
    "UpdateCycle",
]


class ShareType(StrEnum):
    """共享类型 of the national catalogue standard."""

    UNCONDITIONAL = "1"
    CONDITIONAL = "2"
    NONE = "3"


class AnswerForm(StrEnum):
    """How a department signs its answer: all as one (JWS), or so that it can be narrowed."""

    # Wire format: append only.
    JWS = "jws"
    SD_JWT = "sd-jwt"


class UpdateCycle(StrEnum):
    """更新周期: how often the source changes."""

    REAL_TIME = "REAL_TIME"
    DAILY = "DAILY"
    MONTHLY = "MONTHLY"
    QUARTERLY = "QUARTERLY"
    YEARLY = "YEARLY"
    EVENT = "EVENT"


class ItemType(StrEnum):
    """Type of a derived item."""

    BOOL = "bool"
    INT = "int"
    FEN = "fen"
    CODE = "code"


WITH_AUTHORIZATION = Text("凭企业授权", "With the enterprise's authorization")
BY_AGREEMENT = Text("数据共享协议:凭授权转供银行", "Sharing agreement: to banks if authorized")
NOT_RELEASED = Text("未获转供同意", "No consent to onward release")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One resource (信息资源) of the catalogue.

    ``look_back_months`` None means present state only. A negative list answers NO_RECORD when the
    firm is clean. ``onward_release`` says whether its facts may be passed to a bank, and on what
    basis: without it no packet holds them and no policy may name them. ``answer_form`` is how its
    answers are signed; no other form is taken.
    """

    code: str
    text: Text
    fields: tuple[Field, ...]
    update: UpdateCycle
    freshness_sla_days: int
    look_back_months: int | None
    share_type: ShareType = ShareType.CONDITIONAL
    share_condition: Text = WITH_AUTHORIZATION
    open: bool = False
    onward_release: bool = True
    onward_basis: Text = BY_AGREEMENT
    negative_list: bool = False
    answer_form: AnswerForm = AnswerForm.JWS

    @property
    def department(self) -> str:
        """Code of the department that answers."""
        return self.code.split(".", 1)[0]

    @property
    def sensitivity(self) -> str:
        """``NORMAL`` for open or unconditional data, else ``CONFIDENTIAL``."""
        free = self.open or self.share_type is ShareType.UNCONDITIONAL
        return "NORMAL" if free else "CONFIDENTIAL"

    def beside(self, names: Collection[str]) -> frozenset[str]:
        """Fields that come with ``names`` though nobody asked for them."""
        return frozenset(one.name for one in self.fields if one.beside and one.beside in names)

    def field(self, name: str) -> Field:
        """The field called ``name``."""
        return next(field for field in self.fields if field.name == name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One derived item (派生指标): the only facts a policy may name.

    ``low`` and ``high`` bound an int or fen (fen: 0 and 10^18), ``codes`` a code. ``fields`` are
    the fields of ``resource`` it reads, ``filters`` (field, op, value) what it needs of a list;
    platform items (``app.*``, ``exp.*``) have no resource.
    ``on_no_record`` is its value on NO_RECORD, None for UNKNOWN. ``months`` is the window it
    needs, counted back from the last full month; 0: present state. ``version`` is the version of
    the formula.
    """

    name: str
    text: Text
    type: ItemType
    resource: str | None = None
    fields: tuple[str, ...] = ()
    filters: tuple[tuple[str, str, str], ...] = ()
    formula: Callable[[Reading], Value] | None = None
    on_no_record: Value | None = None
    low: int | None = None
    high: int | None = None
    codes: tuple[str, ...] = ()
    months: int = 0
    personal: bool = False
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Department:
    """One data provider: what it offers and what may be derived from it; ``order`` on screens."""

    code: str
    order: int
    text: Text
    uscc: str
    resources: tuple[Resource, ...]
    items: tuple[Item, ...]
