"""Read reports of known meaning, print how often that is right and each miss, and write it into docs/bounces.md."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from bench.accuracy import page
from bench.accuracy.corpus import corpus
from bench.accuracy.measuring import AIMS, measured


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, help="a folder with mails/, not-bounces/ and expected.json")
    parser.add_argument("--quiet", action="store_true", help="leave out the misses")
    chosen = parser.parse_args()
    run = measured(corpus(chosen.corpus))
    if not chosen.quiet:
        for miss in run.misses():
            print(miss)
    print(f"{len(run.judged)} recipients; read where there is nothing: {run.false or 'none'}")
    for name, share in run.shares.items():
        print(f"{name:8} {share:7.2%}  (aim {AIMS[name]:.0%})")
    for (known, got), times in sorted(Counter((each.fact.kind, each.verdict) for each in run.judged).items()):
        print(f"  {known:10} read as {got:10} {times}")
    if not chosen.corpus:
        page.put("rules", page.rules())
        page.put("accuracy", page.accuracy(run))
    sys.exit(0 if run.is_good else "less is right than is aimed at")


if __name__ == "__main__":
    main()
