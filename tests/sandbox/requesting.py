"""Requests to departments as anybody could send them."""

import json
from dataclasses import replace
from typing import Any

import requests

from consent.events import canonical
from tests.departments.gateways import Platform
from tests.sandboxes import LiveSandbox
from yidaitong.departments.wire import TICKET_HEADER, TICKET_TYP, Order
from yidaitong.kernel.crypto import jws
from yidaitong.kernel.crypto.keys import KeySet
from yidaitong.sandbox import keys


def send(live: LiveSandbox, order: Order, path: str = "/tax/resources/PAY") -> requests.Response:
    return requests.post(
        live.url + path,
        data=order.body,
        headers={"Content-Type": "application/json", TICKET_HEADER: order.ticket},
        timeout=3,
    )


def forged(order: Order, platform: Platform, **members: Any) -> Order:
    """The order with other members in its ticket, signed by us all the same."""
    known = KeySet.read(keys.platform_path(platform.home).read_bytes())
    said = json.loads(jws.verify(order.ticket, typ=TICKET_TYP, keys=known).payload)
    return replace(order, ticket=platform.sign(canonical({**said, **members})))
