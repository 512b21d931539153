"""The catalog: what Estampe knows besides events: keys, actions, contacts, what waits to be sent."""

from estampe.catalog.actions import Action, Actions, ActionValidated, State, UnknownAction, WrongState
from estampe.catalog.addresses import InvalidAddress, domain_of, parse_address
from estampe.catalog.backlog import Backlog, Summary, Waiting
from estampe.catalog.blacklist import Blacklist
from estampe.catalog.calls import CallRunning, Calls, KeyReused
from estampe.catalog.contact import Contact, ContactExists, UnknownContact
from estampe.catalog.contacts import Contacts, addressed
from estampe.catalog.contents import NO_DOMAIN, ActionType, Frozen, InvalidAction, Mail, frozen_content
from estampe.catalog.copies import Copies, Copy
from estampe.catalog.customers import Customers, InvalidCustomer, parse_customer
from estampe.catalog.entries import InvalidContact
from estampe.catalog.fields import Field, Fields, InvalidField
from estampe.catalog.keys import (
    SCOPES,
    ExpiredKey,
    InvalidExpiry,
    InvalidScope,
    Key,
    KeyRefused,
    Keys,
    NewKey,
    RevokedKey,
    Scope,
    UnknownKey,
    WrongKey,
    parse_expiry,
    parse_scopes,
)
from estampe.catalog.launches import Launch, Launches
from estampe.catalog.migrations import NewerCatalog
from estampe.catalog.outbox import Batch, Held, Lane, Message, MessageState, Outbox, Postponed
from estampe.catalog.pressure import Pressure, Reservation, UnknownRule
from estampe.catalog.quarantine import Quarantine, Quarantined, QuarantineFull, UnknownReport
from estampe.catalog.quarantine import State as QuarantineState
from estampe.catalog.redlist import Origin, Redlist
from estampe.catalog.rules import Always, Capping, InvalidRule, OfTopics, Period, Predicate, Rule, Topic
from estampe.catalog.secrets import secrets_of
from estampe.catalog.segments import (
    AlreadyMember,
    InvalidSegment,
    NotMember,
    Segment,
    SegmentExists,
    Segments,
    UnknownSegment,
)
from estampe.catalog.store import Catalog, CatalogInUse, CatalogUnavailable, CatalogUnusable, NoCatalog, open_catalog

__all__ = [
    "NO_DOMAIN",
    "SCOPES",
    "Action",
    "ActionType",
    "ActionValidated",
    "Actions",
    "AlreadyMember",
    "Always",
    "Backlog",
    "Batch",
    "Blacklist",
    "CallRunning",
    "Calls",
    "Capping",
    "Catalog",
    "CatalogInUse",
    "CatalogUnavailable",
    "CatalogUnusable",
    "Contact",
    "ContactExists",
    "Contacts",
    "Copies",
    "Copy",
    "Customers",
    "ExpiredKey",
    "Field",
    "Fields",
    "Frozen",
    "Held",
    "InvalidAction",
    "InvalidAddress",
    "InvalidContact",
    "InvalidCustomer",
    "InvalidExpiry",
    "InvalidField",
    "InvalidRule",
    "InvalidScope",
    "InvalidSegment",
    "Key",
    "KeyRefused",
    "KeyReused",
    "Keys",
    "Lane",
    "Launch",
    "Launches",
    "Mail",
    "Message",
    "MessageState",
    "NewKey",
    "NewerCatalog",
    "NoCatalog",
    "NotMember",
    "OfTopics",
    "Origin",
    "Outbox",
    "Period",
    "Postponed",
    "Predicate",
    "Pressure",
    "Quarantine",
    "QuarantineFull",
    "QuarantineState",
    "Quarantined",
    "Redlist",
    "Reservation",
    "RevokedKey",
    "Rule",
    "Scope",
    "Segment",
    "SegmentExists",
    "Segments",
    "State",
    "Summary",
    "Topic",
    "UnknownAction",
    "UnknownContact",
    "UnknownKey",
    "UnknownReport",
    "UnknownRule",
    "UnknownSegment",
    "Waiting",
    "WrongKey",
    "WrongState",
    "addressed",
    "domain_of",
    "frozen_content",
    "open_catalog",
    "parse_address",
    "parse_customer",
    "parse_expiry",
    "parse_scopes",
    "secrets_of",
]
