"""Metrics for Prometheus."""

from __future__ import annotations

import time
from collections import Counter as Counts
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from estampe.catalog import Quarantine
    from estampe.execution.executing import Execution
    from estampe.log import EventLog
    from estampe.tracking.spooling.spool import Spool

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class _Lag(Collector):
    """How far the watermark that is furthest behind stays behind the clock, asked when Prometheus asks.

    It names no customer: whoever reaches the API reads the metrics.
    """

    def __init__(self, logs: Mapping[str, EventLog]) -> None:
        self._logs = logs

    def collect(self) -> Iterator[GaugeMetricFamily]:
        lags = [time.time() - log.watermark().complete_until_ms / 1_000 for log in list(self._logs.values())]
        yield GaugeMetricFamily(
            "estampe_watermark_lag_seconds",
            "How far the watermark that is furthest behind stays behind the clock",
            value=max(lags, default=0.0),
        )


class _Sending(Collector):
    """What waits in the outbox and how the relays are, asked when Prometheus asks; it names no customer."""

    def __init__(self, execution: Execution) -> None:
        self._execution = execution

    def collect(self) -> Iterator[GaugeMetricFamily]:
        waiting = GaugeMetricFamily("estampe_outbox_messages", "Messages in the outbox", labels=["state"])
        for state, messages in self._execution.backlog.count().items():
            waiting.add_metric([state.name.lower()], messages)
        up = GaugeMetricFamily("estampe_relay_up", "Whether a relay could be reached last time", labels=["relay"])
        connections = GaugeMetricFamily("estampe_relay_connections", "Connections to a relay", labels=["relay"])
        for relay in self._execution.relays.states():
            up.add_metric([relay.name], float(relay.up))
            connections.add_metric([relay.name], relay.connections)
        yield from (waiting, up, connections)


class _Quarantined(Collector):
    """Reports that are kept aside, counted when Prometheus asks."""

    def __init__(self, quarantine: Quarantine) -> None:
        self._quarantine = quarantine

    def collect(self) -> Iterator[GaugeMetricFamily]:
        reports, size = self._quarantine.totals()
        yield GaugeMetricFamily("estampe_quarantine_reports", "Reports in the quarantine", value=reports)
        yield GaugeMetricFamily("estampe_quarantine_bytes", "Bytes of these reports", value=size)


class _Visits(Collector):
    """Requests that followed links; those who count them look up no label, and take no lock."""

    def __init__(self, visits: Mapping[tuple[str, str], int]) -> None:
        self._visits = visits

    def collect(self) -> Iterator[CounterMetricFamily]:
        visits = CounterMetricFamily(
            "estampe_visits", "Requests that followed links of messages", labels=["kind", "outcome"]
        )
        for (kind, outcome), number in list(self._visits.items()):
            visits.add_metric([kind, outcome], number)
        yield visits


class _Waiting(Collector):
    """What waits in the spool to become events."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield GaugeMetricFamily(
            "estampe_spool_visits", "Visits that wait to become events", value=self._spool.waiting()
        )
        yield GaugeMetricFamily("estampe_spool_bytes", "Bytes of the spool's files", value=self._spool.size())


class Metrics:
    """What the server counts."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self.requests = Counter("estampe_requests", "Requests answered", ["route", "status"], registry=registry)
        self.publishes = Counter("estampe_publishes", "Publications acknowledged", registry=registry)
        self.events = Counter("estampe_events", "Events added by publications", registry=registry)
        self.duplicates = Counter("estampe_duplicates", "Drafts whose id was there before", registry=registry)
        self.publish_seconds = Histogram(
            "estampe_publish_seconds",
            "From a publication's last byte to its acknowledgement, fsync included",
            buckets=_SECONDS,
            registry=registry,
        )
        self.commit_seconds = Histogram(
            "estampe_commit_seconds",
            "One commit of a log, shared by the publications that waited, fsync included",
            buckets=_SECONDS,
            registry=registry,
        )
        self.first_chunk_seconds = Histogram(
            "estampe_scan_first_chunk_seconds",
            "From the request of a list to its first bytes",
            buckets=_SECONDS,
            registry=registry,
        )
        self.messages = Counter(
            "estampe_messages",
            "Messages that were activated, bounced, cancelled, or postponed to be tried again",
            ["outcome"],
            registry=registry,
        )
        self.hits = Counter(
            "estampe_hits",
            "Visits that were published as hits, wait for their message, or could not be; hits that were judged anew",
            ["outcome"],
            registry=registry,
        )
        self.reports = Counter(
            "estampe_reports",
            "Mails that came as reports: published, known before, noted, quarantined, or refused for now",
            ["outcome"],
            registry=registry,
        )
        self.scan_bytes = Counter("estampe_scan_bytes", "Bytes of lists sent", registry=registry)
        self.streams_open = Gauge("estampe_streams_open", "Lists being sent", registry=registry)
        self.visits: Counts[tuple[str, str]] = Counts()
        """By kind of link and outcome; changed in the event loop alone."""
        registry.register(_Visits(self.visits))

    def watch(self, logs: Mapping[str, EventLog]) -> None:
        """Show from now on how far the watermarks of these open logs are behind; the mapping may grow.

        Parameters:
            logs: by customer name.
        """
        self._registry.register(_Lag(logs))

    def count_message(self, outcome: str) -> None:
        """Count how a message ended, or that it was postponed."""
        self.messages.labels(outcome).inc()

    def count_hit(self, outcome: str) -> None:
        """Count what became of a visit."""
        self.hits.labels(outcome).inc()

    def count_report(self, outcome: str) -> None:
        """Count what became of a mail that came as a report."""
        self.reports.labels(outcome).inc()

    def watch_quarantine(self, quarantine: Quarantine) -> None:
        """Show from now on how many reports are kept aside."""
        self._registry.register(_Quarantined(quarantine))

    def watch_sending(self, execution: Execution) -> None:
        """Show from now on what waits to be sent, and how the relays are."""
        self._registry.register(_Sending(execution))

    def watch_spool(self, spool: Spool) -> None:
        """Show from now on what waits to become events."""
        self._registry.register(_Waiting(spool))

    def render(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self._registry)
