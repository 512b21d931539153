"""The quarantine: nothing is kept twice, nothing is lost, and what waits comes again in its turn."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from estampe.catalog import (
    Contacts,
    Quarantine,
    QuarantineFull,
    QuarantineState,
    UnknownReport,
    open_catalog,
)

if TYPE_CHECKING:
    from pathlib import Path

    from estampe.catalog import Catalog

NOW_MS = 1_700_000_000_000
MAIL = (
    b"Received: from a.example\r\nMessage-ID: <1@a.example>\r\nSubject: Undelivered \xff mail\r\n\r\nNobody here.\r\n"
)


@pytest.fixture
def quarantine(catalog: Catalog) -> Quarantine:
    return Quarantine(catalog, 1_000)


def _keep(quarantine: Quarantine, mail: bytes = MAIL, state: QuarantineState = QuarantineState.KEPT) -> int:
    return quarantine.keep(mail, way="lmtp", time_ms=NOW_MS, reason="no message is known", state=state)


def _other(number: int, size: int = 100) -> bytes:
    return f"Message-ID: <{number}@b.example>\n\n".encode().ljust(size, b".")


def test_a_mail_comes_back_as_it_was_kept(quarantine: Quarantine) -> None:
    number = quarantine.keep(
        MAIL, way="smtp", time_ms=NOW_MS, reason="why", sender="a@a.example", recipients=("b@b.example", "c@c.example")
    )
    assert quarantine.mail(number) == MAIL
    kept = quarantine.get(number)
    assert (kept.way, kept.received_ms, kept.reason, kept.sender) == ("smtp", NOW_MS, "why", "a@a.example")
    assert kept.recipients == ("b@b.example", "c@c.example")
    assert (kept.subject, kept.size, kept.state) == ("Undelivered \ufffd mail", len(MAIL), QuarantineState.KEPT)


def test_the_same_report_is_kept_once_however_it_came(quarantine: Quarantine) -> None:
    number = _keep(quarantine)
    by_another_way = b"Received: from z.example\nDelivered-To: x@y.example\n" + MAIL.replace(b"\r\n", b"\n")
    assert _keep(quarantine, by_another_way) == number
    assert quarantine.totals() == (1, len(MAIL))


def test_mails_without_a_name_are_the_same_if_all_of_them_is(quarantine: Quarantine) -> None:
    first = _keep(quarantine, b"Subject: a\n\nbody")
    assert _keep(quarantine, b"Subject: b\n\nbody") != first
    assert _keep(quarantine, b"Subject: a\r\n\r\nbody") == first


def test_mails_that_share_a_name_are_told_apart_by_what_they_say(quarantine: Quarantine) -> None:
    assert _keep(quarantine, MAIL + b"More.") != _keep(quarantine)


def test_a_full_quarantine_says_so_and_still_knows_what_it_has(quarantine: Quarantine) -> None:
    numbers = [_keep(quarantine, _other(number)) for number in range(10)]
    with pytest.raises(QuarantineFull, match="1,000 bytes"):
        _keep(quarantine)
    assert _keep(quarantine, _other(3)) == numbers[3]
    quarantine.settle(numbers[0])
    assert _keep(quarantine, MAIL[:100]) not in numbers[1:]


def test_mails_are_listed_in_pages(quarantine: Quarantine) -> None:
    numbers = [_keep(quarantine, _other(number)) for number in range(5)]
    assert [each.number for each in quarantine.listed(limit=3)] == numbers[:3]
    assert [each.number for each in quarantine.listed(after=numbers[2])] == numbers[3:]


def test_a_mail_that_is_released_is_due_until_it_is_settled(quarantine: Quarantine) -> None:
    first, second, third = (_keep(quarantine, _other(number)) for number in range(3))
    assert quarantine.due(NOW_MS, 10) == []
    assert quarantine.release([first, third, 999], NOW_MS + 1) == 2
    assert quarantine.due(NOW_MS, 10) == []
    assert [each.number for each in quarantine.due(NOW_MS + 1, 10)] == [first, third]
    quarantine.settle(first)
    assert [each.number for each in quarantine.due(NOW_MS + 1, 10)] == [third]
    assert quarantine.release(None, NOW_MS) == 2
    assert [each.number for each in quarantine.due(NOW_MS, 1)] == [second]


def test_a_mail_that_comes_too_early_is_due_again_later(quarantine: Quarantine) -> None:
    number = _keep(quarantine, state=QuarantineState.EARLY)
    assert [each.attempts for each in quarantine.due(NOW_MS, 10)] == [0]
    quarantine.put_back(number, reason="still early", state=QuarantineState.EARLY, due_ms=NOW_MS + 60_000)
    assert quarantine.due(NOW_MS + 59_999, 10) == []
    assert [(each.attempts, each.reason) for each in quarantine.due(NOW_MS + 60_000, 10)] == [(1, "still early")]
    quarantine.put_back(number, reason="never", state=QuarantineState.KEPT, due_ms=NOW_MS)
    assert quarantine.due(NOW_MS + 60_000, 10) == []
    assert quarantine.get(number).reason == "never"


def test_a_mail_that_is_brought_to_be_read_is_due_though_it_was_only_kept(quarantine: Quarantine) -> None:
    number = _keep(quarantine)
    assert _keep(quarantine, state=QuarantineState.WAITING) == number
    assert [each.number for each in quarantine.due(NOW_MS, 10)] == [number]


def test_mails_that_are_discarded_are_gone_and_make_room(quarantine: Quarantine) -> None:
    numbers = [_keep(quarantine, _other(number)) for number in range(10)]
    assert quarantine.discard([*numbers[:9], 999]) == 9
    assert [each.number for each in quarantine.listed()] == numbers[9:]
    assert _keep(quarantine) not in numbers


def test_a_mail_that_is_not_there_is_unknown(quarantine: Quarantine) -> None:
    with pytest.raises(UnknownReport, match="no report 7"):
        quarantine.get(7)
    with pytest.raises(UnknownReport):
        quarantine.mail(7)


def test_many_who_keep_the_same_mail_at_once_keep_one(quarantine: Quarantine) -> None:
    with ThreadPoolExecutor(8) as threads:
        numbers = set(threads.map(lambda _: _keep(quarantine), range(32)))
    assert len(numbers) == 1
    assert quarantine.totals() == (1, len(MAIL))


def test_a_catalog_from_before_gets_the_quarantine_and_keeps_its_contacts(
    catalog: Catalog, catalog_url: str, customer: int, tmp_path: Path
) -> None:
    contact = Contacts(catalog, customer).create({"Email": "reader@a.example"})
    with catalog.writing() as connection:
        connection.execute(text("DROP TABLE quarantine"))
        connection.execute(text("DROP INDEX contacts_by_address"))
        connection.execute(text("DELETE FROM migrations WHERE version >= 4"))
    with closing(open_catalog(tmp_path, catalog_url)) as opened:
        assert Contacts(opened, customer).get(contact.id) == contact
        assert _keep(Quarantine(opened, 1_000)) > 0
        which = "pg_indexes WHERE indexname" if catalog_url else "sqlite_master WHERE name"
        with opened.reading() as connection:
            assert connection.scalar(text(f"SELECT count(*) FROM {which} = 'contacts_by_address'")) == 1  # noqa: S608
