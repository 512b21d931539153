"""What is judged of an event beside it, by rules that are data."""

from estampe.verdicts.bounces import Judgement, judge
from estampe.verdicts.hits import Classification, Facts, HitClass, Sighting, Signal
from estampe.verdicts.refusals import RULES, Rule

__all__ = ["RULES", "Classification", "Facts", "HitClass", "Judgement", "Rule", "Sighting", "Signal", "judge"]
