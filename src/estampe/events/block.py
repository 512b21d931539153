"""The base of every JSON object in an event, and what keeps members and variants it does not know."""

from collections.abc import Iterator, Mapping

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType


class Members(Mapping[str, Raw]):
    """Members of a JSON object, in order, each value as the JSON text it came in.

    msgspec can neither decode nor encode this class, and that is its use: the fast paths stop at one wherever
    it stands, the careful ones take over, and no outside member can pass for one of ours.
    """

    __slots__ = ("_values",)
    __hash__ = None  # type: ignore[assignment]  # JSON text has no hash

    def __init__(self, values: Mapping[str, Raw]) -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> Raw:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Members({ {name: bytes(value) for name, value in self._values.items()} })"


class Block(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, repr_omit_defaults=True, gc=False):
    """A JSON object of an event; `extra` keeps the members that it does not know and is none of its own."""

    extra: Members | UnsetType = UNSET


class Variant(Block, frozen=True, kw_only=True, tag_field="type"):
    """One of several shapes that the member `type` tells apart."""

    @property
    def type(self) -> str:
        """The value of `type`."""
        return str(self.__struct_config__.tag)


class Other(Variant, frozen=True, kw_only=True, tag=""):
    """A variant whose `type` is not known: all its members as they came."""

    members: Members

    @property
    def type(self) -> str:
        """The value of `type`."""
        return msgspec.json.decode(self.members["type"], type=str)
