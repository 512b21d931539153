"""Prose: reports that are written for people, in whatever words a program has for them."""

from estampe.bounces.reports.prose.prose import statements

__all__ = ["statements"]
