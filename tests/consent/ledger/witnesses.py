"""Witnesses for tests: keys, a store in a folder, and a log's side of the conversation."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from consent.ledger.checkpoint import Checkpoint
from consent.ledger.cosigning import Cosigner
from consent.ledger.merkle import Tree
from consent.ledger.note import NoteSigner
from consent.ledger.witness import Answer, Witness, add_checkpoint, write_request
from consent.ledger.witnessfiles import FileStore
from tests.consent.ledger.builders import a_signer
from yidaitong.kernel.crypto import witnesskeys

MOMENT = 1_772_699_421


def cosigners(name: str = "bank.example/witness") -> tuple[Cosigner, ...]:
    return witnesskeys.read(witnesskeys.make(name, post_quantum=True))


def tree_of(count: int, seed: str = "") -> Tree:
    tree = Tree()
    tree.extend([f"{seed}{at}".encode() for at in range(count)])
    return tree


@dataclass
class Bank:
    """One witness over a folder."""

    folder: Path
    keys: tuple[Cosigner, ...] = field(default_factory=cosigners)
    log: NoteSigner = field(default_factory=a_signer)
    now: Callable[[], int] = lambda: MOMENT

    @property
    def store(self) -> FileStore:
        return FileStore(self.folder)

    def witness(self, after: Callable[[str], None] = lambda _step: None) -> Witness:
        return Witness(logs=(self.log.vkey,), cosigners=self.keys, now=self.now, after=after)

    def take(self, body: bytes) -> Answer:
        return add_checkpoint(body, self.store, self.witness())

    def ask(self, tree: Tree, old: int, size: int | None = None) -> Answer:
        """As the log asks that holds ``tree``."""
        return self.take(request(tree, old, size, self.log))


def request(
    tree: Tree, old: int, size: int | None = None, signer: NoteSigner | None = None
) -> bytes:
    signer = signer or a_signer()
    size = tree.size if size is None else size
    proof = tree.consistency_proof(old, size) if 0 < old < size else []
    return write_request(old, proof, note(tree, size, signer))


def note(tree: Tree, size: int, signer: NoteSigner) -> str:
    return signer.note(Checkpoint(signer.name, size, tree.root(size)).text)
