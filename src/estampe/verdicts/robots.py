"""Robots: the rules by which a hit is judged a person's or a robot's, and which robot's.

Every rule that applies is a signal. It is a robot if the weights of all signals, or of those that decide alone, come
to 1; else a person. Which robot, the first class of `ORDER` says that a signal of some weight speaks for. A new rule is
a row, and a new version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from estampe.verdicts.hits import Classification, HitClass, Signal
from estampe.verdicts.journeys import OPEN
from estampe.verdicts.networks import Certainty
from estampe.verdicts.programs import Role, program_of
from estampe.verdicts.traits import Trait, traits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from estampe.verdicts.hits import Sighting
    from estampe.verdicts.networks import Network, Networks
    from estampe.verdicts.programs import Program

RULESET = "estampe 1"
"""Name and version of these rules."""

DECISIVE = 1.0
"""A signal of this weight, above 0 or below, decides alone; several may come to it together."""

TELLING = 0.5
"""Signals from this weight on say which robot it is; lighter ones only where there are no others."""

ORDER = (HitClass.MPP, HitClass.GSR, HitClass.PREFETCH, HitClass.SCANNER, HitClass.GENERIC_ROBOT)
"""Classes of robots: whose is told by an agent or an address before what is told by behaviour, any robot last."""

HUMAN, MPP, GSR, PREFETCH, SCANNER, ROBOT = HitClass.HUMAN, *ORDER
CERTAIN, PROBABLE = frozenset({Certainty.CERTAIN}), frozenset({Certainty.PROBABLE})

OUTWEIGHS_ALL = -100.0


class Rule(NamedTuple):
    """A row: what it asks for, one of each kind that is named, and what that says.

    Parameters:
        name: for people.
        speaks_for: which class.
        weight: how much it says: above 0 for a robot, below 0 for a person.
        meaning: when it applies, for people.
        source: who says so.
        opens: whether it is about opens.
        links: whether it is about all other hits.
        roles: of the program.
        but: not of the program.
        network: of its class.
        certainty: of the network.
        traits: of the hit.
    """

    name: str
    speaks_for: HitClass
    weight: float
    meaning: str
    source: str
    opens: bool = True
    links: bool = True
    roles: frozenset[Role] = frozenset()
    but: frozenset[Role] = frozenset()
    network: HitClass | None = None
    certainty: frozenset[Certainty] = CERTAIN | PROBABLE
    traits: frozenset[Trait] = frozenset()

    def applies(self, scene: Scene) -> bool:
        """Return whether a hit is what the rule asks for."""
        role = scene.program.role if scene.program else None
        network = scene.network
        return (
            (self.opens if scene.is_open else self.links)
            and (not self.roles or role in self.roles)
            and (role is None or role not in self.but)
            and (not self.traits or not self.traits.isdisjoint(scene.traits))
            and (
                self.network is None
                or (network is not None and network.hit_class == self.network and network.certainty in self.certainty)
            )
        )

    def signal(self, scene: Scene) -> Signal:
        """Return what it says of a hit that it applies to."""
        seen = []
        if self.roles and scene.program:
            seen.append(scene.program.name)
        if self.network and scene.network:
            seen.append(f"{scene.network.network} of {scene.network.owner}")
        if Trait.LISTED in self.traits:
            seen.append(scene.robot)
        return Signal(name=self.name, weight=self.weight, seen=", ".join(seen))


class Scene(NamedTuple):
    """A hit as rules ask for it."""

    is_open: bool
    robot: str
    program: Program | None
    network: Network | None
    traits: frozenset[Trait]


def _all(*names: Role) -> frozenset[Role]:
    return frozenset(names)


def _any(*names: Trait) -> frozenset[Trait]:
    return frozenset(names)


RULES = (
    Rule(
        "mpp: agent",
        MPP,
        1.0,
        "An open by an agent that says `Mozilla/5.0` and no more.",
        "Apple's proxy since iOS 15; no robot list knows it",
        links=False,
        roles=_all(Role.BARE),
    ),
    Rule(
        "mpp: network",
        MPP,
        1.0,
        "An open from Apple's own network.",
        "support.apple.com/101555",
        links=False,
        network=MPP,
        certainty=CERTAIN,
    ),
    Rule(
        "mpp: shared network",
        MPP,
        0.5,
        "An open from a network that Apple's proxy shares with people, such as that of iCloud Private Relay.",
        "developer.apple.com/icloud/prepare-your-network-for-icloud-private-relay",
        links=False,
        network=MPP,
        certainty=PROBABLE,
    ),
    Rule(
        "gsr: agent",
        GSR,
        1.0,
        "Google's security robot says who it is.",
        "developers.google.com/search/docs/crawling-indexing/google-special-case-crawlers",
        roles=_all(Role.SAFETY),
    ),
    Rule(
        "gsr: network",
        GSR,
        1.0,
        "A link followed from Google's networks.",
        "NP6's class `gsr`; support.google.com/a/answer/60764 for the networks",
        opens=False,
        network=GSR,
        certainty=CERTAIN,
    ),
    Rule(
        "gsr: shared network",
        GSR,
        0.5,
        "A link followed from a network of Google's that people may come from.",
        "the same",
        opens=False,
        network=GSR,
        certainty=PROBABLE,
    ),
    Rule(
        "prefetch: Gmail",
        PREFETCH,
        1.0,
        "An open by the agent with which Gmail loads pictures before its reader looks.",
        "bird.com/blog/gmail-prefetching-images",
        links=False,
        roles=_all(Role.PREFETCH),
    ),
    Rule(
        "prefetch: Edge 12",
        PREFETCH,
        0.6,
        "An open by an agent that says Edge 12.246, as Gmail's does.",
        "the same",
        links=False,
        roles=_all(Role.OLD_EDGE),
    ),
    Rule(
        "prefetch: Edge 12 at once",
        PREFETCH,
        0.5,
        "The same within 10 s of the activation.",
        "the same",
        links=False,
        roles=_all(Role.OLD_EDGE),
        traits=_any(Trait.EARLY, Trait.AT_ONCE, Trait.SECONDS),
    ),
    Rule(
        "prefetch: Google's network",
        PREFETCH,
        0.5,
        "An open from Google's networks that is not by Gmail's proxy for people.",
        "support.google.com/a/answer/60764",
        links=False,
        but=_all(Role.PROXY),
        network=GSR,
    ),
    Rule(
        "prefetch: it says so",
        PREFETCH,
        1.0,
        "A header says that this is loaded ahead: `Purpose`, `Sec-Purpose`, `X-Moz`, `X-Purpose`.",
        "developer.mozilla.org/docs/Web/HTTP/Headers/Sec-Purpose",
        traits=_any(Trait.PREFETCHING),
    ),
    Rule(
        "scanner: network",
        SCANNER,
        1.0,
        "From the network of a mail security gateway.",
        "each network's row",
        network=SCANNER,
        certainty=CERTAIN,
    ),
    Rule(
        "scanner: shared network",
        SCANNER,
        0.5,
        "From a network that such a gateway shares with people.",
        "each network's row",
        network=SCANNER,
        certainty=PROBABLE,
    ),
    Rule(
        "scanner: agent",
        SCANNER,
        1.0,
        "A mail security gateway says who it is.",
        "the makers' names",
        roles=_all(Role.SCANNER),
    ),
    Rule(
        "scanner: sweep",
        SCANNER,
        1.0,
        "One of 3 or more different links that were followed within 2 s; but not one that another program at another "
        "site followed meanwhile; 5 of a reader, or where it is only known when others published them.",
        "public measurements: 9 to 10 links in under a second",
        opens=False,
        traits=_any(Trait.SWEEP),
    ),
    Rule(
        "scanner: two links in a moment",
        SCANNER,
        1.0,
        "The same program, or one at the same site, followed another link within 0.1 s.",
        "faster than a hand",
        opens=False,
        traits=_any(Trait.MOMENT),
    ),
    Rule(
        "scanner: opens and follows",
        SCANNER,
        1.0,
        "The message was opened and 2 or more of its links followed within 1 s.",
        "faster than an eye",
        traits=_any(Trait.RUSH),
    ),
    Rule(
        "scanner: link after link",
        SCANNER,
        0.5,
        "One of 4 or more different links that one party followed within 30 s.",
        "slow scanners; people follow one or two",
        opens=False,
        traits=_any(Trait.WALK),
    ),
    Rule(
        "scanner: all links",
        SCANNER,
        1.0,
        "One of 6 or more different links that one program at one site followed within a minute, or its open; 12 of a "
        "reader.",
        "slow scanners; people follow one or two",
        traits=_any(Trait.MARCH),
    ),
    Rule(
        "scanner: never opened",
        SCANNER,
        0.4,
        "One of 3 or more different links that one party followed, of a message that was not opened meanwhile.",
        "scanners load no pictures; some people do not either",
        opens=False,
        traits=_any(Trait.UNOPENED),
    ),
    Rule(
        "scanner: before the activation",
        SCANNER,
        0.8,
        "A link followed before the message was handed over.",
        "gateways look into messages while they take them",
        opens=False,
        traits=_any(Trait.EARLY),
    ),
    Rule(
        "scanner: opened before the activation",
        SCANNER,
        0.6,
        "An open before the message was handed over.",
        "the same",
        links=False,
        but=_all(Role.PROXY),
        traits=_any(Trait.EARLY),
    ),
    Rule(
        "scanner: at once",
        SCANNER,
        0.6,
        "A link followed within 2 s of the activation.",
        "public measurements: 0.5 % of sweeps come within 10 s; hardly any person does",
        opens=False,
        traits=_any(Trait.AT_ONCE),
    ),
    Rule(
        "scanner: within 10 s",
        SCANNER,
        0.3,
        "A link followed within 10 s of the activation.",
        "the same",
        opens=False,
        traits=_any(Trait.SECONDS),
    ),
    Rule(
        "scanner: within a minute",
        SCANNER,
        0.2,
        "A link followed within a minute of the activation.",
        "public measurements: 69 % of sweeps do, at a median of 43 s",
        opens=False,
        traits=_any(Trait.MINUTE),
    ),
    Rule(
        "scanner: elsewhere",
        SCANNER,
        0.5,
        "Within 2 s of the activation, while all that came later came from other networks.",
        "first the gateway, then its reader",
        traits=_any(Trait.ELSEWHERE),
    ),
    Rule(
        "scanner: beside a reader",
        SCANNER,
        1.0,
        "The same link was followed within 2 s by a browser with `Sec-Fetch-Mode`, and this, of another agent or site, "
        "had none.",
        "antivirus programs and gateways that look at a link when it is clicked",
        opens=False,
        traits=_any(Trait.BESIDE),
    ),
    Rule(
        "robot: listed",
        ROBOT,
        1.0,
        "A list of robots knows the agent, and it is no mail program.",
        "crawler-user-agents, device_detector, rows of ours for mail",
        opens=False,
        but=_all(Role.MAIL),
        traits=_any(Trait.LISTED),
    ),
    Rule(
        "robot: opens and is listed",
        ROBOT,
        1.0,
        "The same of an open, which mail programs, their proxies and the libraries of apps on phones make for people.",
        "the same",
        links=False,
        but=_all(Role.MAIL, Role.PROXY, Role.APP),
        traits=_any(Trait.LISTED),
    ),
    Rule("robot: a library", ROBOT, 1.0, "A script's library.", "their makers", roles=_all(Role.LIBRARY)),
    Rule(
        "robot: an app's library",
        ROBOT,
        0.7,
        "A link followed by the library of an app on a phone, not by a browser.",
        "previews of links",
        opens=False,
        roles=_all(Role.APP),
    ),
    Rule(
        "robot: says so",
        ROBOT,
        1.0,
        "The agent names an address to ask about it, or says that it is a robot.",
        "counted on agents that others have labelled",
        roles=_all(Role.ROBOT),
    ),
    Rule(
        "robot: no browser",
        ROBOT,
        1.0,
        "A link followed by an agent that says nothing of what browsers say.",
        "the same; mail programs leave links to browsers",
        opens=False,
        roles=_all(Role.NO_BROWSER),
    ),
    Rule(
        "robot: a bare agent",
        ROBOT,
        1.0,
        "A link followed by an agent that says `Mozilla/5.0` and no more.",
        "no browser does",
        opens=False,
        roles=_all(Role.BARE),
    ),
    Rule("robot: no agent", ROBOT, 1.0, "A request without user agent.", "no browser's", traits=_any(Trait.NO_AGENT)),
    Rule("robot: HEAD", ROBOT, 1.0, "A request for no content.", "RFC 9110 section 9.3.2", traits=_any(Trait.HEAD)),
    Rule(
        "robot: a decoy",
        ROBOT,
        1.0,
        "It followed the link that no person can see.",
        "`ESTAMPE_DECOY_LINK`",
        traits=_any(Trait.DECOY),
    ),
    Rule(
        "robot: with a decoy",
        ROBOT,
        1.0,
        "Within a minute the same program at the same site followed the link that no person can see.",
        "the same",
        traits=_any(Trait.DECOYED),
    ),
    Rule(
        "robot: says who runs it",
        ROBOT,
        0.7,
        "A request with `From`.",
        "RFC 9110 section 10.1.2: robots should send it",
        traits=_any(Trait.FROM),
    ),
    Rule(
        "robot: takes anything",
        ROBOT,
        0.6,
        "A link followed without `Accept`.",
        "every browser sends it",
        opens=False,
        traits=_any(Trait.NO_ACCEPT),
    ),
    Rule(
        "robot: speaks no language",
        ROBOT,
        0.6,
        "A link followed without `Accept-Language`.",
        "every browser sends it",
        opens=False,
        traits=_any(Trait.NO_LANGUAGE),
    ),
    Rule(
        "robot: no browser's headers",
        ROBOT,
        0.3,
        "A link followed by an agent that says Chrome or Firefox, without their `Sec-Fetch-Mode`.",
        "W3C Fetch Metadata; they send it over HTTPS",
        opens=False,
        traits=_any(Trait.NO_MODE),
    ),
    Rule(
        "robot: network",
        ROBOT,
        1.0,
        "From a network of other robots.",
        "an operator's row",
        network=ROBOT,
        certainty=CERTAIN,
    ),
    Rule(
        "robot: shared network",
        ROBOT,
        0.5,
        "From a network that they share with people.",
        "an operator's row",
        network=ROBOT,
        certainty=PROBABLE,
    ),
    Rule(
        "person: one click",
        HUMAN,
        OUTWEIGHS_ALL,
        "A mail program posted it because its reader wants no more messages.",
        "RFC 8058 section 3.2",
        traits=_any(Trait.ONE_CLICK),
    ),
    Rule(
        "person: a proxy",
        HUMAN,
        -1.0,
        "An open by a proxy that loads pictures when somebody looks.",
        "Gmail, Yahoo, Fastmail, Seznam",
        links=False,
        roles=_all(Role.PROXY),
    ),
    Rule(
        "person: a button",
        HUMAN,
        -1.0,
        "A button of a page of ours was pressed.",
        "scanners do not send forms",
        traits=_any(Trait.POST),
    ),
    Rule(
        "person: network",
        HUMAN,
        -1.0,
        "From a network of people.",
        "an operator's row",
        network=HUMAN,
        certainty=CERTAIN,
    ),
    Rule(
        "person: shared network",
        HUMAN,
        -0.5,
        "From a network that is mostly people's.",
        "an operator's row",
        network=HUMAN,
        certainty=PROBABLE,
    ),
    Rule(
        "person: moved",
        HUMAN,
        -0.1,
        "The browser says that its user made it go there.",
        "W3C Fetch Metadata: `Sec-Fetch-User`",
        opens=False,
        traits=_any(Trait.USER_MOVED),
    ),
    Rule(
        "person: later",
        HUMAN,
        -0.2,
        "A link followed more than 5 minutes after the activation.",
        "public measurements: 97 % of sweeps come before",
        opens=False,
        traits=_any(Trait.LATER),
    ),
)
"""All rules, those of one class together."""


def classify(sighting: Sighting, journey: Sequence[Sighting], networks: Networks) -> Classification:
    """Judge a hit.

    Parameters:
        sighting: the hit.
        journey: the other hits of its message in the minutes around it, in any order.
        networks: whose networks are known.
    """
    program = program_of(sighting.agent)
    scene = Scene(
        sighting.kind == OPEN, sighting.robot, program, networks.find(sighting.address), traits(sighting, journey)
    )
    spoke = [rule for rule in RULES if rule.applies(scene)]
    hit_class = _class_of(spoke)
    is_through = hit_class == HUMAN and scene.is_open and program and program.role == Role.PROXY
    return Classification(
        hit_class=hit_class,
        through=program.name if is_through and program else "",
        evidence=tuple(rule.signal(scene) for rule in spoke),
        ruleset=RULESET,
        facts=sighting.facts,
    )


def _class_of(spoke: Sequence[Rule]) -> HitClass:
    weights = [rule.weight for rule in spoke]
    alone = [weight for weight in weights if abs(weight) >= DECISIVE]
    if max(_sum(weights), _sum(alone)) < DECISIVE:
        return HUMAN
    telling = [rule for rule in spoke if rule.weight >= TELLING] or spoke
    spoken_for = {rule.speaks_for for rule in telling}
    return next(hit_class for hit_class in ORDER if hit_class in spoken_for)


def _sum(weights: Sequence[float]) -> float:
    return round(sum(weights), 3)  # 0.6 and 0.4 are 1
