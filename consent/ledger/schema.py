"""Schema ``ledger``: roles, tables, triggers and grants, as statements of the owner.

Hand-written, because what matters here is what metadata cannot say: who may do what, and what
nobody may, the owner included.
"""

from typing import Final

SCHEMA = "ledger"
APP_ROLE = "ydt_app"
LEDGER_ROLE = "ydt_ledger"

# LOGIN without a password: over a socket that trusts its users it is a login, elsewhere only a
# role to switch to, until the operator sets a password. Advisory locks do not reach across
# databases, so two migrators of one server may meet here.
_ROLE = """
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
        CREATE ROLE {role} LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION
            NOBYPASSRLS;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$
"""
# A superuser switches to any role; others need the membership, even to a role they made.
_MEMBER = """
DO $$
BEGIN
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = CURRENT_USER) THEN
        GRANT {role} TO CURRENT_USER;
    END IF;
END $$
"""

# Times of heads up to this size were wrong: two persons said so, by one order.
CLEARING: Final = (
    """
    CREATE TABLE ledger.clearing (
        order_id uuid PRIMARY KEY,
        size bigint NOT NULL CHECK (size >= 0),
        at timestamptz NOT NULL DEFAULT clock_timestamp()
    )
    """,
    # The latest time any head carries is asked for each second.
    "CREATE INDEX ix_published_at ON ledger.published (at)",
)

_TABLES = (
    "CREATE SCHEMA ledger",
    # CACHE 1: ids are drawn in the order of the chain locks they are drawn under.
    """
    CREATE TABLE ledger.entry (
        id bigint GENERATED ALWAYS AS IDENTITY (CACHE 1) PRIMARY KEY,
        key bytea NOT NULL UNIQUE CHECK (octet_length(key) = 32),
        body bytea NOT NULL CHECK (octet_length(body) BETWEEN 2 AND 1023)
    )
    """,
    # No foreign keys here and in seq: they lock a row per entry.
    "CREATE TABLE ledger.pending (id bigint PRIMARY KEY)",
    """
    ALTER TABLE ledger.pending SET (
        autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000
    )
    """,
    """
    CREATE TABLE ledger.seq (
        idx bigint PRIMARY KEY CHECK (idx >= 0),
        id bigint NOT NULL UNIQUE,
        h bytea NOT NULL CHECK (octet_length(h) = 32)
    )
    """,
    """
    CREATE TABLE ledger.tile (
        lvl smallint NOT NULL,
        n bigint NOT NULL,
        data bytea NOT NULL CHECK (octet_length(data) BETWEEN 32 AND 8192),
        PRIMARY KEY (lvl, n)
    )
    """,
    # Hashes do not compress, and a partial tile is a substr of the stored bytes.
    "ALTER TABLE ledger.tile ALTER COLUMN data SET STORAGE EXTERNAL",
    """
    CREATE TABLE ledger.state (
        one boolean PRIMARY KEY DEFAULT true CHECK (one),
        origin text NOT NULL,
        size bigint NOT NULL CHECK (size >= 0),
        root bytea NOT NULL CHECK (octet_length(root) = 32),
        edge bytea NOT NULL
    )
    """,
    """
    CREATE TABLE ledger.checkpoint (
        size bigint PRIMARY KEY,
        root bytea NOT NULL CHECK (octet_length(root) = 32),
        note text NOT NULL,
        at timestamptz NOT NULL DEFAULT clock_timestamp()
    )
    """,
    """
    CREATE TABLE ledger.cosignature (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        size bigint NOT NULL REFERENCES ledger.checkpoint,
        witness text NOT NULL,
        line text NOT NULL,
        at timestamptz NOT NULL DEFAULT clock_timestamp()
    )
    """,
    "CREATE INDEX ix_cosignature_size ON ledger.cosignature (size)",
    """
    CREATE TABLE ledger.published (
        size bigint PRIMARY KEY REFERENCES ledger.checkpoint,
        at timestamptz NOT NULL DEFAULT clock_timestamp()
    )
    """,
    *CLEARING,
)

_FUNCTIONS = (
    """
    CREATE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'rows of ledger.% are never changed or deleted', TG_TABLE_NAME;
    END $$
    """,
    """
    CREATE FUNCTION ledger.keep_prefix() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF (NEW.lvl, NEW.n) <> (OLD.lvl, OLD.n)
           OR substr(NEW.data, 1, octet_length(OLD.data)) <> OLD.data THEN
            RAISE EXCEPTION 'tile %/% may only grow', OLD.lvl, OLD.n;
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE FUNCTION ledger.only_grow() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.size < OLD.size OR NEW.origin <> OLD.origin OR NEW.one <> OLD.one
           OR (NEW.size = OLD.size AND (NEW.root, NEW.edge) <> (OLD.root, OLD.edge)) THEN
            RAISE EXCEPTION 'the log only grows';
        END IF;
        RETURN NEW;
    END $$
    """,
)

_KEPT = ("entry", "seq", "checkpoint", "cosignature", "published", "clearing")


def _trigger(name: str, when: str, table: str, function: str) -> str:
    each = "STATEMENT" if when == "TRUNCATE" else "ROW"
    return (
        f"CREATE TRIGGER {name} BEFORE {when} ON ledger.{table} "
        f"FOR EACH {each} EXECUTE FUNCTION ledger.{function}()"
    )


def _triggers() -> list[str]:
    growing = ("tile", "state")
    return [
        *(_trigger("kept", "UPDATE OR DELETE", table, "refuse_change") for table in _KEPT),
        *(_trigger("kept", "DELETE", table, "refuse_change") for table in growing),
        *(_trigger("whole", "TRUNCATE", table, "refuse_change") for table in (*_KEPT, *growing)),
        _trigger("grows", "UPDATE", "tile", "keep_prefix"),
        _trigger("grows", "UPDATE", "state", "only_grow"),
    ]


_GRANTS = (
    f"GRANT USAGE ON SCHEMA ledger TO {APP_ROLE}, {LEDGER_ROLE}",
    f"GRANT SELECT ON ALL TABLES IN SCHEMA ledger TO {APP_ROLE}, {LEDGER_ROLE}",
    f"GRANT INSERT ON ledger.entry, ledger.pending, ledger.clearing TO {APP_ROLE}",
    f"GRANT DELETE ON ledger.pending TO {LEDGER_ROLE}",
    f"GRANT INSERT ON ledger.seq, ledger.tile, ledger.checkpoint TO {LEDGER_ROLE}",
    f"GRANT INSERT ON ledger.cosignature, ledger.published TO {LEDGER_ROLE}",
    f"GRANT UPDATE (data) ON ledger.tile TO {LEDGER_ROLE}",
    f"GRANT UPDATE (size, root, edge) ON ledger.state TO {LEDGER_ROLE}",
)


def role_statements() -> list[str]:
    """Create the two roles where they are missing, and let the current user switch to them."""
    roles = (APP_ROLE, LEDGER_ROLE)
    return [form.format(role=role) for role in roles for form in (_ROLE, _MEMBER)]


def clearing_statements() -> list[str]:
    """Clearings alone, guarded as the others: for a log that was made without them."""
    return [
        *CLEARING,
        _trigger("kept", "UPDATE OR DELETE", "clearing", "refuse_change"),
        _trigger("whole", "TRUNCATE", "clearing", "refuse_change"),
        f"GRANT SELECT ON ledger.clearing TO {APP_ROLE}, {LEDGER_ROLE}",
        f"GRANT INSERT ON ledger.clearing TO {APP_ROLE}",
    ]


def statements() -> list[str]:
    """Create the schema with all that guards it; run once, by the first migration."""
    return [*_TABLES, *_FUNCTIONS, *_triggers(), *_GRANTS]
