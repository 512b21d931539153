"""Particular: refusals whose words mean something else than they say, by operator, code or command."""

from __future__ import annotations

from estampe.events import Verdict
from estampe.verdicts.refusals.rule import Rule, these
from estampe.verdicts.refusals.unknown import UNKNOWN

HARD, SOFT = Verdict.HARD, Verdict.SOFT

_LATE = ("DATA",)
_NOT_AT_RCPT = ("", "CONN", "HELO", "MAIL", "DATA")

RULES = (
    Rule(
        "np6-no-mail-hosts",
        SOFT,
        "0.0",
        phrases=these("unable to route: no mail hosts"),
        source="NP6, API Reference 8.1.0",
        example="554 5.4.4 unable to route: no mail hosts for domain",
    ),
    Rule(
        "unknown-and-coded-so",
        HARD,
        "1.1",
        phrases=UNKNOWN,
        enhanced=("1.1", "1.10", "1.351"),
        source="RFC 3463, Microsoft 365",
        example="550 5.1.1 <tom@spam.example>: Recipient address rejected: User unknown",
    ),
    Rule(
        "yahoo-no-account",
        HARD,
        "1.1",
        phrases=these(
            "doesn't have a*account | does not have a*account | no mailbox by that name is currently available"
        ),
        operators=("yahoo", "aol."),
        source="Yahoo, whose servers know their users only after DATA",
        example="554 delivery error: dd This user doesn't have a yahoo.com account (tom@yahoo.com) [0]",
        said_to="DATA",
    ),
    Rule(
        "microsoft-access-denied",
        HARD,
        "1.1",
        phrases=these("access denied"),
        enhanced=("4.1", "1.4"),
        source="Microsoft 365: directory based edge blocking",
        example="550 5.4.1 Recipient address rejected: Access denied. [x.prod.protection.outlook.com]",
    ),
    Rule(
        "recipient-access-denied",
        HARD,
        "1.1",
        phrases=these("recipient address rejected: access denied"),
        commands=("RCPT",),
        source="Postfix check_recipient_access, of addresses that its administrator closed",
        example="554 5.7.1 <tom@example.org>: Recipient address rejected: Access denied",
        said_to="RCPT TO",
    ),
    Rule(
        "dma-host-not-found",
        HARD,
        "1.2",
        phrases=these("dns lookup failure: host*not found"),
        source="DragonFly Mail Agent, which tries again where the name servers do not answer",
        example="550 DNS lookup failure: host mx.example.org not found",
    ),
    Rule(
        "qq-unavailable",
        HARD,
        "1.1",
        phrases=these("mailbox unavailable or access denied | mailbox unavailable or access den"),
        source="QQ Mail",
        example="550 Mailbox unavailable or access denied [MTAuMC4wLjE=]",
    ),
    Rule(
        "docomo-filter",
        SOFT,
        "7.1",
        phrases=these("unknown user"),
        operators=("docomo.", "mfsmax"),
        source="NTT docomo says so also of people who filter senders",
        example="550 Unknown user tom@docomo.ne.jp",
    ),
    Rule(
        "kddi-filter",
        SOFT,
        "7.1",
        phrases=these("^ : user unknown $"),
        source="KDDI says so after DATA, without the address, of people who filter senders",
        example="550 : User unknown",
    ),
    Rule(
        "gateway-knows-no-recipient",
        HARD,
        "1.1",
        phrases=these(
            "recipient address rejected: user email address is marked as invalid | "
            "recipient address rejected: invalid-recipient | recipient address rejected: not in recipient list | "
            "recipient address rejected: user unknown"
        ),
        commands=("", "RCPT"),
        source="Proofpoint Essentials, Trend Micro, ZeroSpam, which have 5.7.1 for everything",
        example="554 5.7.1 <tom@example.org>: Recipient address rejected: Invalid-Recipient.",
    ),
    Rule(
        "unknown-after-data",
        SOFT,
        "7.1",
        phrases=UNKNOWN,
        enhanced=("", "0.0", "2.0", "2.1", "7.0", "7.1"),
        commands=_LATE,
        source="the recipient was taken, then the message refused: filters of carriers, gateways",
        example="550 unknown user <tom@example.org>",
        said_to="DATA",
    ),
    Rule(
        "unknown-coded-mailbox",
        SOFT,
        "7.1",
        phrases=UNKNOWN,
        enhanced=("2.0",),
        source="mobile carriers, of people who filter senders",
        example="550 5.2.0 Unknown user tom@example.org",
    ),
    Rule(
        "unknown-coded-disabled",
        SOFT,
        "2.1",
        phrases=UNKNOWN,
        enhanced=("2.1",),
        commands=_NOT_AT_RCPT,
        source="RFC 3463: code and words differ, and nobody says that it was the recipient who was refused",
        example="550 5.2.1 <tom@example.org>... User Unknown",
    ),
    Rule(
        "yandex-unknown",
        HARD,
        "1.1",
        phrases=these("no such user!"),
        source="Yandex, which has 5.7.1 for everything",
        example="550 5.7.1 No such user!",
    ),
    Rule(
        "unknown-coded-policy",
        SOFT,
        "7.1",
        phrases=UNKNOWN,
        enhanced=("7.0", "7.1"),
        basic=(550, 554),
        commands=_NOT_AT_RCPT,
        source="RFC 3463: the same of a code of policy; 553 would agree with the words (RFC 5321)",
        example="550 5.7.1 User Unknown: tom@example.org",
    ),
    Rule(
        "symantec-rejected",
        HARD,
        "1.1",
        phrases=these("rejected"),
        basic=(542,),
        source="Symantec (MessageLabs), of recipients that are not registered",
        example="542 tom@example.org Rejected",
    ),
    Rule(
        "host-takes-no-mail",
        HARD,
        "3.2",
        phrases=these("not accepting network messages | does not accept mail | not accept mail | not accepting mail"),
        enhanced=("", "0.0", "1.2", "1.10", "3.2"),
        basic=(521,),
        source="RFC 7504",
        example="521 5.3.2 <tom@example.org>: Recipient address rejected: System not accepting network messages",
    ),
    Rule(
        "greeting-without-service",
        SOFT,
        "7.1",
        phrases=these("esmtp not accepting connections | no smtp service here | smtp service not here"),
        basic=(554,),
        source="RFC 5321 section 3.1: a server greets so whom it does not want",
        example="554 mx.example.org ESMTP not accepting connections",
    ),
    Rule(
        "program-knows-no-user",
        HARD,
        "1.1",
        phrases=these("^ 67 $ | ^ 67 addressee unknown"),
        source="sysexits.h: EX_NOUSER, of the program that delivers",
        example="550 5.1.0 67",
    ),
    Rule(
        "program-knows-no-host",
        HARD,
        "1.2",
        phrases=these("^ 68 $ | ^ 68 host name unknown"),
        source="sysexits.h: EX_NOHOST",
        example="550 5.1.0 68",
    ),
    Rule(
        "program-failed",
        SOFT,
        "3.0",
        phrases=these(
            "generated during the delivery attempt | ^ 69 $ | ^ 70 $ | ^ 71 $ | ^ 72 $ | ^ 73 $ | ^ 74 $ | ^ 75 $ | "
            "^ 77 $ | ^ 77 permission denied | ^ 70 internal software error | ^ 75 temporary failure | "
            "^ 74 input/output error | ^ 72 critical system file | ^ 78 $"
        ),
        source="sysexits.h, of the program that delivers",
        example="550 5.3.0 77",
    ),
    Rule(
        "qq-connection-frequency",
        SOFT,
        "4.5",
        phrases=these("connection frequency limited | connection frequency is limited | ip frequency limited"),
        source="QQ Mail",
        example="550 Connection frequency limited [Blocked IP 192.0.2.1]",
    ),
    Rule(
        "google-receiving-rate",
        SOFT,
        "4.5",
        phrases=these("receiving mail at a rate | receiving mail too quickly | receivingrate"),
        source="Google",
        example="550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents more messages",
    ),
    Rule(
        "google-sending-limit",
        SOFT,
        "4.5",
        phrases=these(
            "daily user sending limit | daily sending quota exceeded | daily smtp relay limit | "
            "smtp relay*limit exceeded | daily relay quota | sending limit exceeded"
        ),
        source="Google, cPanel",
        example="550 5.4.5 Daily user sending limit exceeded",
    ),
    Rule(
        "orange-spam",
        SOFT,
        "7.1",
        phrases=these(
            "ofr*_506 | lpn*_506 | ofr_506 | ofr*_515 | ofr*_517 | lpn*_517 | ofr*_999 | ofr*_102 | ofr*_103 | "
            "lpn*_630 | lpn*_503 | lpn*_510"
        ),
        source="Orange and La Poste: spam, a sender or a network that is not wanted",
        example="550 5.2.0 Mail rejete. Mail rejected. ofr_506 [506]",
    ),
    Rule(
        "orange-connections",
        SOFT,
        "4.5",
        phrases=these("ofr*_104 | ofr*_105 | ofr*_108 | ofr*_109 | lpn*_105 | trop de connexions"),
        source="Orange and La Poste",
        example="421 smtp.orange.fr Trop de connexions, veuillez verifier votre configuration. OFR004_104 [104]",
    ),
    Rule(
        "orange-refused",
        SOFT,
        "3.2",
        phrases=these("service refuse | service refusé"),
        source="Orange and La Poste",
        example="421 4.2.0 Service refuse. Veuillez essayer plus tard. Service refused, please try later. OFR005_505",
    ),
    Rule(
        "provider-codes-of-blocks",
        SOFT,
        "7.1",
        phrases=these(
            "aup# | (oo-0 | ou-00 | sc-00 | dy-00 | (rtr: | (rly: | (dyn: | (con:b | (sndr: | (hvu: | (dny: | "
            "cdrbl | [bl2 | [ts0 | [tss0 | [pp0 | [ph0 | (s31 | (as31 | banned sending ip | block list (s3 | "
            "csi.cloudmark | (bl) | (@:blocked"
        ),
        source="codes of Cox, Microsoft, AOL, Yahoo, Comcast and GoDaddy for networks and senders that they block",
        example="550 5.1.0 <news@example.com> sender rejected. AUP#CDRBL",
    ),
)
"""Rows that go before all others."""
