"""What the benchmark runs on, and the Debian parts that it needs."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

from process import Unavailable

POSTGRES = Path("/usr/lib/postgresql")
PACKAGES = {
    "nginx": "nginx-light",
    "wrk": "wrk",
    "curl": "curl",
    "postgres": "postgresql",
    "setpriv": "util-linux",
    "smtp-sink": "postfix",
}
ANSWERS = b"postfix postfix/main_mailer_type select No configuration\n"
"""What packages ask while they are installed: only programs are wanted, no mail server for all of the machine."""
PYTHON_PARTS = (
    "estampe",
    "apsw",
    "granian",
    "fastapi",
    "uvicorn",
    "pydantic",
    "asyncpg",
    "datasette",
    "django-post-office",
)


def need(tool: str) -> Path:
    """Return the path of a tool, installed from Debian if it is missing and we are root.

    Raises:
        Unavailable: it is not there and can't be installed.
    """
    found = _find(tool)
    if found is None:
        _install(PACKAGES[tool])
        found = _find(tool)
    if found is None:
        raise Unavailable(f"there is no `{tool}`; install the Debian package {PACKAGES[tool]}")
    return found


def facts(folder: Path) -> list[tuple[str, str]]:
    """Return what the machine is, and the versions that were compared, as rows of a table."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return [
        ("cores", f"{os.cpu_count()} x {_after(Path('/proc/cpuinfo').read_text(), 'model name')}"),
        ("memory", f"{memory / 2**30:.1f} GiB"),
        ("system", f"{_os_name()}, Linux {platform.release()}"),
        ("filesystem", _output("findmnt", "-no", "FSTYPE", "-T", str(folder)) or "unknown"),
        ("Python", f"{platform.python_implementation()} {platform.python_version()}"),
        ("Python packages", ", ".join(f"{name} {version(name)}" for name in PYTHON_PARTS)),
        ("other programs", ", ".join(filter(None, map(_version, ("nginx", "postgres", "wrk", "curl"))))),
    ]


def commit() -> str:
    """Return the commit of the checkout, marked where files differ from it."""
    return (
        _output("git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=10") or "unknown"
    )


def _find(tool: str) -> Path | None:
    folders = sorted(POSTGRES.glob("*/bin"), key=lambda folder: int(folder.parent.name), reverse=True)
    search = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", *map(str, folders)])
    found = shutil.which(tool, path=search)
    return Path(found).resolve() if found else None


def _install(package: str) -> None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    subprocess.run(["debconf-set-selections"], input=ANSWERS, check=False)
    # at runlevel 1 packages do not start the services that they bring
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for command in (("update", "-q"), ("install", "-yq", "--no-install-recommends", package)):
        print("apt-get", *command, flush=True)
        subprocess.run(["apt-get", *command], env=env, stdout=subprocess.DEVNULL, check=False)


def _version(tool: str) -> str:
    found = _find(tool)
    if found is None:
        return ""
    flag = "-v" if tool in {"nginx", "wrk"} else "--version"
    done = subprocess.run([found, flag], capture_output=True, text=True, check=False)
    number = re.search(r"\d+(\.\d+)+", done.stdout + done.stderr)
    return f"{tool} {number.group()}" if number else tool


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def _os_name() -> str:
    return platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())


def _after(text: str, name: str) -> str:
    lines = (line.partition(":") for line in text.splitlines())
    return next((value.strip() for key, _, value in lines if key.strip() == name), "unknown")
