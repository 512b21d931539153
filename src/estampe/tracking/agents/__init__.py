"""User agents: what they tell of programs, systems and devices, and as what lists of robots know them."""

from estampe.tracking.agents.agents import Agents
from estampe.tracking.agents.profiles import Profile

__all__ = ["Agents", "Profile"]
