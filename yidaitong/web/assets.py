"""Addresses of static files: vendor files by the manifest, our own by content hash."""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Final

from flask import url_for

STATIC: Final = Path(__file__).parent.parent / "static"
_MANIFEST: Final = STATIC / "vendor" / "manifest.json"


@cache
def _vendor() -> dict[str, str]:
    if not _MANIFEST.exists():
        return {}
    found = json.loads(_MANIFEST.read_text(encoding="utf-8"))
    return {str(name): str(path) for name, path in found.items()}


@cache
def _version(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def asset(name: str) -> str:
    """Address of ``tabler.css`` (vendor) or ``ydt.css`` (ours)."""
    vendored = _vendor().get(name)
    if vendored is not None:
        return url_for("static", filename=f"vendor/{vendored}")
    own = STATIC / name
    if not own.is_file():
        return url_for("static", filename=f"vendor/missing/{name}")
    return url_for("static", filename=name, v=_version(name))
