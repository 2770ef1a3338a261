"""What every template may use."""

from typing import Any, Final

from flask import Flask, current_app, request

from yidaitong.accounts.roles import ROLES
from yidaitong.accounts.sessions import Visitor
from yidaitong.kernel.actor import Realm
from yidaitong.kernel.text import Text
from yidaitong.web import auth
from yidaitong.web.assets import asset
from yidaitong.web.i18n import LANGUAGE_NAMES, current_language, say
from yidaitong.web.nav import NavItem
from yidaitong.web.state import form_state, trace_id

NAV: Final = "yidaitong.nav"
REALM_NAMES: Final = {
    Realm.ENTERPRISE: Text("企业服务", "Enterprise"),
    Realm.BANK: Text("银行工作台", "Bank"),
    Realm.GOV: Text("政务监管", "Government"),
}


def init_context(app: Flask) -> None:
    """Globals are functions, so that an error page never asks for more than it shows."""
    app.jinja_env.globals.update(
        asset=asset,
        visitor=auth.current_visitor,
        may=may,
        menu=menu,
        role_names=role_names,
        realm_name=realm_name,
        form_state=form_state,
        trace_id=trace_id,
        language=current_language,
        languages=lambda: LANGUAGE_NAMES,
        here=here,
        say=say,
    )


def may(permission: str) -> bool:
    """Whether the visitor's roles grant ``permission``."""
    return auth.current_actor().may(permission)


def menu(realm: str) -> list[NavItem]:
    """The lines of a portal's menu that the visitor may open."""
    items: dict[Realm, list[NavItem]] = current_app.extensions.get(NAV, {})
    return [item for item in items.get(Realm(realm), []) if may(item.permission)]


def role_names(visitor: Visitor) -> list[str]:
    """The visitor's roles in the reader's language."""
    return [say(ROLES[code].text) for code in visitor.roles if code in ROLES]


def realm_name(realm: Realm) -> str:
    """What a portal is called."""
    return say(REALM_NAMES.get(realm, Text("一贷通", "Yidaitong")))


def here() -> str:
    """This page's address without its host, for coming back to it."""
    values: dict[str, Any] = {"path": request.path}
    query = request.query_string.decode("ascii", errors="replace")
    return f"{values['path']}?{query}" if query and request.method == "GET" else values["path"]
