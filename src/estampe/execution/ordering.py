"""Ordering: from a case to the order that a composer makes a letter of."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET

from estampe.execution.orders import Order, Sender, Template

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from estampe.catalog import Contact, Frozen, Mail
    from estampe.execution.cases import Case
    from estampe.execution.composing.envelopes import Returns
    from estampe.execution.composing.keyring import Keyring
    from estampe.execution.orders import LinksOf
    from estampe.settings import Settings

NO_DOMAIN = frozenset({"", "defaultdomain"})
"""How actions write the domain of senders that is the server's own."""

BULK = frozenset({"mailCampaign"})
"""The types of actions whose messages go to many alike."""

NO_LINKS = {"unsubscribe": "#", "mirror": "#"}
"""What templates may name as `links.…` where there are none."""


class Ordering:
    """Writes orders.

    Parameters:
        settings: `mail_domain`.
        keyring: the keys that sign.
        returns: makes return paths.
        links: makes the links of a message.
    """

    def __init__(self, settings: Settings, keyring: Keyring, returns: Returns, links: LinksOf) -> None:
        self._domain = mail_domain(settings)
        self._keyring = keyring
        self._returns = returns
        self._links = links

    def order(self, case: Case, time_ms: int) -> Order:
        """Return the order for a case.

        Parameters:
            case: the message, with a contact.
            time_ms: when it is composed, Unix milliseconds.

        Raises:
            ForeignSender: the sender's domain is another customer's.
            UnusableKey: the domain's key cannot be read.
        """
        execution, held, stamp = case.execution, case.held, case.held.stamp
        template, as_is = _template(case)
        sender = self._sender(case.frozen.mail)
        links = self._links(held.customer, held.action, held.contact, stamp)
        data = {} if execution.data is UNSET else msgspec.json.decode(execution.data)
        return Order(
            stamp=stamp,
            template=template,
            as_is=as_is,
            variables=variables(known(case.fields, case.contact), data, case.own.variables, links.variables),
            sender=sender,
            to=case.address,
            headers=case.own.headers,
            message_id=f"{stamp}@{self._domain}",
            return_path=self._returns.address(held.customer, stamp),
            time_ms=time_ms,
            feedback_id=_feedback_id(case.frozen),
            seal=links.seal,
            unsubscribe=links.unsubscribe,
            bulk=case.frozen.type in BULK,
            signing=self._keyring.signing_for(sender.address.rpartition("@")[2], case.customer.name),
        )

    def _sender(self, mail: Mail) -> Sender:
        domain = self._domain if mail.from_domain in NO_DOMAIN else mail.from_domain
        return Sender(address=f"{mail.from_prefix}@{domain}", label=mail.from_label, reply=mail.reply)


def variables(
    values: Mapping[str, Any], data: Any, own: Mapping[str, Any], links: Mapping[str, str] = NO_LINKS
) -> dict[str, Any]:
    """Return what templates may name: the contact's fields, members of `data`, the call's variables; later ones win.

    Above all of them stand the names `contact`, `data` and `links`.
    """
    members = data if isinstance(data, dict) else {}
    return {**values, **members, **own, "contact": dict(values), "data": data, "links": dict(links)}


def known(fields: Iterable[str], contact: Contact | None) -> dict[str, Any]:
    """Return a contact's fields by name; those without a value are null, so a template may name them."""
    return dict.fromkeys(fields) | (contact.values if contact else {})


def mail_domain(settings: Settings) -> str:
    """Return the domain of senders that name none, and of Message-IDs."""
    return settings.mail_domain or socket.getfqdn()


def _template(case: Case) -> tuple[Template, tuple[str, ...]]:
    """Return the parts of a message, and which of them are sent as they are: those that its call brought."""
    mail, own = case.frozen.mail, case.own
    brought = own.html is not None or own.text is not None
    template = Template(
        subject=mail.subject if own.subject is None else own.subject,
        html=own.html if brought else mail.html,
        text=own.text if brought else mail.text,
    )
    as_is = ("subject",) if own.subject is not None else ()
    return template, (*as_is, "html", "text") if brought else as_is


def _feedback_id(frozen: Frozen) -> str:
    """Return how mailbox providers tell messages apart in their reports: action, type, and who sends."""
    return f"{frozen.action}:{frozen.type}:{frozen.customer}:estampe"
