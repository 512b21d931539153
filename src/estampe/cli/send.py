"""`estampe send`: an action executed by a running server, for addresses and files of contacts."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING
from uuid import uuid4

import click
import msgspec

from estampe.cli.arguments import client_of, examples, key_options, reading
from estampe.cli.contacts import Contacts
from estampe.cli.mailing import Mailing
from estampe.cli.records import Records, write_records
from estampe.cli.screen import printable, progress
from estampe.errors import EstampeError

if TYPE_CHECKING:
    from uuid import UUID

    from estampe.cli.contacts import Unfit
    from estampe.log import Progress

UNFIT_SHOWN = 100
REASONS_SHOWN = 20
INTERRUPTED = 130  # 128 + SIGINT, as shells say it


class SendingFailed(EstampeError):
    """A run came to a stop."""


class InvalidObject(EstampeError):
    """A text is no JSON object."""


def parse_object(text: str) -> dict[str, msgspec.Raw]:
    """Read a JSON object; its values stay as they are written.

    Raises:
        InvalidObject: the text is none.
    """
    try:
        return msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except msgspec.DecodeError as exc:
        raise InvalidObject(f"{text!r} is no JSON object: {exc}") from exc


OBJECT = reading(parse_object)


@click.command(
    short_help="Execute an action for contacts, and see what becomes of it.",
    epilog=examples(
        "estampe send 000PE4 --to you@example.com --url http://127.0.0.1:8080 --key-file key.txt",
        "estampe send 000PE4 --to-file contacts.csv",
        """estampe send 000PE4 --to-file contacts.csv --variables '{"season": "spring"}'""",
        "estampe send 000PE4 --to-file contacts.csv --run 1b4e28ba-2fa1-41d2-883f-0016d3cca427",
        "list-contacts | estampe send 000PE4 --to-file - --no-wait",
    ),
)
@click.argument("action")
@click.option("--to", "addresses", multiple=True, metavar="ADDRESS", help="Write to this address; may be repeated.")
@click.option(
    "--to-file",
    "files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    help="Write to the contacts in this file, CSV or JSON; may be repeated.",
)
@click.option("--variables", metavar="JSON", type=OBJECT, help="What the action's template may name, besides fields.")
@click.option(
    "--event-data", metavar="JSON", type=OBJECT, help="The same, and every event of the messages carries it as data."
)
@click.option("--run", type=click.UUID, help="Go on with the run of this id.  [default: a new one]")
@click.option("--no-wait", is_flag=True, help="End when the server has accepted all.")
@click.option("--url", envvar="ESTAMPE_URL", show_envvar=True, help="A running server.")
@key_options("read,write")
@click.pass_context
def send(  # noqa: PLR0913  one for each option
    ctx: click.Context,
    *,
    action: str,
    addresses: tuple[str, ...],
    files: tuple[str, ...],
    variables: dict[str, msgspec.Raw] | None,
    event_data: dict[str, msgspec.Raw] | None,
    run: UUID | None,
    no_wait: bool,
    url: str | None,
    key: str | None,
    key_file: str | None,
) -> None:
    """Execute ACTION, which must be validated, and show how many messages are activated or cancelled, and why.

    A file is CSV whose first line names the contacts' fields, Email among them, or has JSON objects, an array or one
    a line; plain, .gz or .zst; - is standard input. Contacts are created, or the fields given are updated.

    Status is 1 if anybody was refused. A run that was interrupted goes on with --run, also with mended or
    further contacts: nobody is written to twice. What the server has accepted, it sends in any case.
    """
    if not (addresses or files):
        raise click.UsageError("Say to whom: --to ADDRESS, or --to-file FILE.")
    if not url:
        raise click.UsageError("Say which server sends: --url, or ESTAMPE_URL.")
    shared = {name: value for name, value in (("variables", variables), ("data", event_data)) if value is not None}
    run = run or uuid4()
    with client_of(url, key, key_file) as client:
        mailing = Mailing(client, action, run, shared)
        contacts = Contacts(addresses, files)
        status = _run(mailing, contacts, run, wait=not no_wait)
    _show_unfit(mailing.unfit)
    write_records(_outcome(mailing, contacts.repeated), "table", nothing="nobody was written to")
    ctx.exit(status or (1 if mailing.unfit else 0))


def _run(mailing: Mailing, contacts: Contacts, run: UUID, *, wait: bool) -> int:
    """Accept and settle; return the status of an interruption, 0 without one."""
    total = contacts.count()
    mailing.check()
    click.echo(f"run {run}", err=True)
    again = f"go on with the same command and --run {run}: nobody is written to twice"
    try:
        with closing(iter(contacts)) as lines, progress() as report:
            for done in mailing.accept(lines):
                report("accepting", done, total)
            if wait:
                for _ in mailing.settle():
                    _report(mailing, report)
    except KeyboardInterrupt:
        click.echo(f"The server sends what it has accepted (so far: {mailing.accepted:,}); {again}.", err=True)
        return INTERRUPTED
    except EstampeError as exc:
        raise SendingFailed(f"{exc}; accepted before: {mailing.accepted:,}; {again}") from exc
    return 0


def _report(mailing: Mailing, report: Progress) -> None:
    report("settled", mailing.accepted - mailing.waiting, mailing.accepted)
    if cancelled := mailing.cancelled.total():
        report("cancelled", cancelled, mailing.accepted)


def _show_unfit(unfit: list[Unfit]) -> None:
    for each in unfit[:UNFIT_SHOWN]:
        click.echo(printable(f"{each.place} {each.address}".rstrip() + f": {each.reason}"), err=True)
    if len(unfit) > UNFIT_SHOWN:
        click.echo(f"… and {len(unfit) - UNFIT_SHOWN:,} more like these", err=True)


def _outcome(mailing: Mailing, repeated: int) -> Records:
    cancelled = mailing.cancelled.most_common(REASONS_SHOWN)
    others = mailing.cancelled.total() - sum(count for _, count in cancelled)
    rows = [
        ("accepted", "", mailing.accepted),
        ("activated", "", mailing.activated),
        *(("bounced", verdict, count) for verdict, count in mailing.bounced.most_common()),
        *(("cancelled", reason, count) for reason, count in cancelled),
        ("cancelled", "other reasons", others),
        ("waiting", "estampe outbox tells why", mailing.waiting),
        ("refused", "", len(mailing.unfit)),
        ("repeated", "the same address again", repeated),
    ]
    return Records(("outcome", "reason", "messages"), [row for row in rows if row[-1]])
