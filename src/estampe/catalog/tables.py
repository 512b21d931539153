"""The catalog's tables; all but those of keys and secrets say whose each row is."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
)

metadata = MetaData()

_SERIAL = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only what is an INTEGER PRIMARY KEY

migrations = Table("migrations", metadata, Column("version", Integer, primary_key=True))

keys = Table(
    "keys",
    metadata,
    Column("id", String, primary_key=True),
    Column("digest", LargeBinary, nullable=False),  # SHA-256 of the secret
    Column("agency", String, nullable=False),
    Column("customer", String, nullable=False),
    Column("scopes", String, nullable=False),  # names joined by commas
    Column("label", String, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger),
    Column("revoked_ms", BigInteger),
)

secrets = Table(
    "secrets",
    metadata,
    Column("name", String, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),  # the highest signs
    Column("value", LargeBinary, nullable=False),
    Column("created_ms", BigInteger),
)

customers = Table(
    "customers",
    metadata,
    Column("number", Integer, primary_key=True),  # short, for other tables and tokens
    Column("agency", String, nullable=False),
    Column("customer", String, nullable=False),
    # How many of each were ever made: the next one's id.
    Column("actions", BigInteger, nullable=False, server_default="0"),
    Column("contacts", BigInteger, nullable=False, server_default="0"),
    Column("segments", BigInteger, nullable=False, server_default="0"),
    Column("fields", BigInteger, nullable=False, server_default="0"),
    UniqueConstraint("agency", "customer"),
)


def _customer() -> Column[int]:
    return Column("customer", Integer, ForeignKey("customers.number"), primary_key=True)


contents = Table(
    "contents",  # of actions, as they were when validated; kept for good: messages are made of them
    metadata,
    Column("id", _SERIAL, primary_key=True),
    Column("customer", Integer, ForeignKey("customers.number"), nullable=False),
    Column("action", String, nullable=False),
    Column("body", Text, nullable=False),  # JSON
    Column("frozen_ms", BigInteger, nullable=False),
)

actions = Table(
    "actions",
    metadata,
    _customer(),
    Column("id", String, primary_key=True),
    Column("type", String, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("name", String, nullable=False),
    Column("body", Text, nullable=False),  # JSON: all members as they were given
    Column("content", BigInteger, ForeignKey("contents.id")),  # while validated
    Column("created_ms", BigInteger, nullable=False),
    Column("modified_ms", BigInteger, nullable=False),
    Column("deleted_ms", BigInteger),
)

fields = Table(
    "fields",
    metadata,
    _customer(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", String, nullable=False),
    Column("type", String, nullable=False),
    Column("is_unicity", Boolean, nullable=False),
    Column("is_mandatory", Boolean, nullable=False),
    UniqueConstraint("customer", "name"),
)

contacts = Table(
    "contacts",
    metadata,
    _customer(),
    Column("id", String, primary_key=True),
    Column("unicity", String, nullable=False),
    Column("hash", String, nullable=False),  # MD5 of unicity
    Column("address", String, nullable=False),  # where mail goes; empty: nowhere
    Column("field_values", Text, nullable=False),  # JSON: by the fields' names
    Column("created_ms", BigInteger, nullable=False),
    Column("modified_ms", BigInteger, nullable=False),
    Column("redlisted_ms", BigInteger),
    Column("redlist_origin", SmallInteger),
    Column("bounced_ms", BigInteger),  # hard: the address is dead
    UniqueConstraint("customer", "hash"),
)
Index("contacts_by_address", func.lower(contacts.c.address))

segments = Table(
    "segments",
    metadata,
    _customer(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", String, nullable=False),
    Column("description", String, nullable=False),
    Column("is_test", Boolean, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger),
    UniqueConstraint("customer", "name"),
)

members = Table(
    "members",  # of segments
    metadata,
    Column("customer", Integer, primary_key=True),
    Column("segment", Integer, primary_key=True),
    Column("contact", String, primary_key=True),
    ForeignKeyConstraint(["customer", "segment"], ["segments.customer", "segments.id"], ondelete="CASCADE"),
    ForeignKeyConstraint(["customer", "contact"], ["contacts.customer", "contacts.id"], ondelete="CASCADE"),
)
Index("segments_of_contacts", members.c.customer, members.c.contact)

blacklist = Table(
    "blacklist",
    metadata,
    _customer(),
    Column("address", String, primary_key=True),  # lower case; `@domain` is all of a domain
    Column("created_ms", BigInteger, nullable=False),
)

topics = Table(
    "topics",
    metadata,
    _customer(),
    Column("id", Uuid, primary_key=True),
    Column("label", String, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
)

rules = Table(
    "rules",
    metadata,
    _customer(),
    Column("id", Uuid, primary_key=True),
    Column("label", String, nullable=False),
    Column("predicate", Text, nullable=False),  # JSON
    Column("capping", Text, nullable=False),  # JSON
    Column("created_ms", BigInteger, nullable=False),
)

marks = Table(
    "marks",  # of marketing pressure: a message that a contact got, or surely will
    metadata,
    _customer(),
    Column("contact", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("stamp", Uuid, primary_key=True),
    Column("increment", Integer, nullable=False),
    Column("time_ms", BigInteger, nullable=False),
)

outbox = Table(
    "outbox",  # messages accepted and neither activated nor cancelled yet
    metadata,
    Column("seq", _SERIAL, primary_key=True),
    Column("customer", Integer, ForeignKey("customers.number"), nullable=False),
    Column("stamp", Uuid, nullable=False),
    Column("action", String, nullable=False),
    Column("contact", String, nullable=False),
    Column("domain", String, nullable=False),  # of the address when it was accepted: whose turn it waits for
    Column("state", SmallInteger, nullable=False),
    Column("due_ms", BigInteger, nullable=False),
    Column("accepted_ms", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("reason", Text, nullable=False),  # what the last attempt ended with
    Column("content", BigInteger, ForeignKey("contents.id"), nullable=False),
    Column("execution", LargeBinary, nullable=False),  # JSON: the block of the event
    Column("own", LargeBinary),  # JSON: what the call said of this message alone
    UniqueConstraint("customer", "stamp"),
)
Index("outbox_turns", outbox.c.customer, outbox.c.domain, outbox.c.state, outbox.c.due_ms, outbox.c.seq)

calls = Table(
    "calls",  # that may be repeated with the same Idempotency-Key
    metadata,
    _customer(),
    Column("key", String, primary_key=True),
    Column("digest", LargeBinary, nullable=False),  # of what was asked
    Column("answer", LargeBinary),  # zstd; none until there is one
    Column("created_ms", BigInteger, nullable=False),
)

launches = Table(
    "launches",  # of actions to segments, when they are validated
    metadata,
    _customer(),
    Column("set", Uuid, primary_key=True),
    Column("action", String, nullable=False),
    Column("content", BigInteger, ForeignKey("contents.id"), nullable=False),
    Column("segments", Text, nullable=False),  # JSON: their ids
    Column("start_ms", BigInteger, nullable=False),
    Column("after", String, nullable=False),  # the last contact that was executed
    Column("ended_ms", BigInteger),
)

copies = Table(
    "copies",  # of messages that were sent and can be looked at as web pages
    metadata,
    Column("customer", Integer, primary_key=True),
    Column("contact", String, primary_key=True),
    Column("stamp", Uuid, primary_key=True),
    Column("content", BigInteger, ForeignKey("contents.id"), nullable=False),
    Column("variables", LargeBinary, nullable=False),  # zstd of JSON
    Column("sent_ms", BigInteger, nullable=False),
    ForeignKeyConstraint(["customer", "contact"], ["contacts.customer", "contacts.id"], ondelete="CASCADE"),
)
Index("copies_by_time", copies.c.sent_ms)

quarantine = Table(
    "quarantine",  # mails that came as reports, and that belong to no message that anybody knows
    metadata,
    Column("number", _SERIAL, primary_key=True),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("state", SmallInteger, nullable=False),
    Column("way", String, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Column("due_ms", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("sender", String, nullable=False),
    Column("recipients", Text, nullable=False),  # JSON
    Column("reason", Text, nullable=False),
    Column("subject", String, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("mail", LargeBinary, nullable=False),  # zstd
)
Index("quarantine_turns", quarantine.c.state, quarantine.c.due_ms)
Index("quarantine_sizes", quarantine.c.size)  # their sum is read without the mails
