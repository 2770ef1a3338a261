"""The portal's two faces: pages for people, an API for machines."""

from flask import Blueprint
from flask_smorest import Blueprint as ApiBlueprint

pages = Blueprint("bank", __name__, url_prefix="/bank", template_folder="templates")
api = ApiBlueprint(
    "bank_api",
    __name__,
    url_prefix="/api/bank/v1",
    description="Cases, pulls, packets, offers, loans",
)
