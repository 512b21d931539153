"""Interned names: the small numbers by which rows and runs know kinds and actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estampe.log import sql, store
from estampe.log.entry import Kind

if TYPE_CHECKING:
    import apsw


class Names:
    """The numbers of kinds and actions; used by the writer only, inside its transactions."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._kinds: dict[Kind, int] = {}
        self._actions: dict[str, int] = {}
        self.reload()

    def reload(self) -> None:
        """Read what the file has; after a rollback, what was added since is gone."""
        # First of all nothing, lest a reading that fails leaves numbers that the file gives to other names later.
        self._kinds, self._actions = {}, {}
        self._kinds = {Kind(*names): number for number, *names in store.rows(self._connection, sql.KINDS)}
        self._actions = {name: number for number, name in store.rows(self._connection, sql.ACTIONS)}

    def kind(self, kind: Kind) -> int:
        """Return a kind's number, new if need be."""
        number = self._kinds.get(kind)
        if number is None:
            number = self._kinds[kind] = self._add(sql.ADD_KIND, kind)
        return number

    def action(self, name: str) -> int:
        """Return an action's number, new if need be."""
        number = self._actions.get(name)
        if number is None:
            number = self._actions[name] = self._add(sql.ADD_ACTION, (name,))
        return number

    def _add(self, statement: str, names: tuple[str, ...]) -> int:
        return int(store.value(self._connection, statement, names))
