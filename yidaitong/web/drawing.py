"""Where the parts of a drawn proof stand: plain numbers, for an SVG that needs no script."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from consent.ledger.walks import Block, Step

WIDTH: Final = 360  # Units; a phone's width, so that text stays readable there.
_MIDDLE: Final = WIDTH // 2
_BOX: Final = (132, 34)
_SIDE: Final = (98, 34)
_RISE: Final = 62
_ROW: Final = 44
_SHOWN: Final = 8  # Hexadecimal digits of a hash.


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One hash; ``kind`` is its colour: root, leaf, way, sibling, old, new."""

    x: int
    y: int
    width: int
    height: int
    kind: str
    text: tuple[str, ...] = ()

    @property
    def centre(self) -> int:
        """Where its text stands."""
        return self.x + self.width // 2

    @property
    def lines(self) -> list[tuple[str, int]]:
        """Its lines of text with their base lines."""
        first = self.y + self.height // 2 + (4 if len(self.text) == 1 else -3)
        return [(one, first + 13 * at) for at, one in enumerate(self.text)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """From a child up to its parent."""

    x1: int
    y1: int
    x2: int
    y2: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A picture ``width`` × ``height``."""

    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...] = ()
    width: int = WIDTH


def short(one: bytes) -> str:
    """The beginning of a hash."""
    return f"{one.hex()[:_SHOWN]}…"


def leaves(span: tuple[int, int]) -> str:
    """Which leaves a hash covers."""
    first, last = span[0], span[1] - 1
    return f"#{first:,}" if first == last else f"#{first:,}–{last:,}"


def draw_climb(index: int, leaf: bytes, steps: Sequence[Step]) -> Drawing:
    """The way from a leaf at the bottom to the root at the top."""
    boxes: list[Box] = []
    lines: list[Line] = []
    running, count = leaf, len(steps)
    for level in range(count + 1):
        y = _RISE * (count - level)
        kind = "root" if level == count else "way" if level else "leaf"
        text = (short(running),) if level else (short(running), f"#{index:,}")
        boxes.append(_box(_MIDDLE, y, _BOX, kind, text))
        if level < count:
            step = steps[level]
            x = _SIDE[0] // 2 if step.on_left else WIDTH - _SIDE[0] // 2
            boxes.append(_box(x, y, _SIDE, "sibling", (short(step.sibling), leaves(step.span))))
            top = y - _RISE + _BOX[1]
            lines += [Line(x1=at, y1=y, x2=_MIDDLE, y2=top) for at in (_MIDDLE, x)]
            running = step.result
    return Drawing(height=_RISE * count + _BOX[1], boxes=tuple(boxes), lines=tuple(lines))


def draw_growth(blocks: Sequence[Block]) -> Drawing:
    """The parts of both trees, first leaves on top; the old ones stand within the bar of old."""
    boxes = [
        _box(
            _MIDDLE + 30,
            _ROW * at,
            (250, 36),
            "old" if block.in_old else "new",
            (short(block.hash), leaves(block.span)),
        )
        for at, block in enumerate(blocks)
    ]
    old = sum(block.in_old for block in blocks)
    bars = [
        Box(x=0, y=0, width=24, height=_ROW * old - 8, kind="old"),
        Box(x=36, y=0, width=24, height=_ROW * len(blocks) - 8, kind="new"),
    ]
    return Drawing(height=_ROW * len(blocks), boxes=(*bars, *boxes))


def _box(centre: int, y: int, size: tuple[int, int], kind: str, text: tuple[str, ...]) -> Box:
    width, height = size
    return Box(x=centre - width // 2, y=y, width=width, height=height, kind=kind, text=text)
