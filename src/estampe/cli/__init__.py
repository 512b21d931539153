"""The command `estampe`: each verb is thin and calls the part that does the work."""

from __future__ import annotations

from typing import Any

import click

from estampe.cli.bounces import bounces
from estampe.cli.classify import classify
from estampe.cli.demo import demo
from estampe.cli.dkim import dkim
from estampe.cli.events import events
from estampe.cli.history import import_history
from estampe.cli.key import key
from estampe.cli.outbox import outbox
from estampe.cli.publish import publish
from estampe.cli.secret import secret
from estampe.cli.send import send
from estampe.cli.serve import serve
from estampe.cli.upkeep import compact, recount, verify
from estampe.errors import EstampeError
from estampe.version import __version__

__all__ = ["main"]


class Verbs(click.Group):
    """Verbs in the order they are given, whose failures are one clear line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs in the order in which one needs them."""
        del ctx
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb; what Estampe could not do ends with its message and status 1."""
        try:
            return super().invoke(ctx)
        except EstampeError as exc:
            raise click.ClickException(str(exc)) from exc


@click.group(
    cls=Verbs,
    commands=[
        *(serve, key, send, outbox, dkim, secret, publish, import_history, events),
        *(bounces, classify, verify, recount, compact, demo),
    ],
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with: estampe demo",
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def main() -> None:
    """Send your marketing messages, keep every event of them for good, and serve these to whoever may read them."""
