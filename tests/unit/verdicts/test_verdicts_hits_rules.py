"""Who is behind a hit: rules that are rows, and what they come to."""

from __future__ import annotations

from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estampe.verdicts import RULESET, Classification, Facts, HitClass, Networks, Sighting, Signal, classify
from estampe.verdicts.programs import PROGRAMS
from estampe.verdicts.robots import ORDER, RULES
from estampe.verdicts.traits import BY_JOURNEY, Trait

NETWORKS = Networks.of(None)
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
CHROME = f"{WINDOWS} Chrome/131.0.0.0 Safari/537.36"
OUTLOOK = "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17928; Pro)"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
EDGE = f"{WINDOWS} Chrome/42.0.2311.135 Safari/537.36 Edge/12.246"
BROWSING = ("accept", "accept-encoding", "accept-language", "sec-fetch-mode", "sec-fetch-user")
GOOGLE, SHARED_GOOGLE, APPLE = "66.102.1.2", "172.217.1.2", "17.58.1.2"
MIMECAST, SAFE_LINKS = "91.220.42.7", "40.94.1.2"
HOME, OFFICE, CLOUD = "81.2.69.142", "195.220.1.9", "3.91.7.7"
NOON_MS = 1_700_000_000_000


def hit(kind: str = "redirection", after_s: float = 1_200, **known: object) -> Sighting:
    """Return a person's hit, some seconds after the activation, but for what is said of it."""
    since_ms = round(1_000 * after_s)
    usual = {
        "time_ms": NOON_MS + since_ms,
        "kind": kind,
        "target": "" if kind == "open" else "https://shop.example a",
        "agent": CHROME,
        "address": HOME,
        "since_ms": since_ms,
        "facts": Facts(headers=BROWSING),
    }
    return Sighting(**usual | known)  # type: ignore[arg-type]  the names are those of a sighting


def facts(method: str = "GET", *, without: tuple[str, ...] = (), more: tuple[str, ...] = (), **known: bool) -> Facts:
    return Facts(method=method, headers=(*(each for each in BROWSING if each not in without), *more), **known)


def judged(*hits: Sighting) -> list[HitClass]:
    """Judge hits of one message, each with the others."""
    return [judge(at, hits).hit_class for at in range(len(hits))]


def judge(at: int, hits: tuple[Sighting, ...]) -> Classification:
    return classify(hits[at], [*hits[:at], *hits[at + 1 :]], NETWORKS)


def sweep(links: int = 9, after_s: float = 43, span_s: float = 0.8, **known: object) -> tuple[Sighting, ...]:
    """Return what a gateway does that poses as a browser."""
    usual: dict[str, object] = {"agent": CHROME.replace("131", "120"), "address": CLOUD} | known
    return tuple(hit(after_s=after_s + span_s * n / links, target=f"link {n}", **usual) for n in range(links))


@pytest.mark.parametrize(
    ("sighting", "hit_class"),
    [
        (hit(), HitClass.HUMAN),
        (hit(facts=None), HitClass.HUMAN),
        (hit("open"), HitClass.HUMAN),
        (hit("open", agent=OUTLOOK, robot="Outlook"), HitClass.HUMAN),
        (hit(agent=OUTLOOK, robot="Outlook"), HitClass.HUMAN),
        (hit("open", agent=GMAIL, robot="GoogleImageProxy", address=GOOGLE), HitClass.HUMAN),
        (hit("open", agent="YahooMailProxy; https://help.yahoo.com/kb/", robot="Yahoo"), HitClass.HUMAN),
        (hit("open", agent="okhttp/4.12.0", robot="okhttp"), HitClass.HUMAN),
        (hit(after_s=8), HitClass.HUMAN),
        (hit(after_s=1), HitClass.HUMAN),
        (hit("open", after_s=1), HitClass.HUMAN),
        (hit(facts=facts(without=("accept-language",))), HitClass.HUMAN),
        (hit("open", facts=Facts()), HitClass.HUMAN),
        (hit(address=APPLE), HitClass.HUMAN),
        (hit("a kind of tomorrow"), HitClass.HUMAN),
        (hit("unsubscribe", facts=facts("POST")), HitClass.HUMAN),
        (hit("unsubscribe", after_s=1, agent="", address=MIMECAST, facts=Facts(one_click=True)), HitClass.HUMAN),
        (hit("open", agent="Mozilla/5.0"), HitClass.MPP),
        (hit("open", agent="Mozilla/5.0", facts=None, address=""), HitClass.MPP),
        (hit("open", address=APPLE), HitClass.MPP),
        (hit(agent="Mozilla/5.0"), HitClass.GENERIC_ROBOT),
        (hit(address=GOOGLE), HitClass.GSR),
        (hit(address=GOOGLE, facts=None), HitClass.GSR),
        (hit(address=SHARED_GOOGLE), HitClass.HUMAN),
        (hit(address=SHARED_GOOGLE, after_s=60, facts=facts(without=("accept-language",))), HitClass.GSR),
        (hit(agent="Mozilla/5.0 (compatible; Google-Safety; +http://www.google.com/bot.html)"), HitClass.GSR),
        (hit("open", agent=EDGE), HitClass.HUMAN),
        (hit("open", agent=f"{EDGE} Mozilla/5.0"), HitClass.PREFETCH),
        (hit("open", agent=EDGE, address=SHARED_GOOGLE), HitClass.PREFETCH),
        (hit("open", agent=EDGE, after_s=4), HitClass.PREFETCH),
        (hit(facts=facts(more=("sec-purpose",))), HitClass.PREFETCH),
        (hit(address=MIMECAST), HitClass.SCANNER),
        (hit("open", address=MIMECAST), HitClass.SCANNER),
        (hit(address=SAFE_LINKS), HitClass.HUMAN),
        (hit(address=SAFE_LINKS, after_s=40, facts=facts(without=("accept-language",))), HitClass.SCANNER),
        (hit(agent="Mozilla/5.0 (compatible; Barracuda Link Protection/1.0)"), HitClass.SCANNER),
        (hit(after_s=-0.5, facts=facts(without=("accept-language",))), HitClass.SCANNER),
        (hit(agent="AhrefsBot/7.0", robot="AhrefsBot"), HitClass.GENERIC_ROBOT),
        (hit(agent="python-requests/2.32"), HitClass.GENERIC_ROBOT),
        (hit("open", agent="curl/8.5.0"), HitClass.GENERIC_ROBOT),
        (hit(agent=""), HitClass.GENERIC_ROBOT),
        (hit(agent="", facts=None), HitClass.HUMAN),
        (hit(facts=facts("HEAD")), HitClass.GENERIC_ROBOT),
        (hit(facts=facts(decoy=True)), HitClass.GENERIC_ROBOT),
        (hit(facts=Facts(headers=("accept-encoding",))), HitClass.GENERIC_ROBOT),
    ],
)
def test_a_hit_alone_is_judged(sighting: Sighting, hit_class: HitClass) -> None:
    assert classify(sighting, [], NETWORKS).hit_class == hit_class


def test_evidence_says_who_spoke_and_what_was_seen() -> None:
    assert classify(hit("open", address=APPLE), [], NETWORKS) == Classification(
        hit_class=HitClass.MPP,
        evidence=(Signal(name="mpp: network", weight=1.0, seen="17.0.0.0/8 of Apple"),),
        ruleset=RULESET,
        facts=Facts(headers=BROWSING),
    )
    both = classify(hit(agent="AhrefsBot/7.0", robot="AhrefsBot"), [], NETWORKS)
    assert [(each.name, each.weight, each.seen) for each in both.evidence] == [
        ("robot: listed", 1.0, "AhrefsBot"),
        ("robot: says so", 1.0, "a robot's word"),
        ("person: moved", -0.1, ""),
        ("person: later", -0.2, ""),
    ]


@pytest.mark.parametrize(("agent", "through"), [(GMAIL, "gmail"), ("FastmailUA/1.0", "fastmail"), (OUTLOOK, "")])
def test_a_person_behind_a_proxy_is_a_person(agent: str, through: str) -> None:
    found = classify(hit("open", agent=agent, robot="a list says so"), [], NETWORKS)
    assert (found.hit_class, found.through) == (HitClass.HUMAN, through)
    assert classify(hit(agent=agent), [], NETWORKS).through == ""


def test_a_sweep_is_a_scanners_also_its_first_click() -> None:
    links = sweep()
    assert judged(*links) == [HitClass.SCANNER] * 9
    assert judged(links[0]) == [HitClass.HUMAN]


def test_a_sweep_by_many_programs_from_many_sites_is_one() -> None:
    links = [
        hit(after_s=43 + n / 3, target=f"link {n}", agent=f"{CHROME} {n}", address=f"203.0.{n}.7") for n in range(4)
    ]
    assert judged(*links) == [HitClass.SCANNER] * 4


def test_a_person_who_follows_a_link_during_a_sweep_or_after_it_is_a_person() -> None:
    person = hit(after_s=43.5, target="link 3")
    later = hit(after_s=300, target="link 5", address=HOME)
    assert judged(*sweep(), person, later) == [*[HitClass.SCANNER] * 9, HitClass.HUMAN, HitClass.HUMAN]


def test_a_person_behind_the_scanner_of_the_same_office_is_a_person_minutes_later() -> None:
    person = hit(after_s=400, target="link 2", address=OFFICE)
    assert judged(*sweep(address=OFFICE, agent=CHROME), person)[-1] == HitClass.HUMAN


def test_people_read_and_follow_a_few_links() -> None:
    reader = (
        hit("open", after_s=60),
        hit(after_s=64, target="link 1"),
        hit(after_s=70, target="link 2"),
        hit(after_s=70.3, target="link 2"),
    )
    assert judged(*reader) == [HitClass.HUMAN] * 4


def test_what_others_publish_at_once_was_not_done_at_once() -> None:
    """Whoever asks another system now and then publishes a reader's clicks together."""
    polled = sweep(links=4, facts=None, after_s=1, address=HOME)
    assert judged(*polled) == [HitClass.HUMAN] * 4
    assert judged(*sweep(links=9, facts=None)) == [HitClass.SCANNER] * 9


def test_two_links_in_a_moment_are_no_hands() -> None:
    assert judged(*sweep(links=2, span_s=0.1)) == [HitClass.SCANNER] * 2
    assert judged(hit(target="a"), hit(target="b", agent=OUTLOOK, address=OFFICE)) == [HitClass.HUMAN] * 2


def test_who_opens_and_follows_two_links_in_a_second_is_a_scanner() -> None:
    links = sweep(links=2, span_s=1)
    opened = hit("open", after_s=43.2, address=CLOUD)
    assert judged(*links, opened) == [HitClass.SCANNER] * 3
    assert judged(*links) == [HitClass.HUMAN] * 2
    assert judged(*links, hit("open", after_s=43.2, agent=GMAIL))[-1] == HitClass.HUMAN


def test_a_slow_scanner_is_one_within_the_first_minute() -> None:
    assert judged(*sweep(links=5, after_s=20, span_s=24)) == [HitClass.SCANNER] * 5
    assert judged(*sweep(links=5, after_s=20, span_s=24), hit("open", after_s=30)) == [HitClass.HUMAN] * 6


def test_six_links_in_a_minute_are_a_scanners_and_so_is_its_open() -> None:
    links = sweep(links=6, after_s=400, span_s=59)
    opened = hit("open", after_s=399, address=links[0].address, agent=links[0].agent)
    assert judged(*links, opened) == [HitClass.SCANNER] * 7
    assert judged(*links, hit("open", after_s=430), hit(after_s=440))[-2:] == [HitClass.HUMAN] * 2
    assert judged(*links[:5], opened) == [HitClass.HUMAN] * 6


def tabs(links: int, apart_s: float, **known: object) -> tuple[Sighting, ...]:
    """Return links that a reader opens in new tabs, after an hour."""
    return tuple(hit(after_s=3_600 + apart_s * n, target=f"link {n}", **known) for n in range(links))


@pytest.mark.parametrize("shown", [{"kind": "open"}, {"kind": "open", "agent": GMAIL}, {"kind": "mirror"}])
@pytest.mark.parametrize(("links", "apart_s"), [(3, 0.7), (5, 1.0), (8, 1.5), (10, 5)])
def test_a_reader_opens_many_links_in_new_tabs(shown: dict[str, str], links: int, apart_s: float) -> None:
    seen = hit(after_s=3_590, target="", **shown)
    assert judged(seen, *tabs(links, apart_s)) == [HitClass.HUMAN] * (links + 1)
    assert judged(hit(after_s=3_599, target="", **shown), *tabs(links, apart_s))[1:] == [HitClass.SCANNER] * links


@pytest.mark.parametrize(
    ("links", "apart_s", "opened_s"),
    [(9, 0.1, 3_590), (5, 0.4, 3_590), (12, 4, 3_590), (5, 0.7, 3_599), (5, 0.7, 3_602)],
)
def test_nobody_reads_as_fast_as_a_scanner(links: int, apart_s: float, opened_s: float) -> None:
    assert judged(*tabs(links, apart_s), hit("open", after_s=opened_s))[:-1] == [HitClass.SCANNER] * links


def test_who_opened_a_message_elsewhere_does_not_excuse_a_scanner() -> None:
    opened = hit("open", after_s=3_590, agent=OUTLOOK, address=OFFICE)
    assert judged(*tabs(4, 0.5), opened) == [*[HitClass.SCANNER] * 4, HitClass.HUMAN]


def test_who_looks_like_no_whole_browser_is_no_reader() -> None:
    links = tabs(4, 0.7, facts=facts(without=("sec-fetch-mode", "sec-fetch-user")))
    assert judged(hit("open", after_s=3_590, agent=GMAIL), *links)[1:] == [HitClass.SCANNER] * 4


@pytest.mark.parametrize("known", [{"agent": "Mozilla/4.0 (compatible; MSIE 8.0)"}, {"address": CLOUD}])
@pytest.mark.parametrize("after_s", [-1, 0.05, 1.5])
def test_who_looks_at_a_link_because_a_person_follows_it_is_a_scanner(known: dict[str, str], after_s: float) -> None:
    """Antivirus programs on the same computer, and gateways that rewrite links."""
    person = hit(after_s=1_200)
    guard = hit(after_s=1_200 + after_s, facts=facts(without=("sec-fetch-mode", "sec-fetch-user")), **known)
    assert judged(person, guard) == [HitClass.HUMAN, HitClass.SCANNER]


def test_two_people_and_who_clicks_twice_are_no_guards() -> None:
    old = facts(without=("sec-fetch-mode", "sec-fetch-user"))
    assert judged(hit(), hit(after_s=1_200.1)) == [HitClass.HUMAN] * 2
    assert judged(hit(), hit(after_s=1_203, facts=old, agent=OUTLOOK)) == [HitClass.HUMAN] * 2
    assert judged(hit(), hit(after_s=1_201, facts=old, agent=OUTLOOK, target="b")) == [HitClass.HUMAN] * 2
    assert judged(hit(facts=old), hit(after_s=1_200.1, facts=old, address=OFFICE)) == [HitClass.HUMAN] * 2


def test_a_robot_in_the_first_minute_is_not_a_scanner_for_that() -> None:
    assert judged(hit(after_s=30, agent="WhatsApp/2.23.20.0 A", robot="WhatsApp")) == [HitClass.GENERIC_ROBOT]
    assert judged(hit("open", after_s=30, agent="curl/8.5.0")) == [HitClass.GENERIC_ROBOT]


def test_what_comes_with_who_took_the_decoy_is_a_robots() -> None:
    taken = hit(address=CLOUD, facts=facts(decoy=True))
    assert judged(taken, hit(after_s=1_210, address=CLOUD)) == [HitClass.GENERIC_ROBOT] * 2
    assert judged(taken, hit(after_s=1_210), hit(after_s=1_290, address=CLOUD))[1:] == [HitClass.HUMAN] * 2


@pytest.mark.parametrize(
    ("agent", "kind", "hit_class"),
    [
        ("Thing (+https://thing.example/about)", "open", HitClass.GENERIC_ROBOT),
        ("Mozilla/5.0 (compatible; Thing; thing@thing.example)", "redirection", HitClass.GENERIC_ROBOT),
        (f"{WINDOWS} Chrome/120.0 Safari/537.36 Thingbot/2.1", "redirection", HitClass.GENERIC_ROBOT),
        (
            "Mozilla/5.0 (Linux; Android 7.0; M bot 60 Build/NRD90M) Chrome/58.0",
            "redirection",
            HitClass.HUMAN,
        ),
        ("Thing/1.0", "redirection", HitClass.GENERIC_ROBOT),
        ("Thing/1.0", "open", HitClass.HUMAN),
        ("DoCoMo/2.0 SH01A(c100;TB;W24H16)", "redirection", HitClass.HUMAN),
        ("Lynx/2.8.9rel.1 libwww-FM/2.14 SSL-MM/1.4.1", "redirection", HitClass.HUMAN),
        ("w3m/0.5.3+git20230121", "redirection", HitClass.HUMAN),
        ("ELinks/0.16.1 (textmode; Linux; 80x24-2)", "redirection", HitClass.HUMAN),
        ("NAVER(inapp; search; 2000; 12.5.2)", "redirection", HitClass.HUMAN),
        ("LinksCheck/2.0", "redirection", HitClass.GENERIC_ROBOT),
    ],
)
def test_who_calls_itself_a_robot_is_one_and_people_follow_links_in_browsers(
    agent: str, kind: str, hit_class: HitClass
) -> None:
    assert judged(hit(kind, agent=agent)) == [hit_class]


def test_who_comes_at_once_and_never_again_is_a_scanner() -> None:
    early = hit(after_s=1, address=CLOUD)
    assert judged(early, hit("open", after_s=600), hit(after_s=610)) == [HitClass.SCANNER, *[HitClass.HUMAN] * 2]
    assert judged(early, hit("open", after_s=600, address=CLOUD)) == [HitClass.HUMAN] * 2


def test_the_most_particular_class_is_told() -> None:
    """Whose an address is says more than what was done from there."""
    assert judged(*sweep(address=GOOGLE)) == [HitClass.GSR] * 9
    assert judged(*sweep(address=MIMECAST, robot="HeadlessChrome")) == [HitClass.SCANNER] * 9


def test_an_operators_network_of_people_outweighs_one_doubt() -> None:
    safe_links = NETWORKS.find(SAFE_LINKS)
    assert safe_links
    known = Networks([safe_links._replace(hit_class=HitClass.HUMAN)])
    doubtful = hit(address=SAFE_LINKS, after_s=40, facts=facts(without=("accept-language", "sec-fetch-mode")))
    assert classify(doubtful, [], NETWORKS).hit_class == HitClass.SCANNER
    assert classify(doubtful, [], known).hit_class == HitClass.HUMAN


sightings = st.builds(
    hit,
    st.sampled_from(["open", "redirection", "mirror", "form"]),
    st.floats(-1, 120) | st.floats(42, 45),
    target=st.sampled_from(["a", "b", "c", "d", "e"]),
    agent=st.sampled_from([CHROME, OUTLOOK, GMAIL, "Mozilla/5.0", "curl/8", "", *(row.example for row in PROGRAMS)]),
    robot=st.sampled_from(["", "", "a list"]),
    address=st.sampled_from([HOME, OFFICE, CLOUD, GOOGLE, APPLE, MIMECAST, ""]),
    facts=st.none() | st.just(facts()) | st.just(facts("HEAD")) | st.just(Facts()),
)
journeys = st.lists(sightings, max_size=8)


@given(sighting=sightings, journey=journeys, seed=st.integers(0, 9))
def test_the_order_of_a_journey_does_not_matter(sighting: Sighting, journey: list[Sighting], seed: int) -> None:
    shuffled = list(journey)
    Random(seed).shuffle(shuffled)  # noqa: S311  a test's
    assert classify(sighting, journey, NETWORKS) == classify(sighting, shuffled, NETWORKS)


@given(sighting=sightings, journey=journeys)
def test_other_hits_change_what_rules_about_them_say_and_nothing_else(
    sighting: Sighting, journey: list[Sighting]
) -> None:
    of_others = {rule.name for rule in RULES if rule.traits & BY_JOURNEY}
    alone, among = (classify(sighting, others, NETWORKS).evidence for others in ([], journey))
    assert [each for each in among if each.name not in of_others] == list(alone)


@given(sighting=sightings, journey=journeys, more=journeys)
def test_a_sweep_stays_one_whatever_else_is_seen(
    sighting: Sighting, journey: list[Sighting], more: list[Sighting]
) -> None:
    lasting = {rule.name for rule in RULES if rule.traits & {Trait.SWEEP, Trait.MOMENT, Trait.RUSH, Trait.WALK}}
    before = {each.name for each in classify(sighting, journey, NETWORKS).evidence}
    after = {each.name for each in classify(sighting, [*journey, *more], NETWORKS).evidence}
    assert before & lasting <= after


@given(sighting=sightings, journey=journeys)
def test_a_robot_is_one_from_a_weight_of_1_on(sighting: Sighting, journey: list[Sighting]) -> None:
    found = classify(sighting, journey, NETWORKS)
    weights = [each.weight for each in found.evidence]
    alone = [weight for weight in weights if abs(weight) >= 1]
    assert (found.hit_class != HitClass.HUMAN) == (max(sum(weights), sum(alone)) > 0.999)
    assert found == msgspec.json.decode(msgspec.json.encode(found), type=Classification)
    assert msgspec.json.encode(found) == msgspec.json.encode(
        msgspec.json.decode(msgspec.json.encode(found), type=Classification)
    )


def test_nothing_unknown_of_a_hit_is_held_against_it() -> None:
    """Of hits that others collected it is not known how they were requested."""
    for rule in RULES:
        if rule.traits and rule.weight > 0:
            assert rule.name not in {each.name for each in classify(hit(facts=None), [], NETWORKS).evidence}


def test_rules_are_named_one_by_one_and_of_a_class() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert (rule.weight < 0) == (rule.speaks_for == HitClass.HUMAN)
        assert isinstance(rule.weight, float)
        assert rule.meaning.endswith(".")
        assert rule.source
    assert {*ORDER, HitClass.HUMAN} == {rule.speaks_for for rule in RULES} == set(HitClass)
