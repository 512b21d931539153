"""The journey that the documentation shows runs as it stands, and its mails arrive."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from email import message_from_bytes, policy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import postfix

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = Path(__file__).parents[2] / "docs/journey.md"
SCRIPT = re.compile(r"^```python journey\.py\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.e2e
def test_the_journey_runs_from_an_action_to_the_activations_of_its_messages(
    start: Callable[..., Any], tmp_path: Path
) -> None:
    (script,) = SCRIPT.findall(PAGE.read_text())
    (tmp_path / "journey.py").write_text(script)
    with postfix.serving() as mail_server:
        server = start(relays=mail_server.url)
        printed = run(tmp_path, ESTAMPE_URL=server.url, ESTAMPE_KEY=server.key())
        mails = mail_server.mails(3)

    statuses = Counter(line.split()[0] for line in printed if line[:3].isdigit())
    assert statuses == {"200": 6, "204": 3}
    assert "accepted 2 of 3" in printed
    assert Counter(line.split()[0] for line in printed)["activation"] >= 2
    subjects = {message_from_bytes(mail, policy=policy.default)["subject"] for mail in mails}
    assert subjects == {
        "Ada, your order A-1001 is on its way",
        "Grace, your order A-1002 is on its way",
        "Tess, your order of today is on its way",
    }


def run(folder: Path, **variables: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "journey.py"],
        cwd=folder,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()
