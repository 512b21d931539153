"""Health and metrics, for those without a key."""

from __future__ import annotations

import shutil
from typing import Any

from prometheus_client.parser import text_string_to_metric_families


def test_a_server_is_live_and_ready(call: Any) -> None:
    assert call("GET", "/health/live", key=None).json() == {"status": "live"}
    assert call("GET", "/health/ready", key=None).json() == {"status": "ready"}


def test_a_folder_that_cannot_be_written_is_not_ready(call: Any) -> None:
    shutil.rmtree(call.settings.data)
    answer = call("GET", "/health/ready", key=None)
    assert answer.status_code == 503
    assert "No such file" in answer.json()["detail"]
    assert call("GET", "/health/live", key=None).status_code == 200


def test_metrics_are_valid_and_tell_the_greatest_lag_but_no_customer(call: Any) -> None:
    call("GET", "/actions/events")
    text = call("GET", "/metrics", key=None).text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    (lag,) = families["estampe_watermark_lag_seconds"].samples
    assert lag.labels == {}
    assert "DEMO" not in text
    assert lag.value > 0
    assert families["estampe_streams_open"].samples[0].value == 0
    assert families["estampe_scan_first_chunk_seconds"]
