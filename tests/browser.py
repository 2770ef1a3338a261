"""Chromium for tests: fixed fonts, language, time zone and sizes, and a server in a thread.

``from tests.browser import chromium, visit`` makes the fixtures known to a test module.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import Any, Final

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import make_server

PHONE: Final = (390, 844)
DESKTOP: Final = (1440, 900)
_PROGRAMS: Final = ("/usr/bin/chromium", "chromium-browser", "google-chrome")
_FONTS: Final = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><include ignore_missing="yes">/etc/fonts/fonts.conf</include>
<dir>{folder}</dir><cachedir>{cache}</cachedir></fontconfig>
"""
# One rule a line: what a page must hold for people who cannot see or use a mouse.
_PROBLEMS: Final = """() => {
  const found = [];
  const name = (e) => e.tagName.toLowerCase() + (e.id ? '#' + e.id : '') + '.' + e.className;
  if (!document.documentElement.lang) found.push('html has no lang');
  if (!document.title.trim()) found.push('no title');
  if (document.querySelectorAll('h1').length !== 1) found.push('not exactly one h1');
  if (document.querySelectorAll('main').length !== 1) found.push('not exactly one main');
  const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
  const twice = ids.filter((id, n) => ids.indexOf(id) !== n);
  for (const id of new Set(twice)) found.push('twice: ' + id);
  for (const e of document.querySelectorAll('input:not([type=hidden]), select, textarea')) {
    if (!e.labels.length && !e.ariaLabel) found.push('no label: ' + name(e));
  }
  for (const e of document.querySelectorAll('a, button, summary')) {
    if (!(e.innerText || e.textContent).trim() && !e.ariaLabel) found.push('no name: ' + name(e));
  }
  for (const e of document.querySelectorAll('img:not([alt])')) found.push('no alt: ' + name(e));
  for (const e of document.querySelectorAll('table')) {
    if (!e.caption) found.push('no caption: ' + name(e));
  }
  for (const e of document.querySelectorAll('[aria-describedby], [aria-labelledby]')) {
    const wanted = e.getAttribute('aria-describedby') || e.getAttribute('aria-labelledby');
    for (const id of wanted.trim().split(/\\s+/)) {
      if (!document.getElementById(id)) found.push('points nowhere: ' + name(e) + ' -> ' + id);
    }
  }
  let last = 0;
  for (const e of document.querySelectorAll('h1, h2, h3, h4')) {
    const level = Number(e.tagName[1]);
    if (level > last + 1 && last) found.push('heading skips: ' + e.textContent.trim());
    last = level;
  }
  if (document.documentElement.scrollWidth > window.innerWidth) found.push('scrolls sideways');
  const light = (text) => {
    const [r, g, b] = text.match(/[\\d.]+/g).map(Number).map((v) => {
      v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const style = getComputedStyle(e);
      if (style.backgroundImage !== 'none') return null;
      if (!/rgba\\(.*, 0\\)|transparent/.test(style.backgroundColor)) return style.backgroundColor;
    }
    return 'rgb(255, 255, 255)';
  };
  for (const e of document.querySelectorAll('main *, header *')) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.checkVisibility({visibilityProperty: true})) continue;
    const [ink, behind] = [getComputedStyle(e).color, ground(e)];
    if (!behind || !/^rgb/.test(ink) || !/^rgb/.test(behind)) continue;
    const [a, b] = [light(ink), light(behind)].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) found.push('pale: ' + name(e) + ' ' + ink + ' on ' + behind);
  }
  return found;
}"""


def _program() -> str:
    wanted = os.environ.get("YDT_CHROMIUM")
    for name in (wanted, *_PROGRAMS) if wanted else _PROGRAMS:
        found = shutil.which(name)
        if found is not None:
            return found
    pytest.skip("no Chromium: install it or set YDT_CHROMIUM")


def _font_settings(folder: Path) -> Path:
    """Screenshots do not depend on the machine's fonts."""
    spec = find_spec("pylopdf_fonts_zh_cn")
    if spec is None or spec.origin is None:
        pytest.skip("no font wheel")
    path = folder / "fonts.conf"
    path.write_text(
        _FONTS.format(folder=Path(spec.origin).parent, cache=folder / "cache"), encoding="utf-8"
    )
    return path


# Each module that imports the fixture has one of its own, and two may not be open in one process.
@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One Chromium for a module."""
    program = _program()
    fonts = _font_settings(tmp_path_factory.mktemp("fonts"))
    arguments = ["--disable-dev-shm-usage"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            args=arguments,
            env={**os.environ, "FONTCONFIG_FILE": str(fonts)},
        )
        yield browser
        browser.close()


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """The app on a free port of this machine; its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Visit:
    """One person's browser on one server; ``noises`` are console errors and failed requests."""

    address: str
    context: BrowserContext
    page: Page
    folder: Path
    noises: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        """Open one page of the server."""
        self.page.goto(f"{self.address}{path}")
        return self.page

    def shoot(self, name: str) -> Path:
        """Save the whole page as seen now."""
        width = self.page.viewport_size["width"] if self.page.viewport_size else 0
        path = self.folder / f"{name}-{'phone' if width < 600 else 'desktop'}.png"
        self.page.screenshot(path=path, full_page=True)
        return path

    def problems(self) -> list[str]:
        """What keeps people out: missing labels, headings, language, contrast; and noises."""
        found: Any = self.page.evaluate(_PROBLEMS)
        return [*found, *self.noises]


@pytest.fixture
def visit(chromium: Browser, tmp_path: Path) -> Iterator[Callable[..., Visit]]:
    """Opens browsers: ``visit(address, size=PHONE, locale="zh-CN")``."""
    folder = Path(os.environ.get("YDT_SCREENSHOTS") or tmp_path / "screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    contexts: list[BrowserContext] = []

    def open_one(
        address: str, size: tuple[int, int] = DESKTOP, locale: str = "zh-CN", **options: Any
    ) -> Visit:
        context = chromium.new_context(
            locale=locale,
            timezone_id="Asia/Shanghai",
            viewport={"width": size[0], "height": size[1]},
            **options,
        )
        contexts.append(context)
        context.set_default_timeout(15_000)
        made = Visit(address, context, context.new_page(), folder)
        made.page.on(
            "console",
            lambda message: made.noises.append(message.text) if message.type == "error" else None,
        )
        made.page.on("pageerror", lambda error: made.noises.append(str(error)))
        return made

    yield open_one
    for context in contexts:
        context.close()
