"""A real log in a database of its own, through its three roles."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, make_url, text
from sqlalchemy.orm import Session

from consent.ledger.edges import root_at, tiles_of
from consent.ledger.entries import Leaf, submit
from consent.ledger.guard import Guard
from consent.ledger.merkle import Tree
from consent.ledger.note import NoteSigner
from consent.ledger.proofs import tile_reader
from consent.ledger.publisher import Publisher
from consent.ledger.sequencer import open_log, sequence
from consent.ledger.signatures import verifier_of
from tests.consent.ledger.builders import ORIGIN, a_signer, opened
from yidaitong.kernel.db.engine import make_engine


def url_of(server_url: str, database: str, role: str) -> str:
    address = make_url(server_url).set(database=database, username=role)
    return address.render_as_string(hide_password=False)


def _go_on(_step: str) -> None:
    return None


@dataclass
class Log:
    """Engines of each role, and the log's key and head file."""

    url: Callable[[str], str]
    head_file: Path
    signer: NoteSigner = field(default_factory=a_signer)
    engines: dict[str, Engine] = field(default_factory=dict)

    def engine(self, role: str) -> Engine:
        if role not in self.engines:
            self.engines[role] = make_engine(self.url(role))
        return self.engines[role]

    @property
    def app(self) -> Engine:
        return self.engine("ydt_app")

    @property
    def ledger(self) -> Engine:
        return self.engine("ydt_ledger")

    def as_owner(self, statement: str, **values: Any) -> None:
        with self.engine("ydt_owner").begin() as connection:
            connection.execute(text(statement), values)

    def damage(self, statement: str) -> None:
        """As a superuser who switches the guards off."""
        with self.engine("ydt_owner").begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            connection.execute(text(statement))

    def open(self) -> None:
        with Session(self.engine("ydt_owner")) as session:
            made = submit(session, opened())
            open_log(session.connection(), ORIGIN, made.id)
            session.commit()

    def submit(self, *leaves: Leaf) -> list[int]:
        with Session(self.app) as session:
            ids = [submit(session, leaf).id for leaf in leaves]
            session.commit()
        return ids

    def sequence(self, **options: Any) -> int:
        return sequence(self.ledger, **options)

    def guard(self) -> Guard:
        return Guard((verifier_of(self.signer.vkey),), self.head_file)

    def publisher(self, after: Callable[[str], None] = _go_on, **more: Any) -> Publisher:
        return Publisher(
            engine=self.ledger, signers=(self.signer,), guard=self.guard(), after=after, **more
        )

    def publish(self) -> int | None:
        return self.publisher().publish()

    def rows(self, statement: str, **values: Any) -> list[Any]:
        with self.ledger.connect() as connection:
            return list(connection.execute(text(statement), values).all())

    def one(self, statement: str, **values: Any) -> Any:
        return self.rows(statement, **values)[0][0]

    def bodies(self) -> list[bytes]:
        """Entries in the order of the log."""
        rows = self.rows(
            "SELECT body FROM ledger.seq JOIN ledger.entry USING (id) ORDER BY seq.idx"
        )
        return [bytes(row.body) for row in rows]

    def check_whole(self) -> int:
        """Every entry once, no gap, each hash, tile and root as recomputed; the size."""
        indices = [row.idx for row in self.rows("SELECT idx FROM ledger.seq ORDER BY idx")]
        assert indices == list(range(len(indices)))
        assert self.one("SELECT count(*) FROM ledger.entry") == len(indices)
        assert self.one("SELECT count(*) FROM ledger.pending") == 0
        tree = Tree()
        tree.extend(self.bodies())
        state = self.rows("SELECT size, root FROM ledger.state")[0]
        assert (state.size, bytes(state.root)) == (tree.size, tree.root())
        self._check_tiles(tree)
        for head in self.rows("SELECT size, root FROM ledger.checkpoint"):
            assert bytes(head.root) == tree.root(head.size)
        return tree.size

    def _check_tiles(self, tree: Tree) -> None:
        found = {
            (row.lvl, row.n): len(row.data) // 32
            for row in self.rows("SELECT lvl, n, data FROM ledger.tile")
        }
        assert found == {(level, n): width for level, n, width in tiles_of(tree.size)}
        with self.ledger.connect() as connection:
            read = tile_reader(connection)
            for size in {1, tree.size // 2 or 1, tree.size}:
                assert root_at(size, read) == tree.root(size)

    def close(self) -> None:
        for engine in self.engines.values():
            engine.dispose()
