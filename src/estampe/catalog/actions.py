"""Actions: what is executed for contacts; each is written, validated for a test, then validated."""

from __future__ import annotations

import re
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import select, update

from estampe.catalog import tables
from estampe.catalog.contents import ActionType, Described, InvalidAction, Mail, check, freeze, mail_in, missing_in
from estampe.catalog.customers import take_ids, written
from estampe.catalog.launches import Launch, call_off, plan
from estampe.errors import EstampeError
from estampe.instants import clock_ms

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Row, Select

    from estampe.catalog.store import Catalog

_ID = re.compile(r"[0-9A-Z]{6}", re.ASCII)
_LONGEST_NAME = 255
_AT_ONCE = 50
_SET_BY_US = frozenset({"type", "id", "name", "state", "creationDate"})


class State(IntEnum):
    """How far an action is."""

    CREATED = 10
    FILLED = 20
    TESTED = 38
    VALIDATED = 50
    ARCHIVED = 100


_MEANINGS = {
    State.CREATED: "created without all of its content",
    State.FILLED: "filled with content",
    State.TESTED: "validated for a test",
    State.VALIDATED: "validated",
    State.ARCHIVED: "archived",
}


class UnknownAction(EstampeError):
    """No action of the customer has this id."""

    def __init__(self, action_id: str) -> None:
        super().__init__(f"no action has the id {action_id!r}; GET /actions lists them")


class ActionValidated(EstampeError):
    """A validated action cannot be changed."""

    def __init__(self, action: Action) -> None:
        super().__init__(
            f"action {action.id} is {_MEANINGS[action.state]} (state {action.state:d}) and cannot be changed; "
            f"DELETE /actions/{action.id}/validation lets it"
        )


class WrongState(EstampeError):
    """An action is not far enough for what is asked, or too far; `state` is how far it is."""

    def __init__(self, action: Action, need: str) -> None:
        super().__init__(f"action {action.id} is {_MEANINGS[action.state]} (state {action.state:d}); {need}")
        self.state = action.state


class Action(Described, frozen=True, kw_only=True):
    """An action; times are Unix milliseconds.

    Parameters:
        id: 6 digits and capital letters.
        state: how far it is.
        name: for people.
        content: the frozen content that its messages are made of, while it is validated.
        created_ms: when it was made.
        modified_ms: when it changed last.
    """

    id: str
    state: State
    name: str
    content: int | None = None
    created_ms: int
    modified_ms: int

    def mail(self) -> Mail | None:
        """Return the content of its mails; None if it has none."""
        return mail_in(self.body) if self.type.is_mail else None


_COLUMNS = [tables.actions.c[name] for name in Action.__struct_fields__]


class Actions:
    """The actions of one customer; thread-safe.

    Parameters:
        catalog: where they are kept.
        customer: the customer's number.
    """

    def __init__(self, catalog: Catalog, customer: int) -> None:
        self._catalog = catalog
        self._customer = customer

    def create(self, type: ActionType, name: str, body: Mapping[str, Any]) -> Action:  # noqa: A002  the API's word
        """Make an action.

        Parameters:
            type: what its messages are.
            name: for people.
            body: its members; type, id, name, state and creation date are set by us.

        Raises:
            InvalidAction: it cannot be so.
        """
        kept = _checked(name, body)
        with self._catalog.writing() as connection:
            (number,) = take_ids(connection, self._customer, tables.customers.c.actions)
            now_ms = clock_ms()
            action = Action(
                id=written(number, 6),
                type=type,
                state=_state(type, kept),
                name=name,
                body=kept,
                created_ms=now_ms,
                modified_ms=now_ms,
            )
            connection.execute(tables.actions.insert().values(self._row(action)))
        return action

    def get(self, action_id: str) -> Action:
        """Return an action.

        Raises:
            UnknownAction: there is none.
        """
        with self._catalog.reading() as connection:
            return self._known(connection, action_id)

    def list(self) -> Iterator[Action]:
        """Yield all actions that are not deleted, the oldest first, a few at a time."""
        after = ""
        while some := self._page(after):
            yield from some
            after = some[-1].id

    def update(self, action_id: str, name: str | None, body: Mapping[str, Any]) -> Action:
        """Change an action.

        Parameters:
            action_id: which.
            name: a new name; None keeps the old one.
            body: members that take the place of those it has; in `content`, each member for itself.

        Raises:
            UnknownAction: there is none.
            ActionValidated: it is validated.
            InvalidAction: it cannot be so.
        """
        with self._catalog.writing() as connection:
            action = self._locked(connection, action_id)
            if action.state not in {State.CREATED, State.FILLED}:
                raise ActionValidated(action)
            new_name = action.name if name is None else name
            kept = _checked(new_name, _merged(action.body, body))
            return self._keep(connection, action, name=new_name, body=kept, state=_state(action.type, kept))

    def delete(self, action_id: str) -> None:
        """Delete an action: it is launched no more, what was accepted of it is sent, its id is never used again.

        Raises:
            UnknownAction: there is none.
        """
        with self._catalog.writing() as connection:
            action = self._locked(connection, action_id)
            call_off(connection, self._customer, action.id, clock_ms())
            self._set(connection, action.id, {"deleted_ms": clock_ms()})

    def validate(self, action_id: str, *, for_test: bool, test_segments: Sequence[int] = ()) -> Action:
        """Validate an action: for a test first, which freezes its content, then for all.

        The contacts of segments get their messages then: those of `test_segments` after the first step, those that a
        campaign selects after the second one, at its date.

        Raises:
            UnknownAction: there is none.
            WrongState: the step before is missing, or it was done already.
        """
        with self._catalog.writing() as connection:
            action = self._locked(connection, action_id)
            if for_test and action.state == State.FILLED:
                content = freeze(connection, self._customer, action.id, action, clock_ms())
                tested = self._keep(connection, action, state=State.TESTED, content=content)
                self._launch(connection, tested, test_segments, 0)
                return tested
            if not for_test and action.state == State.TESTED:
                if action.type == ActionType.MAIL_CAMPAIGN:
                    self._launch(connection, action, action.selected_segments, action.start_ms)
                return self._keep(connection, action, state=State.VALIDATED)
            raise WrongState(action, _need(action, for_test=for_test))

    def unvalidate(self, action_id: str) -> Action:
        """Take an action's validation back, so that it can be changed; what was accepted of it is sent as it was.

        Raises:
            UnknownAction: there is none.
            WrongState: it is not validated.
        """
        with self._catalog.writing() as connection:
            action = self._locked(connection, action_id)
            if action.state not in {State.TESTED, State.VALIDATED}:
                raise WrongState(action, "there is no validation to take back")
            call_off(connection, self._customer, action.id, clock_ms())
            return self._keep(connection, action, state=State.FILLED, content=None)

    def _launch(self, connection: Connection, action: Action, segments: Sequence[int], start_ms: int) -> None:
        if not (action.type.is_mail and segments and action.content):
            return
        launch = Launch(
            customer=self._customer,
            action=action.id,
            content=action.content,
            segments=tuple(segments),
            start_ms=start_ms or clock_ms(),
        )
        plan(connection, launch)

    def _page(self, after: str) -> tuple[Action, ...]:
        found = self._select().where(tables.actions.c.id > after).order_by(tables.actions.c.id).limit(_AT_ONCE)
        with self._catalog.reading() as connection:
            return tuple(_action(row) for row in connection.execute(found))

    def _known(self, connection: Connection, action_id: str) -> Action:
        return self._one(connection, self._select(), action_id)

    def _locked(self, connection: Connection, action_id: str) -> Action:
        """Return an action that nobody else changes until the transaction ends."""
        return self._one(connection, self._select().with_for_update(), action_id)

    def _one(self, connection: Connection, found: Select[Any], action_id: str) -> Action:
        row = None
        if _ID.fullmatch(action_id):
            row = connection.execute(found.where(tables.actions.c.id == action_id)).first()
        if row is None:
            raise UnknownAction(action_id)
        return _action(row)

    def _select(self) -> Select[Any]:
        kept = tables.actions.c
        return select(*_COLUMNS).where(kept.customer == self._customer, kept.deleted_ms.is_(None))

    def _keep(self, connection: Connection, action: Action, **changes: Any) -> Action:
        changed: Action = msgspec.structs.replace(action, modified_ms=clock_ms(), **changes)
        self._set(connection, action.id, self._row(changed))
        return changed

    def _set(self, connection: Connection, action_id: str, values: Mapping[str, Any]) -> None:
        kept = tables.actions
        this = (kept.c.customer == self._customer) & (kept.c.id == action_id)
        connection.execute(update(kept).where(this).values(values))

    def _row(self, action: Action) -> dict[str, Any]:
        body = msgspec.json.encode(action.body).decode()
        return msgspec.structs.asdict(action) | {"customer": self._customer, "body": body}


def _action(row: Row[Any]) -> Action:
    members = row._asdict()
    return Action(
        **members
        | {
            "type": ActionType(members["type"]),
            "state": State(members["state"]),
            "body": msgspec.json.decode(members["body"]),
        }
    )


def _checked(name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a body without what is ours to say."""
    if not 1 <= len(name) <= _LONGEST_NAME or not name.isprintable():
        raise InvalidAction(f"$.name: allowed: 1 to {_LONGEST_NAME} characters that can be seen")
    check(body)
    return {member: value for member, value in body.items() if member not in _SET_BY_US}


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**old, **new}
    before, after = old.get("content"), new.get("content")
    if isinstance(before, dict) and isinstance(after, dict):
        merged["content"] = before | after
    return merged


def _state(type_: ActionType, body: Mapping[str, Any]) -> State:
    return State.CREATED if missing_in(type_, body) else State.FILLED


def _need(action: Action, *, for_test: bool) -> str:
    if action.state == State.CREATED:
        return "it lacks " + ", ".join(missing_in(action.type, action.body))
    if action.state == State.FILLED:
        return "validate it for a test first, with fortest true"
    if for_test:
        return f"take its validation back first: DELETE /actions/{action.id}/validation"
    return "there is nothing more to validate"
