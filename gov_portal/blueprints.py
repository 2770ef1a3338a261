"""The portal's two faces: pages for people, an API for machines."""

from flask import Blueprint
from flask_smorest import Blueprint as ApiBlueprint

pages = Blueprint("gov", __name__, url_prefix="/gov", template_folder="templates")
api = ApiBlueprint(
    "gov_api", __name__, url_prefix="/api/gov/v1", description="Government oversight"
)
