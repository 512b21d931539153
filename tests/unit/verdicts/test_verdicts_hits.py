"""What is judged of an event beside it."""

from __future__ import annotations

import msgspec
import pytest

from estampe.verdicts import Classification, Facts, HitClass, Signal

PROXIED = Classification(
    hit_class=HitClass.MPP,
    evidence=(Signal(name="Apple's networks", weight=1.0, seen="17.0.0.0/8"),),
    ruleset="estampe 1",
    facts=Facts(headers=("accept",), waited_ms=2_000),
)


def test_a_classification_is_written_as_lists_show_it() -> None:
    assert msgspec.json.encode(PROXIED) == (
        b'{"class":"mpp","evidence":[{"name":"Apple\'s networks","weight":1.0,"seen":"17.0.0.0/8"}],'
        b'"ruleset":"estampe 1","facts":{"headers":["accept"],"waited_ms":2000}}'
    )


def test_a_classification_comes_back_as_it_was() -> None:
    assert msgspec.json.decode(msgspec.json.encode(PROXIED), type=Classification) == PROXIED


def test_all_but_the_class_may_be_left_out() -> None:
    assert msgspec.json.decode(b'{"class":"gsr"}', type=Classification) == Classification(hit_class=HitClass.GSR)
    assert msgspec.json.encode(Classification(hit_class=HitClass.GSR)) == b'{"class":"gsr"}'


def test_the_classes_are_those_of_the_api_human_and_ours() -> None:
    assert {hit_class.value for hit_class in HitClass} == {
        *("human", "genericrobot", "mpp", "gsr"),
        *("scanner", "prefetch"),
    }


def test_another_class_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="class"):
        msgspec.json.decode(b'{"class":"alien"}', type=Classification)


def test_a_classification_is_frozen_and_can_be_compared() -> None:
    assert Classification(hit_class=HitClass.GSR) == Classification(hit_class=HitClass.GSR)
    assert len({PROXIED, msgspec.structs.replace(PROXIED), msgspec.structs.replace(PROXIED, ruleset="estampe 2")}) == 2
    with pytest.raises(AttributeError):
        PROXIED.ruleset = "another"  # type: ignore[misc]
