"""The enterprise portal: registration, authorizations, applications and loans."""

from typing import Final

from enterprise_portal import registration, registration_api
from enterprise_portal.blueprints import api, pages
from yidaitong.web.nav import NavItem

nav: Final[list[NavItem]] = []

__all__ = ["api", "nav", "pages", "registration", "registration_api"]
