"""Actions: they are filled, validated in two steps, frozen, and never seen by others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from estampe.catalog import (
    Actions,
    ActionType,
    ActionValidated,
    InvalidAction,
    Mail,
    State,
    UnknownAction,
    WrongState,
    frozen_content,
)

if TYPE_CHECKING:
    from estampe.catalog import Action, Catalog

CONTENT = {"headers": {"from": {"prefix": "news", "label": "News"}}, "subject": "Hello", "html": "<p>Hello</p>"}


@pytest.fixture
def actions(catalog: Catalog, customer: int) -> Actions:
    return Actions(catalog, customer)


def made(actions: Actions, type_: ActionType = ActionType.MAIL_MESSAGE, **members: Any) -> Action:
    return actions.create(type_, "Welcome", {"content": CONTENT, **members})


def test_an_action_is_kept_as_it_was_given(actions: Actions) -> None:
    action = made(actions, description="a", informations={"folder": 1}, unknown=[None, {"a": 1.5}])
    assert actions.get(action.id) == action
    assert action.id == "000001"
    assert action.body == {
        "content": CONTENT,
        "description": "a",
        "informations": {"folder": 1},
        "unknown": [None, {"a": 1.5}],
    }
    assert action.created_ms == action.modified_ms > 0


def test_what_is_ours_to_say_is_not_taken_from_callers(actions: Actions) -> None:
    action = actions.create(
        ActionType.MAIL_MESSAGE, "a", {"id": "ZZZZZZ", "type": "b", "state": 50, "name": "c", "creationDate": "d"}
    )
    assert (action.id, action.body, action.state) == ("000001", {}, State.CREATED)


@pytest.mark.parametrize(
    ("content", "missing"),
    [
        (None, ["content.headers.from.prefix", "content.subject", "content.html or content.text"]),
        ({**CONTENT, "headers": None}, ["content.headers.from.prefix"]),
        ({**CONTENT, "subject": ""}, ["content.subject"]),
        ({**CONTENT, "html": "", "text": None}, ["content.html or content.text"]),
    ],
)
def test_an_action_without_all_of_its_content_says_what_it_lacks(
    actions: Actions, content: object, missing: list[str]
) -> None:
    action = made(actions, content=content)
    assert action.state == State.CREATED
    with pytest.raises(WrongState, match=f"it lacks {', '.join(missing)}$"):
        actions.validate(action.id, for_test=True)


def test_an_sms_needs_a_text(actions: Actions) -> None:
    assert made(actions, ActionType.SMS_MESSAGE).state == State.CREATED
    assert made(actions, ActionType.SMS_MESSAGE, content={"textContent": "Hi"}).state == State.FILLED


@pytest.mark.parametrize("reply", ["a@b.example", {"reply": "a@b.example"}])
def test_the_content_of_mails_is_read(actions: Actions, reply: object) -> None:
    headers = {"from": {"prefix": "news", "domain": "defaultdomain", "label": "Ünï"}, "reply": reply}
    action = made(actions, content={"headers": headers, "subject": "s", "html": None, "text": "t"})
    assert action.mail() == Mail(
        from_prefix="news",
        from_domain="defaultdomain",
        from_label="Ünï",
        reply="a@b.example",
        subject="s",
        text="t",
    )


@pytest.mark.parametrize(
    ("members", "path"),
    [
        ({"content": {"headers": {"from": {"prefix": 1}}}}, "$.content.headers.from.prefix"),
        ({"content": {"headers": {"from": {"prefix": "a\r\nBcc: b"}}}}, "$.content.headers.from.prefix"),
        ({"content": {"headers": {"from": {"domain": "a b"}}}}, "$.content.headers.from.domain"),
        ({"content": {"headers": {"from": {"label": "a\nb"}}}}, "$.content.headers.from.label"),
        ({"content": {"headers": {"reply": "nobody"}}}, "$.content.headers.reply"),
        ({"content": {"headers": {"reply": {"reply": 1}}}}, "$.content.headers.reply.reply"),
        ({"content": {"html": ["a"]}}, "$.content.html"),
        ({"content": "a"}, "$.content"),
        ({"settings": {"mp": {"topic": "a"}}}, "$.settings.mp.topic"),
        ({"scheduler": {"segments": {"excluded": ["a"]}}}, "$.scheduler.segments.excluded[0]"),
    ],
)
def test_a_member_that_cannot_be_is_refused_with_its_path(actions: Actions, members: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidAction) as caught:
        made(actions, **members)
    assert path in str(caught.value)


@pytest.mark.parametrize("name", ["", "a\0b", "a" * 256])
def test_a_name_that_cannot_be_is_refused(actions: Actions, name: str) -> None:
    with pytest.raises(InvalidAction, match=r"\$\.name"):
        actions.create(ActionType.MAIL_MESSAGE, name, {})


def test_members_take_the_place_of_old_ones_and_content_changes_part_by_part(actions: Actions) -> None:
    action = made(actions, settings={"a": 1, "b": 2}, description="old")
    changed = actions.update(action.id, None, {"settings": {"c": 3}, "content": {"subject": "New"}})
    assert changed.body == {"settings": {"c": 3}, "description": "old", "content": {**CONTENT, "subject": "New"}}
    assert (changed.name, actions.get(action.id)) == ("Welcome", changed)
    assert actions.update(action.id, "Renamed", {"content": {"subject": None}}).state == State.CREATED


def test_an_action_is_validated_for_a_test_and_then_for_all(actions: Actions) -> None:
    action = made(actions)
    with pytest.raises(WrongState, match="fortest"):
        actions.validate(action.id, for_test=False)
    tested = actions.validate(action.id, for_test=True)
    assert (tested.state, actions.get(action.id)) == (State.TESTED, tested)
    with pytest.raises(WrongState):
        actions.validate(action.id, for_test=True)
    validated = actions.validate(action.id, for_test=False)
    assert (validated.state, validated.content) == (State.VALIDATED, tested.content)
    for for_test in (True, False):
        with pytest.raises(WrongState):
            actions.validate(action.id, for_test=for_test)


def test_a_validated_action_changes_only_when_its_validation_is_taken_back(actions: Actions) -> None:
    action = made(actions)
    with pytest.raises(WrongState):
        actions.unvalidate(action.id)
    for for_test in (True, False):
        actions.validate(action.id, for_test=for_test)
        with pytest.raises(ActionValidated, match=f"DELETE /actions/{action.id}/validation"):
            actions.update(action.id, "b", {})
    free = actions.unvalidate(action.id)
    assert (free.state, free.content) == (State.FILLED, None)
    assert actions.update(action.id, "b", {}).name == "b"


def test_frozen_content_stays_as_it_was(actions: Actions, catalog: Catalog, customer: int) -> None:
    action = actions.validate(made(actions, settings={"mp": {"use": True}}).id, for_test=True)
    assert action.content is not None
    actions.unvalidate(action.id)
    actions.update(action.id, None, {"content": {"subject": "New"}})
    actions.delete(action.id)
    frozen = frozen_content(catalog, action.content)
    assert (frozen.customer, frozen.action, frozen.type) == (customer, action.id, ActionType.MAIL_MESSAGE)
    assert (frozen.mail, frozen.body) == (action.mail(), action.body)
    assert (frozen.uses_pressure, frozen.topic) == (True, None)


def test_a_content_that_was_never_frozen_is_unknown(catalog: Catalog) -> None:
    with pytest.raises(KeyError):
        frozen_content(catalog, 1)


TOPIC = "11111111-2222-4333-8444-555555555555"


@pytest.mark.parametrize(
    ("pressure", "uses", "counts"),
    [
        (None, True, True),
        ({"topic": TOPIC}, True, True),
        ({"topic": TOPIC, "use": False, "increment": True}, False, True),
        ({"use": True, "increment": False}, True, False),
    ],
)
def test_an_action_says_whether_marketing_pressure_holds_it_back(
    actions: Actions, pressure: dict[str, Any] | None, uses: bool, counts: bool
) -> None:
    action = made(actions, settings={"mp": pressure})
    assert (action.uses_pressure, action.counts_pressure) == (uses, counts)
    assert str(action.topic) == ((pressure or {}).get("topic", "None"))


def test_an_action_says_whose_contacts_it_is_for(actions: Actions) -> None:
    action = made(actions, scheduler={"type": "asap", "segments": {"selected": [1, 2], "excluded": [3]}})
    assert (action.selected_segments, action.excluded_segments) == ((1, 2), (3,))


def test_actions_are_listed_the_oldest_first(actions: Actions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("estampe.catalog.actions._AT_ONCE", 2)
    ids = [made(actions).id for _ in range(5)]
    actions.delete(ids[1])
    assert [action.id for action in actions.list()] == [ids[0], *ids[2:]]


def test_a_deleted_action_is_gone_and_its_id_is_never_used_again(actions: Actions) -> None:
    action = made(actions)
    actions.delete(action.id)
    for use in (actions.get, actions.delete, actions.unvalidate):
        with pytest.raises(UnknownAction, match=action.id):
            use(action.id)
    assert made(actions).id == "000002"


@pytest.mark.parametrize("action_id", ["000001", "000002", "", "00001", "000001\0", "é00001", "zzzzzz", "' OR 1=1"])
def test_an_action_is_unknown_to_another_customer(
    actions: Actions, catalog: Catalog, neighbour: int, action_id: str
) -> None:
    made(actions)
    theirs = Actions(catalog, neighbour)
    for use in (theirs.get, theirs.delete, theirs.unvalidate):
        with pytest.raises(UnknownAction):
            use(action_id)
    with pytest.raises(UnknownAction):
        theirs.update(action_id, "stolen", {})
    with pytest.raises(UnknownAction):
        theirs.validate(action_id, for_test=True)
    assert list(theirs.list()) == []
    assert actions.get("000001").name == "Welcome"
