"""Break mails for a while, follow where that leads, and print what was found."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from bench.accuracy.corpus import corpus

WORK = Path(__file__).parents[1] / ".work/fuzz"
MOST_OCTETS = 64 << 10
MOST_MEGABYTES = 1_024
MOST_SECONDS = 5


class Figures(NamedTuple):
    """What a run did, and what it found."""

    seconds: float
    executions: int
    coverage: int
    inputs: int
    peak_megabytes: int
    fault: str


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=600, help="how long")
    chosen = parser.parse_args()
    figures = _run(chosen.seconds)
    print(
        f"{figures.executions:,} broken mails in {figures.seconds:,.0f} s, {figures.coverage:,} branches reached, "
        f"{figures.inputs:,} inputs kept, at most {figures.peak_megabytes:,} MB; {figures.fault or 'no fault'}"
    )
    sys.exit(f"the mail is in {WORK / 'faulty'}, all that was said in {WORK / 'log'}" if figures.fault else 0)


def _run(seconds: int) -> Figures:
    seeds, kept, faulty = (WORK / name for name in ("seeds", "kept", "faulty"))
    for folder in (seeds, kept, faulty):
        folder.mkdir(parents=True, exist_ok=True)
    known = corpus()
    for name, octets in (known.mails | known.others).items():
        (seeds / name).write_bytes(octets)
    begun = time.time()
    options = {
        "max_total_time": seconds,
        "timeout": MOST_SECONDS,
        "rss_limit_mb": MOST_MEGABYTES,
        "max_len": MOST_OCTETS,
        "artifact_prefix": f"{faulty}/",
        "print_final_stats": 1,
    }
    arguments = [f"-{name}={value}" for name, value in options.items()]
    command = [sys.executable, "-m", "bench.fuzz.target", *arguments, str(kept), str(seeds)]
    with (WORK / "log").open("w+") as log:
        done = subprocess.run(command, stdout=log, stderr=log, check=False, timeout=seconds + 300)
        log.seek(0)
        said = log.read()
    return Figures(
        seconds=time.time() - begun,
        executions=_last(r"stat::number_of_executed_units:\s{1,9}(\d+)", said) or _last(r"^#(\d+)\s", said),
        coverage=_last(r"\bcov: (\d+)", said),
        inputs=_last(r"\bcorp: (\d+)", said),
        peak_megabytes=_last(r"stat::peak_rss_mb:\s{1,9}(\d+)", said) or _last(r"\brss: (\d+)Mb", said),
        fault=_fault(said) or (f"it ended with {done.returncode}" if done.returncode else ""),
    )


def _fault(said: str) -> str:
    found = re.search(r"=== Uncaught Python exception: ===\n(.*)|ERROR: libFuzzer: (.*)", said)
    return (found[1] or found[2]) if found else ""


def _last(pattern: str, said: str) -> int:
    found = re.findall(pattern, said, re.MULTILINE)
    return int(found[-1]) if found else 0


if __name__ == "__main__":
    main()
