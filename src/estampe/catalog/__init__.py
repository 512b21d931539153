"""The catalog: what Estampe knows besides events: keys, actions, contacts, what waits to be sent."""

from estampe.catalog.backlog import Backlog, Summary, Waiting
from estampe.catalog.customers import Customers, InvalidCustomer, parse_customer, secret_of
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
from estampe.catalog.migrations import NewerCatalog
from estampe.catalog.outbox import Batch, Held, Lane, Message, MessageState, Outbox, Postponed
from estampe.catalog.store import Catalog, CatalogUnavailable, CatalogUnusable, NoCatalog, open_catalog

__all__ = [
    "SCOPES",
    "Backlog",
    "Batch",
    "Catalog",
    "CatalogUnavailable",
    "CatalogUnusable",
    "Customers",
    "ExpiredKey",
    "Held",
    "InvalidCustomer",
    "InvalidExpiry",
    "InvalidScope",
    "Key",
    "KeyRefused",
    "Keys",
    "Lane",
    "Message",
    "MessageState",
    "NewKey",
    "NewerCatalog",
    "NoCatalog",
    "Outbox",
    "Postponed",
    "RevokedKey",
    "Scope",
    "Summary",
    "UnknownKey",
    "Waiting",
    "WrongKey",
    "open_catalog",
    "parse_customer",
    "parse_expiry",
    "parse_scopes",
    "secret_of",
]
