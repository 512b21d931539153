"""Profiles: what a user agent tells of who sent it."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from estampe.events import Parsed, Unparsed


class Profile(NamedTuple):
    """What a user agent tells.

    `ua`: what the event of a hit says of it. `robot`: as what lists of robots know it; empty if none does.
    """

    ua: Parsed | Unparsed
    robot: str = ""


def raw(agent: str) -> Profile:
    """Return the profile of an agent that tells nothing."""
    return Profile(Unparsed(ua=agent))


encode = msgspec.json.Encoder().encode
"""Write a profile, in one line."""

decode = msgspec.json.Decoder(Profile).decode
"""Read a profile."""
