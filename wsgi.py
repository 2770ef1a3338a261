"""What a WSGI server imports: ``gunicorn wsgi:app``. Settings come from ``YDT_*`` variables."""

import bank_portal
import enterprise_portal
import gov_portal
from yidaitong.app import create_app
from yidaitong.kernel.settings import load_settings
from yidaitong.kernel.telemetry import log_as_json
from yidaitong.runtime import Runtime

log_as_json()
app = create_app(Runtime(load_settings()), [enterprise_portal, bank_portal, gov_portal])
