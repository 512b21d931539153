"""Judge what is labelled, print how often that is wrong, and write it into docs/classification.md."""

from __future__ import annotations

import argparse
import sys

from bench.truth import page
from bench.truth.run import NUMBER, found


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--journeys", type=int, default=NUMBER, help="of people, and as many of robots")
    parser.add_argument("--every", type=int, default=1, help="judge every nth of the agents; writes nothing unless 1")
    chosen = parser.parse_args()
    run = found(chosen.journeys, chosen.every)
    section = page.section(run)
    print(section)
    if chosen.every == 1 and chosen.journeys == NUMBER and not run.absent:
        page.write(section)
    sys.exit(0 if run.is_good else "more are mistaken than is aimed at")


if __name__ == "__main__":
    main()
