"""Run the benchmarks and write docs/benchmarks.md."""

from __future__ import annotations

import argparse
import fcntl
import signal
import sys
import time

import msgspec

import engine
import first_byte
import hits
import ingest
import lists
import machine
import memory
import report
import reports
import sending
import whole_window
from corpus import WORK
from options import QUICK, Options
from process import Unavailable

SECTIONS = {
    "read": whole_window.run,
    "ingest": ingest.run,
    "first-byte": first_byte.run,
    "lists": lists.run,
    "engine": engine.run,
    "memory": memory.run,
    "sending": sending.run,
    "hits": hits.run,
    "reports": reports.run,
}


def main() -> None:
    """Run what the command line asks for."""
    chosen = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))  # as Ctrl-C: end the servers too
    WORK.mkdir(exist_ok=True)
    lock = (WORK / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit("another run is under way; two would disturb each other")
    options = QUICK if chosen.quick else Options()
    given = {"events": chosen.events, "sizes": chosen.sizes}
    options = msgspec.structs.replace(options, **{name: value for name, value in given.items() if value})
    machine.need("curl")
    for name in chosen.only or SECTIONS:
        print(f"{name}:", flush=True)
        try:
            section = SECTIONS[name](options)
        except Unavailable as reason:
            print(f"  left out: {reason}")
            continue
        report.keep(name, _run(section, quick=chosen.quick))
        print("wrote", report.write(SECTIONS), flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--only", type=_names, help=f"some of {','.join(SECTIONS)}; the page keeps what others found before"
    )
    parser.add_argument("--quick", action="store_true", help="small sizes and short loads: to see that it works")
    parser.add_argument("--events", type=int, help="events of the whole-window read and the engine")
    parser.add_argument(
        "--sizes", type=_sizes, help="sizes of the logs for first byte and lists, such as 100000,1000000"
    )
    return parser.parse_args()


def _names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := set(names) - set(SECTIONS):
        raise argparse.ArgumentTypeError(f"no benchmark: {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    return names


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(sorted(int(float(size)) for size in text.split(",")))


def _run(section: report.Section, *, quick: bool) -> report.Run:
    return report.Run(
        section=section,
        machine=tuple(machine.facts(WORK)),
        commit=machine.commit(),
        day=time.strftime("%Y-%m-%d"),
        quick=quick,
    )


if __name__ == "__main__":
    main()
