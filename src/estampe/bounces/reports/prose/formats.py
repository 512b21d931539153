"""Formats of reports that are written for people: a row each; a new one is a row with an example.

The first that knows a mail reads it. What none knows, `general` reads, and what one leaves open too.
"""

from __future__ import annotations

from estampe.bounces.reports.prose.operators import OPERATORS
from estampe.bounces.reports.prose.servers import SERVERS

FORMATS = OPERATORS + SERVERS
