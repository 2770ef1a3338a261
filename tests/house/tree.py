"""The files of this tree as the rules see them."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("consent", "yidaitong", "enterprise_portal", "bank_portal", "gov_portal")


@cache
def files() -> tuple[Path, ...]:
    """Everything git keeps or would keep."""
    words = ["git", "ls-files", "-co", "--exclude-standard"]
    listed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    found = (ROOT / name for name in listed.stdout.splitlines())
    return tuple(sorted({path for path in found if path.is_file()}))


def ending(*suffixes: str, under: tuple[str, ...] = ()) -> list[Path]:
    """Files with one of ``suffixes``, of all folders or of the top-level folders ``under``."""
    return [
        path
        for path in files()
        if path.suffix in suffixes and (not under or path.relative_to(ROOT).parts[0] in under)
    ]


def name(path: Path) -> str:
    """How messages call a file."""
    return str(path.relative_to(ROOT))
