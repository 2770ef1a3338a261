"""Pages ask for files that exist, and nothing of them comes from elsewhere."""

import json
import re

from tests.house.tree import PACKAGES, ROOT, ending, name
from yidaitong.assets.vendor import FILES

_ASKED = re.compile(r"asset\(['\"]([^'\"]+)['\"]\)")
_INLINE = re.compile(
    r"<script(?![^>]*\b(?:src=|type=\"application/json\"))|<style\b|\sstyle=|\son[a-z]+=\"",
    re.IGNORECASE,
)
_FOREIGN = re.compile(r"(?:src|href|action)=\"(?:https?:)?//", re.IGNORECASE)


class TestAssets:
    def test_asked_for_exist(self) -> None:
        own = {path.name for path in ending(*{".css", ".js", ".svg", ".png", ".webmanifest"})}
        missing = [
            f"{name(path)}: {asked}"
            for path in ending(".html", under=PACKAGES)
            for asked in _ASKED.findall(path.read_text(encoding="utf-8"))
            if asked not in FILES and asked.rpartition("/")[2] not in own
        ]

        assert missing == []

    def test_templates_obey_the_content_policy(self) -> None:
        broken = [
            f"{name(path)}: {hit[0].strip()}"
            for path in ending(".html", under=PACKAGES)
            for rule in (_INLINE, _FOREIGN)
            for hit in rule.finditer(path.read_text(encoding="utf-8"))
        ]

        assert broken == [], "browsers refuse inline and foreign scripts and styles"

    def test_versions_are_exact_and_the_lock_has_no_addresses(self) -> None:
        folder = ROOT / "yidaitong" / "assets"
        wanted = json.loads((folder / "package.json").read_text(encoding="utf-8"))["dependencies"]
        locked = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))["packages"]

        for package, exact in wanted.items():
            assert locked[f"node_modules/{package}"]["version"] == exact
        assert not [one for one in locked.values() if "resolved" in one]
        assert all("integrity" in one for path, one in locked.items() if path)
