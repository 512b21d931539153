"""The journal: one line a request, and never a key."""

from __future__ import annotations

import errno
import io
import json
import logging
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import structlog

from estampe.http import journal

if TYPE_CHECKING:
    from estampe.settings import Settings


def test_one_line_a_request_tells_who_what_and_how_long(call: Any, draft: dict[str, Any], capfd: Any) -> None:
    journal.configure(call.settings)
    call.post([draft], headers={"x-request-id": "mine"})
    (line,) = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert line["event"] == "request"
    assert line["request_id"] == "mine"
    assert (line["method"], line["route"], line["status"]) == ("POST", "/actions/events", 201)
    assert (line["customer"], line["key"]) == ("DEMO/028", call.key.split("_")[1])
    assert line["bytes"] > 0
    assert line["ms"] >= 0


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_keys_text_is_in_no_line(call: Any, draft: dict[str, Any], capfd: Any, form: str) -> None:
    journal.configure(msgspec.structs.replace(call.settings, log_format=form, log_level="debug"))
    call.post([draft])
    call("GET", f"/actions/events?key={call.key}")
    call("GET", f"/{call.key}")
    call("GET", "/actions/events", key=call.key + "x")
    call.log.refusal = RuntimeError("broken")
    call.post([draft])
    call.log.chunks = [b"{}\n", RuntimeError("broken")]
    call("GET", "/actions/events")
    written = "".join(capfd.readouterr())
    assert "broken answer" in written
    assert "internal error" in written
    assert call.key[-43:] not in written


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_disk_without_room_for_its_lines_breaks_nothing(
    settings: Settings, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object = None) -> None:
        raise OSError(errno.ENOSPC, "no room")

    full = SimpleNamespace(write=fail, flush=fail, isatty=lambda: False)
    with monkeypatch.context() as patches:
        patches.setattr(sys, "stderr", SimpleNamespace(**vars(full), buffer=full))
        journal.configure(msgspec.structs.replace(settings, log_format=form))
        structlog.get_logger().warning("a relay is down")


def test_a_higher_level_leaves_the_lines_of_requests_out(call: Any, capfd: Any) -> None:
    journal.configure(msgspec.structs.replace(call.settings, log_level="warning"))
    call("GET", "/health/live")
    assert capfd.readouterr().err == ""


def test_what_the_log_says_comes_in_the_same_form(settings: Settings, capfd: Any) -> None:
    journal.configure(settings)
    fault = OSError("no room")
    logging.getLogger("estampe.log.keeper").error("could not seal", exc_info=fault)
    facts = msgspec.json.decode(capfd.readouterr().err)
    assert (facts["event"], facts["logger"], facts["level"]) == ("could not seal", "estampe.log.keeper", "error")
    assert "no room" in facts["exception"]


def test_a_reader_of_lines_that_is_gone_stops_nobody(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    gone = io.TextIOWrapper(io.BytesIO())
    with monkeypatch.context() as context:
        context.setattr(sys, "stderr", gone)
        journal.configure(settings)
    gone.close()
    logging.getLogger("estampe.log.keeper").error("could not seal")
    assert "could not seal" in capfd.readouterr().err
