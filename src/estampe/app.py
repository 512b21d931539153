"""Wiring: from settings to objects, in one place."""

from __future__ import annotations

import re
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from estampe.bounces.bounces import Bounces
from estampe.catalog import Customers, Keys, open_catalog, secrets_of
from estampe.catalog.secrets import LINKS, TOKENS
from estampe.execution.composing.envelopes import Returns
from estampe.execution.executing import Execution
from estampe.http import journal, memory, server
from estampe.http.api import Api
from estampe.http.metrics import Metrics
from estampe.http.services import Services
from estampe.log import Logs
from estampe.settings import InvalidSetting
from estampe.tokens import Tokens
from estampe.tracking.agents import Agents
from estampe.tracking.linking.linking import Linking
from estampe.tracking.linking.links import PATH, Links
from estampe.tracking.spooling.spool import Spool
from estampe.tracking.tracking import Tracking
from estampe.verdicts import Networks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from estampe.catalog import Catalog
    from estampe.settings import Settings

COMPOSER = "estampe.composer"
"""The module that composes messages, run as a process."""

_PUBLIC = re.compile(r"(https://[^\s/?#]+|http://(127\.0\.0\.1|\[::1\]|localhost)(:\d+)?)(/[^\s?#]*)?")


@contextmanager
def opened_keys(settings: Settings, *, create: bool = True) -> Iterator[Keys]:
    """Open the keys of the data folder, the folder made where it is missing; a server may run beside."""
    with (
        closing(open_catalog(settings.data, settings.catalog, create=create)) as catalog,
        closing(Keys(catalog)) as keys,
    ):
        yield keys


@contextmanager
def opened_bounces(settings: Settings) -> Iterator[Bounces]:
    """Open what takes reports, where no server runs on the data folder.

    Raises:
        LogInUse: one does.
        NoCatalog: there is no data folder.
    """
    with (
        closing(open_catalog(settings.data, settings.catalog, create=False)) as catalog,
        closing(Logs(settings.data)) as logs,
        closing(_bounces(settings, logs, catalog, lambda _: None)) as bounces,
    ):
        yield bounces


def serve(settings: Settings) -> None:
    """Serve the data folder and send what waits until SIGTERM or SIGINT, then end in order.

    Raises:
        LogInUse: another process has the data folder open for writing.
        AddressTaken: the address cannot be listened on.
        InvalidSetting: a setting is not written as it should be.
    """
    journal.configure(settings)
    memory.keep()
    memory.collect_seldom()
    metrics = Metrics()
    with (
        closing(Logs(settings.data, metrics.commit_seconds.observe)) as logs,
        closing(open_catalog(settings.data, settings.catalog)) as catalog,
        closing(Keys(catalog)) as keys,
        _services(settings, logs, catalog, keys, metrics) as services,
    ):
        server.run(Api(services), services)


def _bounces(settings: Settings, logs: Logs, catalog: Catalog, count: Callable[[str], object]) -> Bounces:
    tokens = Tokens([*secrets_of(catalog, TOKENS).values()])
    return Bounces(
        catalog=catalog,
        customers=Customers(catalog),
        log_of=logs.of,
        message_of=Returns(tokens, settings.return_domain).read,
        settings=settings,
        count=count,
    )


@contextmanager
def _services(settings: Settings, logs: Logs, catalog: Catalog, keys: Keys, metrics: Metrics) -> Iterator[Services]:
    """Wire what sends and what answers; what a crash left behind is brought in order first."""
    _check_public_url(settings.public_url)
    customers = Customers(catalog)
    tokens = Tokens([*secrets_of(catalog, TOKENS).values()])
    links = Links(secrets_of(catalog, LINKS), settings.public_url.rstrip("/") + PATH)
    networks = Networks.of(Path(settings.networks) if settings.networks else None)
    bounces = _bounces(settings, logs, catalog, metrics.count_report)
    execution = Execution(
        catalog=catalog,
        customers=customers,
        log_of=logs.of,
        tokens=tokens,
        links=Linking(links, settings).of,
        composer=COMPOSER,
        settings=settings,
        weigh=bounces.consequences.weigh,
        count=metrics.count_message,
    )
    metrics.watch_sending(execution)
    folder = settings.data / "tracking"
    tracking = Tracking(
        catalog=catalog,
        customers=customers,
        log_of=logs.of,
        links=links,
        spool=Spool(folder / "spool", limit=settings.spool_limit),
        agents=Agents(folder),
        networks=networks,
        settings=settings,
        seen=bounces.consequences.seen,
        count=metrics.count_hit,
    )
    with closing(tracking), closing(execution), closing(bounces):
        execution.recover()
        whole = Services(
            settings,
            logs,
            keys,
            metrics,
            catalog=catalog,
            execution=execution,
            tracking=tracking,
            bounces=bounces,
        )
        with closing(whole) as services:
            yield services


def _check_public_url(url: str) -> None:
    """See that people can follow links to an address; whether they reach it nobody can tell here.

    Raises:
        InvalidSetting: it is none.
    """
    if url and not _PUBLIC.fullmatch(url):
        raise InvalidSetting("ESTAMPE_PUBLIC_URL", url, "https://HOST (http: this machine only), with neither ? nor #")
