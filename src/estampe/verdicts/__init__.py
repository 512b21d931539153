"""What is judged of an event beside it, by rules that are data."""

from estampe.verdicts.bounces import Judgement, Refusal, judge
from estampe.verdicts.explanations import Explanation, Match, explain
from estampe.verdicts.hits import Classification, Facts, HitClass, Sighting, Signal
from estampe.verdicts.networks import Certainty, InvalidNetworks, Network, Networks, NoNetworks
from estampe.verdicts.refusals import RULES, Rule
from estampe.verdicts.robots import RULESET, classify

__all__ = [
    "RULES",
    "RULESET",
    "Certainty",
    "Classification",
    "Explanation",
    "Facts",
    "HitClass",
    "InvalidNetworks",
    "Judgement",
    "Match",
    "Network",
    "Networks",
    "NoNetworks",
    "Refusal",
    "Rule",
    "Sighting",
    "Signal",
    "classify",
    "explain",
    "judge",
]
