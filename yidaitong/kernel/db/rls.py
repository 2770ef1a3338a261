"""Row security: which column says whose row it is, and the policy made from it."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import MetaData, Table


@dataclass(frozen=True, slots=True)
class Rls:
    """Whose rows these are. A realm that is not named sees none; the system sees all."""

    enterprise: str | None = None
    bank: str | None = None
    gov: bool = False
    public: bool = False


def policy_sql(table: str, rls: Rls) -> list[str]:
    """Statements that force row security on ``table``; run by migrations as the owner."""
    scope = "current_setting('ydt.scope', true)"
    org = "current_setting('ydt.org', true)"
    tests = [f"{scope} = 'system'"]
    if rls.gov:
        tests.append(f"{scope} = 'gov'")
    if rls.public:
        tests.append(f"{scope} = 'public'")
    if rls.enterprise is not None:
        tests.append(f"({scope} = 'enterprise' AND {rls.enterprise}::text = {org})")
    if rls.bank is not None:
        tests.append(f"({scope} = 'bank' AND {rls.bank}::text = {org})")
    using = " OR ".join(tests)
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY scope ON {table} USING ({using}) WITH CHECK ({using})",
    ]


def secured_tables(metadata: MetaData) -> Iterator[tuple[Table, Rls]]:
    """Tables of ``metadata`` that declare row security."""
    for table in metadata.sorted_tables:
        rls = table.info.get("rls")
        if isinstance(rls, Rls):
            yield table, rls
