"""The words of a policy: a closed grammar without code, loops, floats, clock or I/O."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from yidaitong.departments.items import ItemType

MAX_BYTES: Final = 64 * 1024
MAX_RULES: Final = 60
MAX_ROWS: Final = 60
MAX_CONDITIONS: Final = 6
MAX_OUTPUTS: Final = 16
MAX_LIST: Final = 50
MAX_DEPTH: Final = 12
MAX_INTEGER: Final = 10**18
BP_PER_WHOLE: Final = 10_000

# What an evaluation calls things that are no rule; no rule may take their names.
LMIN: Final = "LMIN"
TABLE: Final = "TABLE"
LIMIT: Final = "LIMIT"
RATE: Final = "RATE"
RESERVED: Final = frozenset({LMIN, TABLE, LIMIT, RATE})
OUTPUT_PREFIX: Final = "t."


# Wire format: append only.
class Op(StrEnum):
    """What a condition tests."""

    EQ = "eq"
    NE = "ne"
    GT = "gt"
    GE = "ge"
    LT = "lt"
    LE = "le"
    BETWEEN = "between"
    IN = "in"
    NOT_IN = "not_in"
    IS_TRUE = "is_true"
    IS_FALSE = "is_false"


# Wire format: append only.
class Fn(StrEnum):
    """What an expression may compute, on whole numbers only."""

    MIN = "min"
    MAX = "max"
    ADD = "add"
    SUB = "sub"
    MUL = "mul"
    BP = "bp"
    FLOOR_TO = "floor_to"


# Wire format: append only.
class OnFail(StrEnum):
    """What a failed rule leads to."""

    REJECT = "REJECT"
    REFER = "REFER"


_NUMBERS: Final = frozenset({ItemType.INT, ItemType.FEN})
NUMERIC: Final = _NUMBERS
ITEM_TYPES: Final[Mapping[Op, frozenset[ItemType]]] = {
    Op.EQ: _NUMBERS | {ItemType.CODE},
    Op.NE: _NUMBERS | {ItemType.CODE},
    Op.GT: _NUMBERS,
    Op.GE: _NUMBERS,
    Op.LT: _NUMBERS,
    Op.LE: _NUMBERS,
    Op.BETWEEN: _NUMBERS,
    Op.IN: frozenset({ItemType.CODE, ItemType.INT}),
    Op.NOT_IN: frozenset({ItemType.CODE, ItemType.INT}),
    Op.IS_TRUE: frozenset({ItemType.BOOL}),
    Op.IS_FALSE: frozenset({ItemType.BOOL}),
}
# Operators whose threshold may be an expression.
COMPARING: Final = frozenset({Op.EQ, Op.NE, Op.GT, Op.GE, Op.LT, Op.LE})
FLAGS: Final = frozenset({Op.IS_TRUE, Op.IS_FALSE})
LISTS: Final = frozenset({Op.IN, Op.NOT_IN})

ARGUMENTS: Final[Mapping[Fn, tuple[int, int]]] = {
    Fn.MIN: (2, 9),
    Fn.MAX: (2, 9),
    Fn.ADD: (2, 9),
    Fn.SUB: (2, 2),
    Fn.MUL: (2, 2),
    Fn.BP: (2, 2),
    Fn.FLOOR_TO: (2, 2),
}


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number as written."""

    value: int


@dataclass(frozen=True, slots=True)
class ItemRef:
    """The value of an item."""

    item: str


@dataclass(frozen=True, slots=True)
class Output:
    """An output of the table row that was hit."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """One function of expressions."""

    fn: Fn
    args: tuple["Expr", ...]


Expr = Number | ItemRef | Output | Call
Target = int | str | tuple[int, ...] | tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """``item op target``; ``expr`` computes the target where it is not a constant."""

    item: str
    op: Op
    target: Target = None
    expr: Expr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule; ``id`` is unique in its policy."""

    id: str
    condition: Condition
    on_fail: OnFail = OnFail.REJECT


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the table: all of ``when`` hold, then these numbers are its outputs."""

    when: tuple[Condition, ...]
    then: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One checked policy. ``document`` is what was written, ``sha256`` its hash (RFC 8785)."""

    product: str
    min_limit_fen: int
    rules: tuple[Rule, ...]
    rows: tuple[Row, ...]
    limit: Expr
    rate: Expr
    sha256: str
    items: tuple[str, ...]
    document: Mapping[str, Any] = field(repr=False, compare=False)


def items_of(expr: Expr) -> Iterator[str]:
    """Items an expression reads, in order, with repetitions."""
    if isinstance(expr, ItemRef):
        yield expr.item
    elif isinstance(expr, Call):
        for arg in expr.args:
            yield from items_of(arg)
