"""Wiring: from settings to objects, in one place."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from estampe.catalog import Keys, open_catalog
from estampe.http import journal, memory, server
from estampe.http.api import Api
from estampe.http.metrics import Metrics
from estampe.http.services import Services
from estampe.log import Logs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estampe.settings import Settings


@contextmanager
def opened_keys(settings: Settings, *, create: bool = True) -> Iterator[Keys]:
    """Open the keys of the data folder, the folder made where it is missing; a server may run beside."""
    with (
        closing(open_catalog(settings.data, settings.catalog, create=create)) as catalog,
        closing(Keys(catalog)) as keys,
    ):
        yield keys


def serve(settings: Settings) -> None:
    """Serve the data folder until SIGTERM or SIGINT, then end in order.

    Raises:
        LogInUse: another process has the data folder open for writing.
        AddressTaken: the address cannot be listened on.
    """
    journal.configure(settings)
    memory.keep()
    memory.collect_seldom()
    metrics = Metrics()
    with (
        closing(Logs(settings.data, metrics.commit_seconds.observe)) as logs,
        opened_keys(settings) as keys,
        closing(Services(settings, logs, keys, metrics)) as services,
    ):
        server.run(Api(services), services)
