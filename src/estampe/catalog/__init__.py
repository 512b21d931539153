"""The catalog: what Estampe knows besides events; keys for now."""

from estampe.catalog.customers import InvalidCustomer, parse_customer
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
from estampe.catalog.store import CatalogUnusable, NewerCatalog, NoCatalog, open_catalog

__all__ = [
    "SCOPES",
    "CatalogUnusable",
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
]
