"""Kill the server again and again, and look for a broken promise: `python -m tests.e2e.crash --cycles 300`.

Publishers, a poller and a reader of old windows go on while the server is killed by SIGKILL and started again on the
same data folder. Checked are:

- every acknowledged event is there exactly once, at the position that was acknowledged, with the bytes that were sent;
- an event that was never acknowledged is there at most once;
- what was read of a window below `X-Events-Complete-Until` never changes, and nothing is placed there later;
- the watermark and the epoch never go back, though the server's clock is set back and forward;
- at the end `estampe verify` finds nothing wrong.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from tests.e2e.crash.clients import Caller, Client, Historian, Poller, Publisher, reread
from tests.e2e.crash.ledger import Ledger
from tests.e2e.crash.marks import PHASES
from tests.e2e.crash.server import Server

from estampe.log import POSITION_BITS

if TYPE_CHECKING:
    from collections.abc import Sequence

PUBLISHERS = 4
SHIFTS_S = (0, 0, 0, -3_600, -1, 0.5, 2)
LONGEST_CYCLE_S = 1.2
EARLY = 0.1
"""How many servers are killed while they start."""

MOST_SHOWN = 20


class CrashTest:
    """One run.

    Parameters:
        folder: empty; holds all files of the run.
        seed: draws what is published, when the server is killed, how its clock is set.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.ledger = Ledger(seed)
        self.kills: Counter[str] = Counter()
        self._draw = Random(seed)  # noqa: S311  a draw that can be repeated
        self._server = Server(folder)
        self._stopping = threading.Event()

    def run(self, cycles: int) -> None:
        """Kill the server so many times while clients are at work, then check everything."""
        clients = self._clients()
        for client in clients:
            client.start()
        try:
            for cycle in range(cycles):
                self._cycle(hurried=cycle % 4 != 3)
                if self.ledger.violations:
                    break
            self._stopping.set()
            for client in clients:
                client.join()
            self._audit()
        finally:
            self._stopping.set()
            self._server.kill()
        if fault := self._server.verify():
            self.ledger.violation(f"estampe verify: {fault}")

    def _clients(self) -> list[Client]:
        kinds = [Poller, Historian, *[Publisher] * PUBLISHERS]
        return [kind(self._caller(self._stopping), self._draw.getrandbits(32)) for kind in kinds]

    def _caller(self, stopping: threading.Event) -> Caller:
        return Caller(self._server.port, self._server.key, self.ledger, stopping)

    def _cycle(self, *, hurried: bool) -> None:
        self._server.marks.shift_s = self._draw.choice(SHIFTS_S)
        self._server.start(hurried=hurried)
        if self._draw.random() < EARLY:
            time.sleep(self._draw.uniform(0.1, 0.5))
        elif not self._ready():
            return
        else:
            self._wait()
        self._kill(hurried=hurried)

    def _ready(self) -> bool:
        ready = self._server.ready()
        if not ready:
            self.ledger.violation(f"the server did not start: {self._server.said.read_text()}")
        return ready

    def _wait(self) -> None:
        """Wait until a random moment; half the time for one in a phase that is drawn."""
        time.sleep(self._draw.uniform(0, LONGEST_CYCLE_S / 2))
        self._server.marks.shift_s = self._draw.choice(SHIFTS_S)
        aim = self._draw.choice((None, *PHASES[1:]))
        deadline_s = time.monotonic() + self._draw.uniform(0, LONGEST_CYCLE_S / 2)
        while time.monotonic() < deadline_s and aim not in self._server.marks.phases():
            time.sleep(0.0005)
        time.sleep(self._draw.uniform(0, 0.002))

    def _kill(self, *, hurried: bool) -> None:
        if not self._server.runs():
            self.ledger.violation(f"the server ended by itself: {self._server.said.read_text()}")
        self._server.kill()
        if "Traceback" in (said := self._server.said.read_text()):
            self.ledger.violation(f"the server failed at something: {said}")
        phases = self._server.marks.phases()
        self.kills[phases[-1] if phases else "other" if hurried else "as shipped"] += 1

    def _audit(self) -> None:
        """Read everything once more, window by window, and check each event."""
        self._server.marks.shift_s = 0
        self._server.start(hurried=False)
        if not self._ready():
            return
        caller = self._caller(threading.Event())
        found: dict[str, int] = {}
        self._read_to_the_end(caller)
        for window in self.ledger.windows:
            body = reread(caller, window, self._draw)
            if body is None:
                self.ledger.violation(f"window {window} could not be read again")
            elif window.whole:
                self._check_events(body.splitlines(), found)
        for event_id in self.ledger.missing_from(found):
            self.ledger.violation(f"{event_id} acknowledged and lost")

    def _read_to_the_end(self, caller: Caller) -> None:
        poller = Poller(caller, 0)
        poller.since_ms = max((window.end_ms for window in self.ledger.windows if window.whole), default=0)
        newest_ms = max(self.ledger.positions.values(), default=0) >> POSITION_BITS
        deadline_s = time.monotonic() + 30
        while poller.since_ms <= newest_ms and time.monotonic() < deadline_s:
            poller.step()

    def _check_events(self, lines: Sequence[bytes], found: dict[str, int]) -> None:
        within: Counter[int] = Counter()
        for line in lines:
            self.ledger.check_event(line, within, found)


def main() -> int:
    """Run as the command line says; return 1 if a law was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.crash", description=__doc__)
    parser.add_argument("--cycles", type=int, default=300, help="how often the server is killed")
    parser.add_argument("--seed", type=int, default=None, help="repeat the draws of a run (not its timing)")
    options = parser.parse_args()
    seed = Random().getrandbits(32) if options.seed is None else options.seed  # noqa: S311  not secret
    begun_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="estampe-crash-") as folder:
        test = CrashTest(Path(folder), seed)
        test.run(options.cycles)
    report(test, seed, time.monotonic() - begun_s)
    return 1 if test.ledger.violations else 0


def report(test: CrashTest, seed: int, seconds: float) -> None:
    """Print what happened."""
    ledger = test.ledger
    violations = ledger.violations
    kills = ", ".join(f"{phase} {count}" for phase, count in test.kills.most_common())
    lines = [
        f"cycles     {test.kills.total()} in {seconds:.0f} s (seed {seed})",
        f"kills      {kills}",
        f"events     {ledger.sent:,} sent, {len(ledger.positions):,} acknowledged",
        f"windows    {len(ledger.windows):,} read, all read again",
        f"violations {len(violations)}",
        *(f"  {violation}" for violation in violations[:MOST_SHOWN]),
    ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
