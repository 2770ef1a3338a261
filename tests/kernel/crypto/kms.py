"""A small key service for tests: holds the KEKs in a process of its own, on a Unix socket.

``python -m tests.kernel.crypto.kms SOCKET``; one line of JSON asks, one answers.
"""

import json
import secrets
import socketserver
import sys
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12


class Service:
    """Keys that never leave."""

    def __init__(self) -> None:
        self.keys = {1: AESGCM(secrets.token_bytes(32))}
        self.last = 1

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        match asked["do"]:
            case "versions":
                return {"versions": sorted(self.keys)}
            case "make":
                self.last += 1
                self.keys[self.last] = AESGCM(secrets.token_bytes(32))
                return {"version": self.last}
            case "destroy":
                self.keys.pop(asked["version"], None)
                return {"gone": True}
        key = self.keys.get(asked["version"])
        if key is None:
            return {"error": "no such version"}
        given, about = bytes.fromhex(asked["value"]), asked["about"].encode()
        if asked["do"] == "wrap":
            nonce = secrets.token_bytes(NONCE)
            return {"value": (nonce + key.encrypt(nonce, given, about)).hex()}
        try:
            return {"value": key.decrypt(given[:NONCE], given[NONCE:], about).hex()}
        except (InvalidTag, ValueError):
            return {"error": "broken"}


def main(path: str) -> None:
    service = Service()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            for line in self.rfile:
                told = service.answer(json.loads(line))
                self.wfile.write(json.dumps(told).encode() + b"\n")

    with socketserver.ThreadingUnixStreamServer(path, Handler) as server:
        server.daemon_threads = True
        server.serve_forever(0.05)


if __name__ == "__main__":
    main(sys.argv[1])
