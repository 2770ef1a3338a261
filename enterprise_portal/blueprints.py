"""The portal's two faces: pages for people, an API for machines."""

from flask import Blueprint
from flask_smorest import Blueprint as ApiBlueprint

pages = Blueprint("enterprise", __name__, url_prefix="/enterprise", template_folder="templates")
api = ApiBlueprint(
    "enterprise_api",
    __name__,
    url_prefix="/api/enterprise/v1",
    description="Registration, products, applications, authorizations, loans",
)
