"""The events that the documented API shows as its examples."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec
import pytest

SPEC = Path(__file__).parents[3] / "shared/spec"
PATHS = ("/actions/events", "/actions/events/activations", "/actions/events/cancellations")

needs_spec = pytest.mark.skipif(
    not SPEC.exists(), reason="the specification stands beside the repository, and is not there"
)


def seed_events() -> list[dict[str, Any]]:
    """Return them from the package; tests/unit/test_demo.py holds them to the specification."""
    events: list[dict[str, Any]] = json.loads(resources.files("estampe").joinpath("demo_seed.json").read_bytes())
    return events


def expected(path: str, sort: str) -> bytes:
    """Return what a list must answer: the seed's events by time, those of one time as they were imported."""
    kind = path.removeprefix("/actions/events").removeprefix("/").removesuffix("s")
    chosen = [event for event in seed_events() if kind in {"", event["type"]}]
    chosen.sort(key=lambda event: event["timestamp"])
    return msgspec.json.encode(chosen[::-1] if sort == "desc" else chosen)


def import_seed(data: Path) -> None:
    """Bring the events into a data folder by the command."""
    export = data.parent / "export.json"
    export.write_text(json.dumps(seed_events(), indent=2))
    command = ["import", "DEMO/028", str(export), "--data", str(data)]
    done = subprocess.run([sys.executable, "-m", "estampe", *command], capture_output=True, text=True, check=True)
    assert done.stdout == "added 7, known before 0\n"
