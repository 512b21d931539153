"""What is judged of an event beside it, by rules that are data."""

from estampe.verdicts.bounces import Judgement, judge
from estampe.verdicts.hits import Classification, HitClass
from estampe.verdicts.refusals import RULES, Rule

__all__ = ["RULES", "Classification", "HitClass", "Judgement", "Rule", "judge"]
