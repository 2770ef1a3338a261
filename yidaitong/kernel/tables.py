"""Tables for spreadsheets: CSV that cannot become a formula when it is opened."""

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

# What spreadsheets read as the start of a formula or a command (OWASP, CSV injection).
_STARTERS: Final = frozenset("=+-@\t\r\n")


def quoted(value: object) -> str:
    """One cell as text: NUL is dropped, a risky first sign gets an apostrophe before it.

    Full-width forms count as what they look like; numbers of ours are written by callers as text.
    """
    text = str("" if value is None else value).replace("\x00", "")
    first = unicodedata.normalize("NFKC", text[:1])[:1]
    bare = unicodedata.normalize("NFKC", text.lstrip()[:1])[:1]
    return f"'{text}" if first in _STARTERS or bare in _STARTERS else text


def as_csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A table in UTF-8 with a byte order mark: spreadsheets then read Chinese right."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([quoted(cell) for cell in head])
    writer.writerows([quoted(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")
