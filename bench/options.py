"""How large a run is."""

from __future__ import annotations

import msgspec


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes of a run.

    `events`: in the whole-window read. `fresh_events`: in the same, published just before, so few that the
    log keeps them all as rows. `datasette_events`: in Datasette's part of it. `sizes`: of the logs for the
    first byte and for lists; a peer takes part up to `postgres_limit`, `datasette_limit`. `rounds`: of a read.
    `short_rounds`: of a request that takes milliseconds. `load_s`: seconds of one load. `loads`: rounds of
    loads. `batched_drafts`, `single_drafts`: prepared for a load. `stream_events`, `slow_s`: streamed to a slow
    client, and for how long. `messages`: sent in one of `sendings` rounds. `hits_s`: seconds of a load of hits.
    """

    events: int = 1_000_000
    fresh_events: int = 60_000
    datasette_events: int = 100_000
    sizes: tuple[int, ...] = (100_000, 1_000_000, 10_000_000)
    postgres_limit: int = 1_000_000
    datasette_limit: int = 1_000_000
    rounds: int = 5
    short_rounds: int = 11
    load_s: int = 10
    loads: int = 3
    batched_drafts: int = 1_000_000
    single_drafts: int = 400_000
    stream_events: int = 2_000_000
    slow_s: int = 20
    messages: int = 5_000
    sendings: int = 3
    hits_s: int = 3


QUICK = Options(
    events=10_000,
    fresh_events=10_000,
    datasette_events=10_000,
    sizes=(1_000, 10_000),
    rounds=3,
    short_rounds=3,
    load_s=2,
    loads=1,
    batched_drafts=200_000,
    single_drafts=60_000,
    stream_events=10_000,
    slow_s=3,
    messages=1_000,
    sendings=1,
    hits_s=1,
)
