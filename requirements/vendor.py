#!/usr/bin/env python3
"""Fetch the reference page's interface from npm as it is pinned, or `requirements/vendor.py VERSION` to pin another."""

import gzip
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from base64 import b64encode
from pathlib import Path

ASSETS = Path(__file__).parents[1] / "src/estampe/http/reference/assets"
PIN = ASSETS / "scalar.json"


def fetched(package: str, file: str, folder: str) -> tuple[bytes, str]:
    """Return a file of a package and the integrity of the package."""
    command = ["npm", "pack", "--json", "--silent", f"--pack-destination={folder}", package]
    done = subprocess.run(command, capture_output=True, check=True)  # noqa: S603  npm, and what is pinned here
    packed = json.loads(done.stdout)[0]
    with tarfile.open(Path(folder) / packed["filename"].replace("@", "").replace("/", "-")) as archive:
        script = archive.extractfile(f"package/{file}")
        return script.read(), packed["integrity"]


def main() -> None:
    """Write the script, compressed, and its pin."""
    pin = json.loads(PIN.read_text())
    version = (sys.argv[1:] or [pin["version"]])[0]
    with tempfile.TemporaryDirectory() as folder:
        script, integrity = fetched(f"{pin['name']}@{version}", pin["file"], folder)
    if version == pin["version"] and integrity != pin["package_integrity"]:
        sys.exit(f"{pin['name']} {version} is not what was pinned: found {integrity}")
    pin |= {
        "version": version,
        "package_integrity": integrity,
        "file_integrity": "sha384-" + b64encode(hashlib.sha384(script).digest()).decode(),
    }
    PIN.write_text(json.dumps(pin, indent=2) + "\n")
    (ASSETS / "scalar.js.gz").write_bytes(gzip.compress(script, 9, mtime=0))


if __name__ == "__main__":
    main()
