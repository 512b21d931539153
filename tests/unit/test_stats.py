"""The figures of an action: each count at its place in the documented shape."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estampe.log import Audience, Count
from estampe.stats import statistics

SPEC = Path(__file__).parents[3] / "shared/spec/more-examples.json"
NOBODY = Audience(reactive=0, openers=0, clickers=0, effective=0)


def figures(*cells: tuple[str, str, str, str, int], audience: Audience = NOBODY) -> dict[str, Any]:
    counts = [Count(0, cell[:4], cell[4]) for cell in cells]
    found: dict[str, Any] = msgspec.to_builtins(statistics(counts, audience))
    return found


def at(found: dict[str, Any], path: str) -> Any:
    for name in path.split("."):
        found = found[name]
    return found


def leaves(found: Any, path: str = "") -> dict[str, Any]:
    """Return each number by its path."""
    if not isinstance(found, dict):
        return {path[1:]: found}
    return {name: value for key, each in found.items() for name, value in leaves(each, f"{path}.{key}").items()}


@pytest.mark.parametrize(
    ("cell", "places"),
    [
        (("execution", "", ""), ""),
        (("activation", "", ""), "dispatch.sent"),
        (("cancellation", "redlisted target", ""), "dispatch.rejected.total dispatch.rejected.redlist"),
        (("cancellation", "bounced target", ""), "dispatch.rejected.total dispatch.rejected.bounces"),
        (("cancellation", "blacklisted target", ""), "dispatch.rejected.total dispatch.rejected.blacklist"),
        (("cancellation", "marketing pressure", ""), "dispatch.rejected.total dispatch.rejected.marketingPressure"),
        (("cancellation", "empty address", ""), "dispatch.rejected.total dispatch.rejected.emptyAddress"),
        (("cancellation", "excluded target", ""), "dispatch.rejected.total dispatch.rejected.exclusions"),
        (("cancellation", "user defined policy", ""), "dispatch.rejected.total"),
        (("hit", "open", "human"), "feedback.reactive.total feedback.opening.total"),
        (("hit", "redirection", "human"), "feedback.reactive.total feedback.click.total"),
        (("hit", "mirror", "human"), "feedback.reactive.total feedback.click.total"),
        (("hit", "open", "mpp"), ""),
        (("hit", "redirection", "gsr"), ""),
        (("hit", "form", "genericrobot"), ""),
        (("bounce", "soft", "mailbox"), "feedback.bounce.soft"),
        (("bounce", "hard", "address"), "feedback.bounce.hard"),
        (("bounce", "soft", "security or policy"), "feedback.bounce.soft feedback.bounce.spam"),
        (("optout", "link", ""), "feedback.redlist.unsubscribe.total"),
        (("optout", "form", ""), "feedback.redlist.unsubscribe.total feedback.redlist.unsubscribe.form"),
        (("optout", "one-click", ""), "feedback.redlist.unsubscribe.total feedback.redlist.unsubscribe.list"),
        (("optout", "mail", ""), "feedback.redlist.unsubscribe.total feedback.redlist.unsubscribe.list"),
        (("complaint", "abuse", "np6.com"), "feedback.redlist.complaint.total"),
        (("complaint", "abuse", ""), "feedback.redlist.complaint.total"),
        (("reply", "stop", ""), ""),
        (("a type of tomorrow", "", ""), ""),
    ],
)
def test_each_count_is_at_its_places_and_nowhere_else(cell: tuple[str, str, str], places: str) -> None:
    found = leaves(figures(("email", *cell, 5)))
    assert {path for path, number in found.items() if number == 5} == set(places.split())
    assert sum(found[path] for path in found if path != "type") == 5 * len(places.split())


@pytest.mark.parametrize(
    ("domain", "provider"),
    [
        ("aol.com", "aol"),
        ("aol.fr", "aol"),
        ("comcast.net", "comcast"),
        ("hotmail.com", "hotmail"),
        ("hotmail.co.uk", "hotmail"),
        ("outlook.fr", "hotmail"),
        ("live.com", "hotmail"),
        ("msn.com", "hotmail"),
        ("yahoo.fr", "yahoo"),
        ("yahoo.com.br", "yahoo"),
        ("ymail.com", "yahoo"),
        ("notyahoo.fr", None),
        ("yahoo.fr.example.com", None),
        ("mail.aol.com", None),
        ("gmail.com", None),
    ],
)
def test_complaints_are_told_apart_by_the_provider_of_the_address(domain: str, provider: str | None) -> None:
    complaint = at(figures(("email", "complaint", "abuse", domain, 2)), "feedback.redlist.complaint")
    assert complaint.pop("total") == 2
    assert {name for name, number in complaint.items() if number} == ({provider} if provider else set())


def test_contacts_are_those_of_the_audience() -> None:
    found = figures(audience=Audience(reactive=9, openers=8, clickers=4, effective=3))
    assert at(found, "feedback.reactive.unique") == 9
    assert at(found, "feedback.opening.opener.total") == 8
    assert at(found, "feedback.click.clicker") == {"total": 4, "effective": 3}


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ((("email", "activation", "", "", 1),), "mail"),
        ((("sms", "activation", "", "", 1),), "sms"),
        ((("sms", "activation", "", "", 1), ("email", "activation", "", "", 2)), "mail"),
        ((("notification", "hit", "open", "human", 3), ("email", "activation", "", "", 2)), "notification"),
    ],
)
def test_the_type_is_the_channel_of_most_events(cells: Any, kind: str) -> None:
    assert figures(*cells)["type"] == kind


@pytest.mark.skipif(not SPEC.exists(), reason="the specification stands beside the repository, and is not there")
def test_the_shape_is_the_documented_one() -> None:
    documented = json.loads(SPEC.read_text())["GET /actions/{id}/statistics"]
    found = figures(("email", "activation", "", "", 3_000), ("email", "cancellation", "user defined policy", "", 12))
    assert json.dumps(found) == json.dumps(documented)


words = st.sampled_from(["email", "sms", "hit", "bounce", "optout", "open", "form", "soft", "human", "mpp", "aol.com"])


@given(st.dictionaries(st.tuples(words, words, words, words), st.integers(1, 2**53), max_size=20))
def test_parts_never_exceed_their_whole(cells: dict[tuple[str, str, str, str], int]) -> None:
    found = leaves(figures(*((*cell, number) for cell, number in cells.items())))
    optouts, bounces = "feedback.redlist.unsubscribe.", "feedback.bounce."
    assert found["feedback.reactive.total"] == found["feedback.opening.total"] + found["feedback.click.total"]
    assert found[f"{optouts}form"] + found[f"{optouts}list"] <= found[f"{optouts}total"]
    assert found[f"{bounces}soft"] + found[f"{bounces}hard"] <= sum(
        number for cell, number in cells.items() if cell[1] == "bounce"
    )
