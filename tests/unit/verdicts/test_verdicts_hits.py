"""What is judged of an event beside it."""

from __future__ import annotations

import msgspec
import pytest

from estampe.verdicts import Classification, HitClass, Signal

PROXIED = Classification(
    hit_class=HitClass.MPP, evidence=(Signal(name="network", weight=1, seen="network 17.0.0.0/8"),), ruleset="estampe 1"
)


def test_a_classification_is_written_as_lists_show_it() -> None:
    assert msgspec.json.encode(PROXIED) == (b'{"class":"mpp","evidence":["network 17.0.0.0/8"],"ruleset":"estampe 1"}')


def test_a_classification_comes_back_as_it_was() -> None:
    assert msgspec.json.decode(msgspec.json.encode(PROXIED), type=Classification) == PROXIED


def test_evidence_and_ruleset_may_be_left_out() -> None:
    assert msgspec.json.decode(b'{"class":"gsr"}', type=Classification) == Classification(hit_class=HitClass.GSR)


def test_the_classes_are_those_of_the_api_and_human() -> None:
    assert {hit_class.value for hit_class in HitClass} == {"human", "genericrobot", "mpp", "gsr"}


def test_another_class_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="class"):
        msgspec.json.decode(b'{"class":"alien"}', type=Classification)


def test_a_classification_is_frozen_and_can_be_compared() -> None:
    assert Classification(hit_class=HitClass.GSR) == Classification(hit_class=HitClass.GSR)
    assert len({PROXIED, msgspec.structs.replace(PROXIED), msgspec.structs.replace(PROXIED, ruleset="estampe 2")}) == 2
    with pytest.raises(AttributeError):
        PROXIED.ruleset = "another"  # type: ignore[misc]
