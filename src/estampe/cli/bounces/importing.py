"""`estampe bounces import`: takes the reports that lie in files."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import click

from estampe import app
from estampe.bounces.delivery import Delivery, Way
from estampe.bounces.reports import MailTooLarge
from estampe.catalog import Quarantine, QuarantineState, open_catalog
from estampe.cli.arguments import data_option, examples
from estampe.cli.bounces.mails import mails_argument, mails_of, telling
from estampe.cli.records import Records, form_option, write_records
from estampe.cli.screen import progress
from estampe.instants import clock_ms
from estampe.log import LogInUse
from estampe.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    Take = Callable[[bytes], str]

HANDED_OVER = "handed over"
_EVERY = 100
"""How many mails between two reports of progress."""


@click.command(
    "import",
    short_help="Take the reports in files, mboxes and Maildirs.",
    epilog=examples(
        "estampe bounces import bounces.mbox",
        "estampe bounces import /var/mail/bounces ~/Maildir",
        "estampe bounces import --format json reports/",
    ),
)
@mails_argument
@form_option
@data_option
def import_reports(*, files: Sequence[Path], form: str | None, data: Path) -> None:
    """Take the mails in FILE... as reports that have just come, and say how many became what.

    FILE is a mail, an mbox, a Maildir, another folder of mails, or - for standard input; none is changed. A running
    server is handed the mails, and takes them within seconds; without one they are taken here. Importing again what
    was imported adds nothing. What cannot be read is told, the others are taken, and status is 1.
    """
    settings = Settings.from_env(os.environ, data=data)
    failures: list[str] = []
    outcomes: Counter[str] = Counter()
    with ExitStack() as stack:
        take = _taking(settings, stack)
        report = stack.enter_context(progress())
        for name, mail in mails_of(files, settings.report_limit, failures):
            with telling(name, failures):
                outcomes[take(mail)] += 1
            if not outcomes.total() % _EVERY:
                report("taking reports", outcomes.total(), None)
    rows = [(outcome, number) for outcome, number in outcomes.most_common()]
    write_records(Records(("outcome", "mails"), rows), form, nothing="no mails")
    if failures:
        click.get_current_context().exit(1)


def _taking(settings: Settings, stack: ExitStack) -> Take:
    """Return what takes a mail and says what became of it: here, or by the server that has the data folder."""
    try:
        bounces = stack.enter_context(app.opened_bounces(settings))
    except LogInUse:
        return _handing_over(settings, stack)

    def take(mail: bytes) -> str:
        return bounces.take(Delivery(mail=mail, way=Way.FILE, time_ms=clock_ms())).value

    return take


def _handing_over(settings: Settings, stack: ExitStack) -> Take:
    catalog = stack.enter_context(closing(open_catalog(settings.data, settings.catalog, create=False)))
    quarantine = Quarantine(catalog, settings.quarantine_limit)

    def hand_over(mail: bytes) -> str:
        if len(mail) > settings.report_limit:
            raise MailTooLarge(settings.report_limit)
        reason = "a command has brought it, and the server has not read it yet"
        state = QuarantineState.WAITING
        quarantine.keep(mail, way=Way.FILE, time_ms=clock_ms(), reason=reason, state=state)
        return HANDED_OVER

    return hand_over
