"""Copies: of what was sent and leads to its web page, all that its template could name; nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import structlog

from estampe.catalog import Contacts, Copies, Lane
from estampe.events import EmptyAddress
from estampe.execution.cases import Cases, Own
from estampe.execution.copying import Brought, copier, copy_of
from estampe.execution.orders import Refused
from estampe.execution.outcomes import activated, bounced, cancelled
from estampe.execution.settling import Ended, Settling
from estampe.settings import Settings
from outgoing import NOW_MS, Outgoing, body_with, outgoing

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from pathlib import Path

    from estampe.execution.cases import Case
    from estampe.execution.outcomes import Outcome

MIRRORED = body_with('<p>Hello {{ Email }}</p><a href="MirrorPage">Read it there</a>')
REACHED = Settings(public_url="https://mail.example")


def _cases(world: Outgoing, count: int = 1) -> list[Case]:
    for contact in world.contacts(count):
        world.accept(contact)
    held = world.outbox.claim({Lane(world.action_number, "a.example"): count}, NOW_MS)[0]
    return Cases(world.catalog, world.customers).of(held)


def _settle(world: Outgoing, *outcomes: tuple[Case, Outcome], settings: Settings = REACHED) -> None:
    threads: Executor = None  # type: ignore[assignment]  # it is called in this one
    settling = Settling(
        world.catalog, world.outbox, world.logs.of, threads, structlog.get_logger(), copy_of=copier(settings)
    )
    settling.let_go([Ended(case.held, case.customer, outcome) for case, outcome in outcomes])


def _is_kept(world: Outgoing, case: Case) -> bool:
    held = case.held
    return Copies(world.catalog).find(held.customer, held.contact, held.stamp) is not None


def _own(case: Case, **own: Any) -> Case:
    held = msgspec.structs.replace(case.held, own=msgspec.json.encode(Own(**own)))
    facts = {name: getattr(case, name) for name in ("customer", "frozen", "contact", "fields", "barred")}
    return type(case)(held=held, **facts)


def test_a_copy_holds_what_the_template_could_name(tmp_path: Path) -> None:
    with outgoing(tmp_path, MIRRORED) as world:
        (case,) = _cases(world)
        execution = case.held.execution.replace(b"{", b'{"data":{"n":12345678901234567890},', 1)
        held = msgspec.structs.replace(case.held, execution=execution)
        case = _own(Cases(world.catalog, world.customers).of([held])[0], variables={"season": "spring"})
    copy = copy_of(case)
    assert copy is not None
    assert (copy.customer, copy.contact, copy.stamp, copy.content) == (
        held.customer,
        held.contact,
        held.stamp,
        held.content,
    )
    brought = msgspec.json.decode(copy.variables, type=Brought)
    assert brought.values == {"Email": case.address}
    assert bytes(brought.data) == b'{"n":12345678901234567890}'
    assert brought.own == {"season": "spring"}


@pytest.mark.parametrize(
    ("html", "text", "leads"),
    [
        ('<a href="MirrorPage">', None, True),
        ('<A HREF="mirrorpage">', None, True),
        ("<a href='{{ links.mirror }}'>", None, True),
        ("<p></p>", "{{ links['mirror'] }}", True),
        ("<p></p>", None, False),
        ('<a href="Unsubscribe">', "{{ links.unsubscribe }}", False),
    ],
)
def test_only_what_leads_to_its_web_page_is_copied(html: str, text: str | None, leads: bool, tmp_path: Path) -> None:
    with outgoing(tmp_path, body_with(html, text)) as world:
        (case,) = _cases(world)
    assert (copy_of(case) is not None) is leads


@pytest.mark.parametrize("own", [{"html": "<p>mine, MirrorPage</p>"}, {"text": "mine"}])
def test_what_a_call_brought_whole_is_not_copied(own: dict[str, str], tmp_path: Path) -> None:
    with outgoing(tmp_path, MIRRORED) as world:
        (case,) = _cases(world)
    assert copy_of(_own(case, **own)) is None
    assert copy_of(_own(case, subject="mine")) is not None


def test_a_copy_is_kept_when_a_message_was_sent_and_only_then(tmp_path: Path) -> None:
    with outgoing(tmp_path, MIRRORED) as world:
        sent, stopped, refused = _cases(world, 3)
        dead = bounced(refused, Refused(code=550, enhanced="5.1.1", diagnostic="no such user", mta="mx.a.example"))
        _settle(world, (sent, activated(sent)), (stopped, cancelled(stopped, EmptyAddress())), (refused, dead))
        assert [_is_kept(world, case) for case in (sent, stopped, refused)] == [True, False, False]
        assert world.outbox.lanes() == {}
        contacts = Contacts(world.catalog, world.action_number)
        assert contacts.get(refused.held.contact).bounced_ms is not None
        assert contacts.get(sent.held.contact).bounced_ms is None


@pytest.mark.parametrize("settings", [Settings(), Settings(public_url="https://mail.example", copy_days=0)])
def test_nothing_is_kept_that_nobody_could_look_at(settings: Settings, tmp_path: Path) -> None:
    with outgoing(tmp_path, MIRRORED) as world:
        (case,) = _cases(world)
        _settle(world, (case, activated(case)), settings=settings)
        assert not _is_kept(world, case)


def test_nothing_is_kept_of_a_contact_that_was_deleted_since(tmp_path: Path) -> None:
    with outgoing(tmp_path, MIRRORED) as world:
        gone, other = _cases(world, 2)
        Contacts(world.catalog, world.action_number).delete(gone.held.contact)
        _settle(world, (gone, activated(gone)), (other, activated(other)))
        assert [_is_kept(world, case) for case in (gone, other)] == [False, True]


def test_settling_again_what_may_have_been_settled_changes_nothing(tmp_path: Path) -> None:
    with outgoing(tmp_path, MIRRORED) as world:
        (case,) = _cases(world)
        for _ in range(2):
            _settle(world, (case, activated(case)))
        assert _is_kept(world, case)
