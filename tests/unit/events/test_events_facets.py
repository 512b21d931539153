"""What lists filter on."""

from __future__ import annotations

from uuid import UUID

import msgspec
import pytest
from event_strategies import events
from hypothesis import given
from msgspec import UNSET, UnsetType
from test_events_json import ACTIVATION, EVENT, JSON, STAMP

from estampe.events import (
    Activation,
    ActivationDetail,
    Analysis,
    Bounce,
    BounceDetail,
    CancellationDetail,
    Code,
    Complaint,
    ComplaintDetail,
    Detail,
    Draft,
    Event,
    Execution,
    ExecutionDetail,
    Facets,
    Hash,
    HitDetail,
    Id,
    Identity,
    Impression,
    ImpressionDetail,
    MarketingPressure,
    Mirror,
    OpenDetail,
    Optout,
    OptoutDetail,
    RedlistedTarget,
    Reply,
    ReplyDetail,
    Source,
    Subject,
    Sync,
    Unicity,
    Verdict,
    Web,
    decode,
    facets,
)

EXECUTION = Execution(id="000PE4", kind="message", recipient=Id(value="000R4M0T"), stamp=STAMP)
OTHER = UUID("6ecd8c99-4036-403d-bf84-cf8400f67836")
SOFT = Bounce(
    status=Sync(code=Code(enhanced="4.2.2"), diagnostic="", mta=""),
    analysis=Analysis(verdict=Verdict.SOFT, subject=Subject(type="mailbox")),
)


def test_an_event_has_the_facets_of_its_message() -> None:
    assert facets(EVENT) == Facets(
        type="activation",
        subtype="",
        channel="email",
        action="000PE4",
        contact="000R4M0T",
        hash="0441619ab4631d18548aa8835dd2c28b",
        stamp=STAMP.id,
        stamp_time_ms=1614089576625,
        set=None,
        activation_time_ms=1614089576625,
        trait="",
    )


@pytest.mark.parametrize(
    ("kind", "detail", "subtype"),
    [
        ("execution", ExecutionDetail(execution=EXECUTION), ""),
        ("activation", ActivationDetail(activation=ACTIVATION), ""),
        ("bounce", BounceDetail(activation=ACTIVATION, bounce=SOFT), "soft"),
        ("hit", HitDetail(activation=ACTIVATION, link=Mirror(), client=Web()), "mirror"),
        (
            "cancellation",
            CancellationDetail(execution=EXECUTION, cancellation=MarketingPressure(rule=STAMP.id)),
            "marketing pressure",
        ),
        (
            "cancellation",
            CancellationDetail(execution=EXECUTION, cancellation=RedlistedTarget()),
            "redlisted target",
        ),
        ("complaint", ComplaintDetail(activation=ACTIVATION, complaint=Complaint(type="abuse")), "abuse"),
        ("optout", OptoutDetail(activation=ACTIVATION, optout=Optout(type="one-click")), "one-click"),
        ("reply", ReplyDetail(activation=ACTIVATION, reply=Reply(type="stop")), "stop"),
    ],
)
def test_the_subtype_says_what_kind_it_is(kind: str, detail: Detail, subtype: str) -> None:
    found = facets(Draft(type=kind, source=Source(type="email", detail=detail)))
    assert (found.type, found.subtype, found.action, found.contact) == (kind, subtype, "000PE4", "000R4M0T")


@pytest.mark.parametrize(
    ("identity", "contact", "unicity_hash"),
    [
        (Id(value="000R4M0T"), "000R4M0T", ""),
        (Hash(value="409BA38AA13699D31CAA8B42C94A5DC8"), "", "409ba38aa13699d31caa8b42c94a5dc8"),
        (Unicity(value=("unicity_1",)), "", "409ba38aa13699d31caa8b42c94a5dc8"),
        (Unicity(value=("a@b.c", "FR")), "", ""),
    ],
)
def test_a_contact_is_known_as_far_as_its_identity_tells(identity: Identity, contact: str, unicity_hash: str) -> None:
    activation = msgspec.structs.replace(ACTIVATION, receiver=identity)
    found = facets(_draft(ActivationDetail(activation=activation)))
    assert (found.contact, found.hash) == (contact, unicity_hash)


def test_a_message_is_known_by_its_set() -> None:
    stamp = msgspec.structs.replace(STAMP, set=OTHER)
    for detail in (
        ActivationDetail(activation=msgspec.structs.replace(ACTIVATION, stamp=stamp)),
        ExecutionDetail(execution=msgspec.structs.replace(EXECUTION, stamp=stamp)),
    ):
        assert facets(_draft(detail)).set == OTHER


@pytest.mark.parametrize(
    ("detail", "time_ms"),
    [
        (ActivationDetail(activation=ACTIVATION), STAMP.time),
        (HitDetail(activation=ACTIVATION, link=Mirror(), client=Web()), STAMP.time),
        (ImpressionDetail(activation=ACTIVATION, impression=Impression()), STAMP.time),
        (OpenDetail(activation=ACTIVATION), STAMP.time),
        (ExecutionDetail(execution=EXECUTION), None),
        (CancellationDetail(execution=EXECUTION, cancellation=RedlistedTarget()), None),
        (ImpressionDetail(execution=EXECUTION, impression=Impression()), None),
        (ImpressionDetail(impression=Impression()), None),
    ],
)
def test_the_time_of_an_activation_is_its_stamp_s(detail: Detail, time_ms: int | None) -> None:
    assert facets(_draft(detail)).activation_time_ms == time_ms


def test_a_bounce_s_trait_is_its_subject() -> None:
    assert facets(_draft(BounceDetail(activation=ACTIVATION, bounce=SOFT))).trait == "mailbox"


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("anna@AOL.com", "aol.com"),
        ('"a@b"@Yahoo.fr', "yahoo.fr"),
        ("anna@", ""),
        ("+33639980000", ""),
        (UNSET, ""),
    ],
)
def test_a_complaint_s_trait_is_the_domain_of_its_address(address: str | UnsetType, domain: str) -> None:
    activation = msgspec.structs.replace(ACTIVATION, kind="application", recipient=address)
    assert facets(_draft(ComplaintDetail(activation=activation, complaint=Complaint(type="abuse")))).trait == domain


@pytest.mark.parametrize(
    "detail",
    [
        ActivationDetail(activation=ACTIVATION),
        ExecutionDetail(execution=EXECUTION),
        HitDetail(activation=ACTIVATION, link=Mirror(), client=Web()),
        OptoutDetail(activation=ACTIVATION, optout=Optout(type="mail")),
        ReplyDetail(activation=ACTIVATION, reply=Reply(type="stop")),
    ],
)
def test_no_other_event_has_a_trait(detail: Detail) -> None:
    assert facets(_draft(detail)).trait == ""


def _draft(detail: Detail) -> Draft:
    return Draft(type="any", source=Source(type="email", detail=detail))


def test_a_notification_is_known_by_its_number() -> None:
    activation = Activation(id=42, kind="application", version=STAMP.id, receiver=Id(value="000R4M0T"), stamp=STAMP)
    detail = ImpressionDetail(activation=activation, impression=Impression())
    assert facets(Draft(type="impression", source=Source(type="notification", detail=detail))).action == "42"


def test_an_event_without_a_message_has_no_facets_of_one() -> None:
    found = facets(_draft(ImpressionDetail(impression=Impression())))
    assert found == Facets("any", "", "email", "", "", "", None, None, None, None, "")


def test_an_event_of_unknown_type_has_the_facets_of_its_blocks() -> None:
    unknown = decode(JSON.replace(b'{"type":"activation"', b'{"type":"delivery"').replace(b"}}}}", b'},"x":1}}}'))
    assert facets(unknown) == facets(EVENT)._replace(type="delivery")


def test_an_unknown_contact_and_an_unknown_kind_of_hit_are_told_apart_by_type_alone() -> None:
    hit = _hit(b'{"type":"scan","code":1.0}').replace(
        msgspec.json.encode(ACTIVATION.receiver), b'{"type":"card","value":1.0}'
    )
    found = facets(decode(hit))
    assert (found.subtype, found.contact, found.hash) == ("scan", "", "")


def _hit(link: bytes) -> bytes:
    hit = JSON.replace(b'{"type":"activation"', b'{"type":"hit"')
    return hit.replace(b"}}}}", b'},"link":%b,"client":{"type":"web"}}}}' % link)


@given(events())
def test_facets_of_any_event_are_its_block_s(event: Event) -> None:
    found = facets(event)
    assert all(isinstance(value, str) for value in (*found[:6], found.trait))
    block = event.source.detail.block
    if block is None:
        assert found[3:] == ("", "", "", None, None, None, None, "")
        return
    assert (found.stamp, found.stamp_time_ms) == (block.stamp.id, block.stamp.time)
    assert found.set == (None if block.stamp.set is UNSET else block.stamp.set)
    assert found.activation_time_ms == (block.stamp.time if isinstance(block, Activation) else None)
