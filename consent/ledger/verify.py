"""Check a proof bundle, a receipt or an exported log, without network, database or platform.

``python -m consent.ledger.verify FILE|DIR --policy FILE|--vkey KEY [--old NOTE] [--json]``

Exit: 0 verified, 1 refused, 2 usage or a file cannot be read, 3 cannot decide.
"""

import argparse
import sys
from pathlib import Path
from typing import NoReturn

from consent.ledger.bundles import read_bundle_json, verify_bundle
from consent.ledger.checkpoint import Checkpoint, open_checkpoint
from consent.ledger.errors import LedgerError
from consent.ledger.folders import read_from, verify_folder
from consent.ledger.policy import Policy, policy_of, read_policy
from consent.ledger.prooftext import HEADER, read_proof
from consent.ledger.report import Check, Exit, Report, UndecidedError
from consent.ledger.signatures import verifier_of


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(Exit.USAGE, f"{self.format_usage()}{message}\n")


def _arguments(words: list[str] | None) -> argparse.Namespace:
    parser = _Parser(prog="python -m consent.ledger.verify", description=__doc__.split("\n")[0])
    parser.add_argument("path", type=Path, help="proof bundle, receipt, or folder of a log")
    trust = parser.add_mutually_exclusive_group()
    trust.add_argument("--policy", type=Path, help="C2SP tlog-policy file, got out of band")
    trust.add_argument("--vkey", help="the log's verifier key or a file with it; asks no witness")
    parser.add_argument("--old", type=Path, help="earlier head: a note, a proof, or a receipt")
    parser.add_argument("--json", action="store_true", help="a report for machines")
    return parser.parse_args(words)


def verify(path: Path, policy: Policy, old: Checkpoint | None = None) -> Report:
    """Check what is at ``path``.

    Raises:
        OSError: it cannot be read.
        UndecidedError: ``old`` cannot be compared with it.
    """
    if path.is_dir():
        return verify_folder(read_from(path), policy, old)
    return verify_bundle(path.read_bytes(), policy, old)


def _policy(given: argparse.Namespace) -> Policy:
    if given.policy is not None:
        return read_policy(given.policy.read_bytes())
    if given.vkey is None:
        raise UndecidedError("neither a policy nor a key was given")
    # A key holds two plus signs; a path may hold them too, but then it is a file.
    file = Path(given.vkey)
    key = (
        file.read_text(encoding="utf-8") if "+" not in given.vkey or file.is_file() else given.vkey
    )
    return policy_of(key.strip())


def _old(path: Path | None, policy: Policy) -> Checkpoint | None:
    if path is None:
        return None
    data = path.read_bytes()
    if data.startswith(b"{"):
        data = str(read_bundle_json(data).get("proof")).encode()
    if data.startswith(HEADER.encode()):
        data = read_proof(data.decode("utf-8", "replace")).note.encode()
    return open_checkpoint(data, [verifier_of(key) for key in policy.keys]).checkpoint


def run(words: list[str] | None = None) -> tuple[Exit, str]:
    """Exit code and what is said."""
    given = _arguments(words)
    try:
        policy = _policy(given)
        report = verify(given.path, policy, _old(given.old, policy))
    except OSError as error:
        return Exit.USAGE, f"{error.filename}: {error.strerror}"
    except (UndecidedError, UnicodeDecodeError) as error:
        return Exit.UNDECIDED, f"cannot decide: {error}"
    except LedgerError as error:  # Of the policy or the old head.
        report = Report(checks=[Check(error.check, ok=False, detail=str(error))])
    return report.exit, report.as_text(machine=given.json)


def main() -> None:
    """Say the verdict; exit with its code."""
    code, said = run()
    stream = sys.stderr if code in {Exit.USAGE, Exit.UNDECIDED} else sys.stdout
    stream.write(said + "\n")
    sys.exit(code)


if __name__ == "__main__":
    main()
