"""Reading: what a user agent tells, found out in a process of its own.

It reads agents on its standard input, one a line, and answers each with its profile. device_detector takes some tens
of milliseconds for one, and is made of thousands of patterns that strangers' texts are tried against: so the process
is nice, has a ceiling on its memory, and an alarm for each agent that ends it. It ends when its input does.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from typing import TYPE_CHECKING, BinaryIO

import msgspec
from device_detector import DeviceDetector  # type: ignore[import-untyped]  # it brings no types
from msgspec import UNSET

from estampe.confinement import answers_within, leave_ending_to_the_server
from estampe.events import Parsed, Software, Unparsed
from estampe.tracking.agents import robots, words
from estampe.tracking.agents.profiles import Profile, encode, raw

if TYPE_CHECKING:
    from msgspec import UnsetType

    from estampe.events import Device, System

_SECONDS = 5.0
"""Of the processor's time: a machine that is busy with other things is no agent's fault."""

_START_S = 60.0
_MEMORY = 512 << 20
_NICE = 10

_TYPICAL = (
    "Mozilla/5.0 (Linux; Android 13; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/112.0.0.0 "
    "Mobile Safari/537.36"
)
"""Read at the start: the first one takes longer than all alarms should allow."""


def read(agent: str) -> Profile:
    """Return what a user agent tells."""
    mail, proxy = words.mail_program(agent)
    ours = robots.ours(agent)
    if mail and proxy:
        return Profile(Parsed(ua=agent, client=mail), ours)
    detector = DeviceDetector(agent, check_cache=False).parse()
    told = detector.all_details
    kind = (told.get("device") or {}).get("type") or ""
    client = mail or words.software(told.get("client") or {}, kind, mobile=detector.uses_mobile_browser())
    system = words.system(told.get("os") or {})
    device = words.device(told.get("device") or {}, detector.device_brand())
    robot, vendor = _robot(agent, ours, client, system)
    if robot and not _is(client, words.LIBRARY):
        client = Software(type="Crawler", name=robot, vendor=words.said(vendor))
    return Profile(_parsed(agent, client, system, device), robot)


def _robot(agent: str, ours: str, client: Software | UnsetType, system: System | UnsetType) -> tuple[str, str]:
    """Return as what an agent is known, and who runs it; a library is a robot where it names no system of anybody."""
    if ours or _is(client, words.MAIL):
        return ours, ""
    name, vendor = robots.bot(agent)
    if name:
        return name, vendor
    if crawler := robots.crawler(agent):
        return crawler, ""
    if _is(client, words.LIBRARY) and system is UNSET:
        return str(client.name), ""
    return "", ""


def _is(client: Software | UnsetType, kind: str) -> bool:
    return client is not UNSET and client.type == kind


def _parsed(
    agent: str, client: Software | UnsetType, system: System | UnsetType, device: Device | UnsetType
) -> Parsed | Unparsed:
    if client is system is device is UNSET:
        return Unparsed(ua=agent)
    return Parsed(ua=agent, client=client, os=system, device=device)


def serve(agents: BinaryIO, profiles: BinaryIO) -> None:
    """Answer agents until there are no more; one that takes too much of the processor's time ends the process."""
    _write(profiles, encode(read(_TYPICAL)))
    signal.setitimer(signal.ITIMER_PROF, 0)
    for line in agents:
        signal.setitimer(signal.ITIMER_PROF, _SECONDS)
        profile = encode(_profile(msgspec.json.decode(line, type=str)))
        signal.setitimer(signal.ITIMER_PROF, 0)
        _write(profiles, profile)


def _profile(agent: str) -> Profile:
    try:
        return read(agent)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  a fault of the library's with one agent must not end the process
        traceback.print_exc()
        return raw(agent)


def _write(profiles: BinaryIO, profile: bytes) -> None:
    profiles.write(profile + b"\n")
    profiles.flush()


def run() -> None:
    """Read agents on standard input, within limits."""
    leave_ending_to_the_server()
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, _START_S)
    os.nice(_NICE)
    with answers_within(_MEMORY) as profiles:
        serve(sys.stdin.buffer, profiles)


if __name__ == "__main__":
    run()
