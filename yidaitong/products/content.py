"""What people decide on: the content of a version as one hash."""

from typing import Any

import rfc8785

from consent.events import sha256_b64u
from yidaitong.products.models import CONTENT, ProductVersion


def content_digest(version: ProductVersion) -> str:
    """SHA-256, base64url, of the canonical JSON of everything a version says."""
    content: dict[str, Any] = {name: getattr(version, name) for name in CONTENT}
    content["repayment"] = version.repayment.value
    return sha256_b64u(rfc8785.dumps(content))
