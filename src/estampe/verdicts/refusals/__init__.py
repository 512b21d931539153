"""Refusals: what mail servers say when they refuse, and what they mean by it.

The first rule that applies judges, so the order counts: single operators and contradictions, then words about who sends
and what, then those about the domain, the moment and the mailbox, then words that say no and not why, then codes alone.
A new one is a row; its example must be judged by it.
"""

from estampe.verdicts.refusals import addresses, codes, moments, particular, senders
from estampe.verdicts.refusals.codes import BY_REPLY
from estampe.verdicts.refusals.rule import Rule, Said
from estampe.verdicts.refusals.wording import LONGEST, Phrasebook, command, pattern, wording

RULES = (
    *particular.RULES,
    *senders.RULES,
    *moments.NAMES,
    *addresses.DOMAINS,
    *moments.RULES,
    *addresses.RULES,
    *moments.TROUBLE,
    *addresses.LATE,
    *addresses.VAGUE,
    *codes.RULES,
)
"""All rules, in the order in which they are asked."""

__all__ = ["BY_REPLY", "LONGEST", "RULES", "Phrasebook", "Rule", "Said", "command", "pattern", "wording"]
