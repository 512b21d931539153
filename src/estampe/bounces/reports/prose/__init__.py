"""Prose: reports that are written for people, in whatever words a program has for them."""

from estampe.bounces.reports.prose.prose import said_of, statements

__all__ = ["said_of", "statements"]
