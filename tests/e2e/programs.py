"""How a code sample of each language is run, as a reader would who has copied it."""

from __future__ import annotations

import ast
import subprocess
import sys
from shutil import which
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import pytest

if TYPE_CHECKING:
    from pathlib import Path


class Program(NamedTuple):
    """A language's way to run a sample.

    Parameters:
        file: what the sample is saved as.
        commands: run in the sample's folder, one after the other.
        packages: what to install on Debian for it.
        needs: the program that must be there; absent, what each command starts with.
        others: whether it belongs to `make test-samples` only.
    """

    file: str
    commands: tuple[list[str], ...]
    packages: str
    needs: str = ""
    others: bool = True

    def run(self, source: str, folder: Path) -> str:
        """Return what a sample prints.

        Raises:
            Skipped: the language is not installed.
        """
        for program in [self.needs] if self.needs else [command[0] for command in self.commands]:
            if not which(program):
                pytest.skip(f"{program} is not installed: apt-get install {self.packages}")
        folder.joinpath(self.file).write_text(source + "\n")
        for command in self.commands:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=110, check=False)
            assert done.returncode == 0, done.stderr
        return done.stdout


PROGRAMS = {
    "curl": Program("main.sh", (["bash", "main.sh"],), "curl", needs="curl", others=False),
    "JavaScript": Program("main.js", (["node", "main.js"],), "nodejs", others=False),
    "Node.js": Program("main.js", (["node", "main.js"],), "nodejs", others=False),
    "Python": Program("main.py", ([sys.executable, "main.py"],), "python3-requests", others=False),
    "Java": Program("Main.java", (["java", "Main.java"],), "default-jdk-headless"),
    "C#": Program(
        "main.cs",
        (["mcs", "-r:System.Net.Http", "main.cs"], ["mono", "main.exe"]),
        "mono-mcs libmono-system-net-http4.0-cil",
    ),
    "PHP": Program("main.php", (["php", "main.php"],), "php-cli php-curl"),
    "Go": Program("main.go", (["go", "run", "main.go"],), "golang-go"),
    "Ruby": Program("main.rb", (["ruby", "main.rb"],), "ruby"),
    "R": Program("main.R", (["Rscript", "main.R"],), "r-base-core r-cran-httr"),
}
"""By the label of `code_samples`."""


def answered(label: str, printed: str) -> Any:
    """Return the JSON value that a sample has printed."""
    if label == "Python":
        return ast.literal_eval(printed)
    return msgspec.json.decode(printed.partition("\n\n")[2] if label == "curl" else printed)
