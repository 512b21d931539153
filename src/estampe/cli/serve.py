"""`estampe serve`: the server."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from estampe import app
from estampe.cli.arguments import data_option, examples
from estampe.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    short_help="Serve the API, and send what waits.",
    epilog=examples(
        "estampe serve",
        "estampe serve --host 0.0.0.0 --port 80 --data /var/lib/estampe",
        "ESTAMPE_RATE=0 ESTAMPE_LOG_FORMAT=console estampe serve",
    ),
)
@click.option("--host", help="The address to listen on.  [env: ESTAMPE_HOST; default: 127.0.0.1]")
@click.option("--port", type=int, help="The port to listen on.  [env: ESTAMPE_PORT; default: 8080]")
@data_option
def serve(data: Path, host: str | None, port: int | None) -> None:
    """Serve the API and send what waits until SIGTERM or Ctrl-C.

    Every other setting is an environment variable, see docs/settings.md.
    """
    app.serve(Settings.from_env(os.environ, data=data, host=host, port=port))
