"""Copy front-end files from ``node_modules`` to ``static/vendor`` under hashed names.

Standard library only: ``manage.py`` runs this file before anything is installed.
"""

import hashlib
import json
import re
import shutil
import sys
from pathlib import Path

# What a page asks for (``asset("tabler.css")``), and the file of the npm package it is.
FILES = {
    "tabler.css": "@tabler/core/dist/css/tabler.min.css",
    "tabler.js": "@tabler/core/dist/js/tabler.min.js",
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "echarts.js": "echarts/dist/echarts.min.js",
    "fonts.css": "@fontsource-variable/noto-sans-sc/wght.css",
}
_ADDRESS = re.compile(rb"url\(\./files/([a-z0-9-]+\.woff2)\)")
# The maps stay behind (6 MB), so a browser must not be told to look for them.
_SOURCE_MAP = re.compile(rb"(/\*#|//#) sourceMappingURL=\S+( \*/)?\s*$")


def copy(modules: Path, target: Path) -> dict[str, str]:
    """Replace ``target`` by the listed files; the manifest maps their names to their paths."""
    fresh = target.with_name(f"{target.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    manifest = {}
    for name, source in FILES.items():
        manifest[name] = _write(fresh, name, _content(modules / source, fresh))
        _licence(modules, source, fresh)
    text = json.dumps(manifest, indent=2, sort_keys=True)
    (fresh / "manifest.json").write_text(f"{text}\n", encoding="utf-8")
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)
    return manifest


def _content(source: Path, fresh: Path) -> bytes:
    content = _SOURCE_MAP.sub(b"", source.read_bytes())
    return _ADDRESS.sub(lambda found: _font(source.parent, found, fresh), content)


def _write(folder: Path, name: str, content: bytes) -> str:
    stem, _, suffix = name.rpartition(".")
    hashed = f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{suffix}"
    (folder / hashed).write_bytes(content)
    return hashed


def _font(package: Path, found: "re.Match[bytes]", fresh: Path) -> bytes:
    name = found[1].decode("ascii")
    folder = fresh / "fonts"
    folder.mkdir(exist_ok=True)
    hashed = _write(folder, name, (package / "files" / name).read_bytes())
    return f"url(fonts/{hashed})".encode("ascii")


def _licence(modules: Path, source: str, fresh: Path) -> None:
    parts = source.split("/")
    package = "/".join(parts[: 2 if source.startswith("@") else 1])
    for found in sorted((modules / package).glob("LICENSE*")):
        name = package.lstrip("@").replace("/", "-")
        (fresh / f"{name}.LICENSE.txt").write_bytes(found.read_bytes())


if __name__ == "__main__":
    copy(Path(sys.argv[1]), Path(sys.argv[2]))
