"""Reasons: the words of the corpus for why a message bounced, and the subjects of RFC 3463 that say the same.

The corpus' words are finer in some places and coarser in others. Three say what RFC 3463 has in two places:
`notaccept`, a domain or host that takes no mail (X.1.10 and X.3.2, RFC 7504), `filtered`, a mailbox that takes none
from this sender (X.2.1 and X.7.1), and `rejected`, a sender that is wrong or not wanted (X.1.8 and X.7.1).
"""

from __future__ import annotations

from estampe.events import StatusSubject

_ADDRESS = StatusSubject.ADDRESS
_MAILBOX = StatusSubject.MAILBOX
_SYSTEM = StatusSubject.MAIL_SYSTEM
_NETWORK = StatusSubject.NETWORK
_PROTOCOL = StatusSubject.PROTOCOL
_CONTENT = StatusSubject.CONTENT
_SECURITY = StatusSubject.SECURITY
_OTHER = StatusSubject.OTHER

SUBJECTS: dict[str, frozenset[StatusSubject]] = {
    "userunknown": frozenset({_ADDRESS}),
    "hostunknown": frozenset({_ADDRESS}),
    "hasmoved": frozenset({_ADDRESS}),
    "notaccept": frozenset({_ADDRESS, _SYSTEM}),
    "mailboxfull": frozenset({_MAILBOX}),
    "suspend": frozenset({_MAILBOX}),
    "filtered": frozenset({_MAILBOX, _SECURITY}),
    "systemerror": frozenset({_SYSTEM}),
    "systemfull": frozenset({_SYSTEM}),
    "mailererror": frozenset({_SYSTEM}),
    "mesgtoobig": frozenset({_SYSTEM}),
    "expired": frozenset({_NETWORK}),
    "networkerror": frozenset({_NETWORK}),
    "toomanyconn": frozenset({_NETWORK}),
    "speeding": frozenset({_NETWORK}),
    "exceedlimit": frozenset({_MAILBOX}),
    "syntaxerror": frozenset({_PROTOCOL}),
    "contenterror": frozenset({_CONTENT}),
    "notcompliantrfc": frozenset({_CONTENT}),
    "rejected": frozenset({_ADDRESS, _SECURITY}),
    "blocked": frozenset({_SECURITY}),
    "badreputation": frozenset({_SECURITY}),
    "authfailure": frozenset({_SECURITY}),
    "requireptr": frozenset({_SECURITY}),
    "policyviolation": frozenset({_SECURITY}),
    "spamdetected": frozenset({_SECURITY}),
    "virusdetected": frozenset({_SECURITY}),
    "securityerror": frozenset({_SECURITY}),
    "norelaying": frozenset({_SECURITY}),
    "failedstarttls": frozenset({_SECURITY}),
    "onhold": frozenset({_OTHER}),
    "undefined": frozenset({_OTHER}),
}
"""Which subjects say the same as a reason."""
