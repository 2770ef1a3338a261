"""What gunicorn imports for ``sandbox serve``."""

import os
from pathlib import Path

from flask import Flask

from yidaitong.kernel.telemetry import log_as_json
from yidaitong.sandbox.server import create_app


def make() -> Flask:
    """The departments of the home named by ``YDT_HOME``."""
    log_as_json()
    return create_app(Path(os.environ.get("YDT_HOME") or ".ydt"))
