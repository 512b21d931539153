"""The corpus: mails, and what is known of each recipient that they report."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import NamedTuple

OURS = Path(__file__).with_name("mails.zip")
"""Mails of the Sisimai project (BSD-2-Clause, the licence is in the file)."""


class Fact(NamedTuple):
    """What is known of one recipient.

    `kind`: `hard`, `soft`, `complaint`, `autoreply` or `delivered`; `reason`: a word of `reasons`.
    """

    file: str
    recipient: str
    kind: str
    reason: str


class Corpus(NamedTuple):
    """Mails by their names, what is known of them, and the names of those that report nothing."""

    mails: dict[str, bytes]
    facts: list[Fact]
    others: dict[str, bytes]


def corpus(folder: Path | None = None) -> Corpus:
    """Return a corpus: `mails/`, `not-bounces/` and `expected.json` in a folder, or those that come with the project.

    Mails of which their project's own readers disagree are left out.
    """
    root = folder or zipfile.Path(OURS)
    known = json.loads((root / "expected.json").read_bytes())
    disputed = {each["file"] for each in known if not each["upstreams_agree"]}
    facts = [Fact(each["file"], each["recipient"], each["kind"], each["reason"]) for each in known]
    facts = [fact for fact in facts if fact.file not in disputed]
    names = sorted({fact.file for fact in facts})
    mails = {name: (root / "mails" / name).read_bytes() for name in names}
    others = {each.name: each.read_bytes() for each in (root / "not-bounces").iterdir()}
    return Corpus(mails, facts, others)
