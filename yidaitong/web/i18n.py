"""Two languages: Chinese unless the reader chose English."""

from pathlib import Path
from typing import Final

from flask import Flask, has_request_context, request

from yidaitong.kernel.text import Text
from yidaitong.web.catalogue import Catalogue, CatalogueBabel

COOKIE: Final = "ydt_language"
# Only these reach Babel: it fails on anything else.
LOCALES: Final = {"zh-CN": "zh_CN", "en": "en"}
DEFAULT: Final = "zh-CN"
LANGUAGE_NAMES: Final = {"zh-CN": "中文", "en": "English"}


def init_i18n(app: Flask, folders: list[Path]) -> None:
    """Translations of ``yidaitong`` and of the portals' ``folders``; dates in Shanghai time."""
    app.config["BABEL_DEFAULT_LOCALE"] = LOCALES[DEFAULT]
    app.config["BABEL_DEFAULT_TIMEZONE"] = "Asia/Shanghai"
    own = Path(__file__).parent.parent / "locale"
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = ";".join(map(str, (own, *folders)))
    CatalogueBabel(Catalogue([own, *folders])).init_app(app, locale_selector=current_locale)


def current_language() -> str:
    """``zh-CN`` or ``en``: the cookie's choice; machines may say it by ``Accept-Language``."""
    if not has_request_context():
        return DEFAULT
    chosen = request.cookies.get(COOKIE, "")
    if chosen in LOCALES:
        return chosen
    if request.path.startswith("/api/"):
        return request.accept_languages.best_match([DEFAULT, "en"]) or DEFAULT
    return DEFAULT


def current_locale() -> str:
    """``zh_CN`` or ``en``."""
    return LOCALES[current_language()]


def say(text: Text) -> str:
    """A named thing in the reader's language."""
    return text.pick(current_locale())
