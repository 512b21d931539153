"""The catalog: what Estampe knows besides events: keys, actions, contacts, what waits to be sent."""

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
from estampe.catalog.store import Catalog, CatalogUnusable, NoCatalog, open_catalog

__all__ = [
    "SCOPES",
    "Catalog",
    "CatalogUnusable",
    "Customers",
    "ExpiredKey",
    "InvalidCustomer",
    "InvalidExpiry",
    "InvalidScope",
    "Key",
    "KeyRefused",
    "Keys",
    "NewKey",
    "NewerCatalog",
    "NoCatalog",
    "RevokedKey",
    "Scope",
    "UnknownKey",
    "WrongKey",
    "open_catalog",
    "parse_customer",
    "parse_expiry",
    "parse_scopes",
    "secret_of",
]
