"""Refusals: what mail servers say when they refuse, and what they mean by it.

The first rule that applies judges, so the order counts: what agrees with its code, then words that speak of the
sender, the message or the moment, then those that speak of the address, then codes alone. A new one is a row; its
example must be judged by it.
"""

from __future__ import annotations

from typing import NamedTuple

from estampe.events import Verdict

HARD, SOFT = Verdict.HARD, Verdict.SOFT


class Rule(NamedTuple):
    """A row: what it asks for, all of it, and what that means.

    Parameters:
        name: for people.
        verdict: what it means for the address; a refusal for now is soft whatever it says.
        code: subject and detail as RFC 3463 numbers them; empty leaves the code that was said.
        phrases: one of them is in the text, in small letters; `*` stands for anything between.
        enhanced: the code is one of these, an empty one for none.
        basic: the reply code is one of these.
        operators: one of them is in the server's name or in the text.
        source: who says so.
        example: a refusal that it judges: reply code, enhanced code if any, text.
    """

    name: str
    verdict: Verdict
    code: str
    phrases: tuple[str, ...] = ()
    enhanced: tuple[str, ...] = ()
    basic: tuple[int, ...] = ()
    operators: tuple[str, ...] = ()
    source: str = ""
    example: str = ""

    def applies(self, basic: int | None, code: str, text: str, operators: frozenset[str]) -> bool:
        """Return whether a refusal is what the rule asks for; `code` is without its class, `text` in small letters."""
        return (
            (not self.enhanced or code in self.enhanced)
            and (not self.basic or basic in self.basic)
            and (not self.operators or not operators.isdisjoint(self.operators))
            and (not self.phrases or any(_is_in(phrase, text) for phrase in self.phrases))
        )


def _is_in(phrase: str, text: str) -> bool:
    at = 0
    for part in phrase.split("*"):
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return True


def _of(phrases: str) -> tuple[str, ...]:
    return tuple(phrases.split(" | "))


_UNKNOWN = _of(
    "user unknown | unknown user | no such user | no such recipient | no such mailbox | no such person | no such "
    "address | no such account | no such local | no mailbox here | unknown recipient | recipient unknown | unknown "
    "address | address unknown | unknown mailbox | unknown local part | unknown local-part | unknown or illegal alias "
    "| user not found | user is not found | mailbox not found | mailbox was not found | recipient not found | "
    "recipnotfound | recipientnotfound | recipient was not found | address not found | account not found | could not "
    "be found | not a known user | not a valid mailbox | not a valid user | not a valid recipient | not listed "
    "in*directory | user does not exist | user doesn't exist | account does not exist | account that you tried to "
    "reach does not exist | mailbox does not exist | recipient does not exist | address does not exist | recipient "
    "address does not exist | doesn't have a*account | does not have a*account | doesn't have an*account | not our "
    "customer | no longer accepts mail | no account by that name | addressee unknown | invalid recipient | recipient "
    "is invalid | invalid mailbox | invalid user | invalid address | destinataire invalide | utilisateur inconnu | "
    "unbekannter empf | usuario desconocido | unrouteable address | unroutable address | undeliverable address | "
    "mailbox unavailable or access denied"
)
"""How servers say that they know nobody of this name."""

RULES = (
    Rule(
        "unknown and coded so",
        HARD,
        "1.1",
        phrases=_UNKNOWN,
        enhanced=("1.1", "1.10"),
        source="RFC 3463",
        example="550 5.1.1 <tom@spam.example>: Recipient address rejected: User unknown",
    ),
    Rule(
        "Microsoft: access denied",
        HARD,
        "1.1",
        phrases=_of("access denied"),
        enhanced=("4.1",),
        source="Exchange Online",
        example="550 5.4.1 Recipient address rejected: Access denied. [x.prod.protection.outlook.com]",
    ),
    Rule(
        "QQ: unavailable",
        HARD,
        "1.1",
        phrases=_of("mailbox unavailable or access denied"),
        source="QQ Mail",
        example="550 Mailbox unavailable or access denied [MTAuMC4wLjE=]",
    ),
    Rule(
        "docomo: filtered",
        SOFT,
        "7.1",
        phrases=_of("unknown user"),
        operators=("docomo.",),
        source="docomo says so also of people who filter senders",
        example="550 Unknown user tom@docomo.ne.jp",
    ),
    Rule(
        "unknown but coded otherwise",
        SOFT,
        "2.0",
        phrases=_UNKNOWN,
        enhanced=("2.0",),
        source="mobile operators, of people who filter senders",
        example="550 5.2.0 Unknown user tom@example.org",
    ),
    Rule(
        "no mail hosts",
        SOFT,
        "0.0",
        phrases=_of("unable to route: no mail hosts"),
        source="NP6, API Reference 8.1.0",
        example="554 5.4.4 unable to route: no mail hosts for domain",
    ),
    Rule(
        "greylisted",
        SOFT,
        "7.1",
        phrases=_of("greylist | graylist | grey list | gray list"),
        source="RFC 6647",
        example="450 4.7.1 <tom@example.org>: Recipient address rejected: Greylisted for 5 minutes",
    ),
    Rule(
        "not authenticated",
        SOFT,
        "7.1",
        phrases=_of(
            "dmarc | dkim | domainkeys | spf record | spf check | spf fail | fails spf | sender policy framework | "
            "sender id | unauthenticated | authentication information | authentication check | "
            "authentication required | authrequired | not authenticated | email address is not verified"
        ),
        source="RFC 7372, Google, Microsoft, Yahoo",
        example="550 5.7.26 Unauthenticated email from example.com is not accepted due to domain's DMARC policy",
    ),
    Rule(
        "malicious",
        SOFT,
        "7.1",
        phrases=_of("virus | malware | malicious | phish | trojan | infected | potential security"),
        source="Google, Amavis",
        example="552 5.7.0 This message was blocked because its content presents a potential security issue",
    ),
    Rule(
        "no reverse name",
        SOFT,
        "7.25",
        phrases=_of(
            "ptr record | ptr resource record | reverse dns | rdns | reverse hostname | reverse mapping | name lookup "
            "failed | mismatches client ip | cannot find your hostname | cannot find your reverse"
        ),
        source="RFC 7372",
        example="550 5.7.25 The IP address sending this message does not have a PTR record setup",
    ),
    Rule(
        "listed",
        SOFT,
        "7.1",
        phrases=_of(
            "blacklist | black list | blocklist | block list | block-list | denylist | blocked using | blocked by | "
            "blocked ip | ip address*blocked | ip address*banned | your ip*blocked | has been blocked | /rbl | "
            "rbldns | dnsbl | spamhaus | spamcop | sorbs | surbl | uribl | senderbase | is listed in | listed at | "
            "client host rejected | client host*blocked | host network not allowed"
        ),
        source="Postfix, Spamhaus, Orange",
        example="554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
    ),
    Rule(
        "spam",
        SOFT,
        "7.1",
        phrases=_of("spam | junk mail | junk e-mail | unsolicited | bulk mail | bulk e-mail | content rejected"),
        source="Google, Proofpoint, SpamAssassin",
        example="554 5.7.1 Message identified as SPAM",
    ),
    Rule(
        "reputation",
        SOFT,
        "7.1",
        phrases=_of("reputation | suspicious | complaints | suspected"),
        source="Google, Yahoo",
        example="550 5.7.1 This message is likely suspicious due to the very low reputation of the sending IP address",
    ),
    Rule(
        "relaying",
        SOFT,
        "7.1",
        phrases=_of(
            "relay access denied | relaying denied | relay denied | relay not permitted | unable to relay | to relay | "
            "relaying not | not relay | relaying is | relay*prohibited"
        ),
        source="Postfix, Exchange, Sendmail",
        example="554 5.7.1 <tom@example.org>: Relay access denied",
    ),
    Rule(
        "sender",
        SOFT,
        "1.8",
        phrases=_of(
            "sender address | sender domain | domain of sender | sender rejected | sender verif | invalid sender | bad "
            "sender | verify sender | sending domain | sender is not | sender denied | return path"
        ),
        source="Sendmail, Exim",
        example="553 5.1.8 <news@example.com>... Domain of sender address news@example.com does not exist",
    ),
    Rule(
        "loop",
        SOFT,
        "4.6",
        phrases=_of(
            "too many hops | hop count exceeded | routing loop | mail loop | loops back to | mail forwarding loop"
        ),
        source="RFC 3463",
        example="554 5.4.6 Too many hops",
    ),
    Rule(
        "full",
        SOFT,
        "2.2",
        phrases=_of(
            "mailbox full | mailbox is full | mailbox*is full | mail box is full | mailfolder is full | inbox is full "
            "| inbox full | over quota | overquota | over*quota | quota exceeded | quota*exceeded | exceed*quota | "
            "quota full | out of storage | insufficient storage | exceeded storage | storage*exceeded | storage*full | "
            "mailbox size limit | not enough storage space | boite*pleine"
        ),
        source="RFC 3463, Google, Orange",
        example="552 5.2.2 The email account that you tried to reach is over quota and inactive",
    ),
    Rule(
        "too large",
        SOFT,
        "3.4",
        phrases=_of(
            "message too large | message too big | message is too large | message is too big | message size | message "
            "length | size limit | maximum*size | exceeds*size | larger than | too large for"
        ),
        source="RFC 1870",
        example="552 5.3.4 Message size exceeds fixed limit",
    ),
    Rule(
        "rate",
        SOFT,
        "4.5",
        phrases=_of(
            "rate limit | ratelimit | rate that | throttl | receiving mail*too quickly | too many | temporarily "
            "deferred | permanently deferred | frequency limit | connection limit | limit*exceeded | limit reached | "
            "exceeded the limit | unexpected volume | slow down"
        ),
        source="Google, Yahoo, Microsoft",
        example="550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents more messages",
    ),
    Rule(
        "form",
        SOFT,
        "6.0",
        phrases=_of(
            "8-bit data | 8bit data | bare lf | bare cr | bare newline | header*too large | header error | in from: "
            "header | invalid header | missing header | message header | attachment | not rfc | rfc 5322 | rfc5322 | "
            "rfc 2822 | malformed message | message format | syntax of the message"
        ),
        source="RFC 5322, Google",
        example="550 5.7.1 Messages with multiple addresses in From: header are not accepted",
    ),
    Rule(
        "policy",
        SOFT,
        "7.1",
        phrases=_of(
            "polic | prohibit | protocol violation | not permitted | permission | not authorized | not allowed | "
            "access denied | denied by | delivery not authorized | restricted | recipient preferences | not accepting "
            "mail from | not accept mail from | does not accept mail from | only accepts | message rejected | message "
            "refused | message was rejected | message has been rejected | mail rejected | mail refused | message not "
            "accepted | command rejected | requires tls | starttls | certificate"
        ),
        source="RFC 5321, Apple, Mimecast",
        example="550 5.7.1 Message rejected due to local policy",
    ),
    Rule(
        "expired",
        SOFT,
        "4.7",
        phrases=_of("message expired | queue.expired | delivery time expired | retry time*exceeded | retry timeout"),
        source="Exchange, Exim",
        example="550 5.4.316 Message expired, connection refused",
    ),
    Rule(
        "unreachable",
        SOFT,
        "4.1",
        phrases=_of(
            "connection timed out | connection refused | connection reset | lost connection | timed out while | no "
            "route to host | network is unreachable | did not accept our requests to connect | no answer from host"
        ),
        source="Postfix, Google",
        example="450 4.4.1 connect to mx.example.org[192.0.2.1]:25: Connection timed out",
    ),
    Rule(
        "server in trouble",
        SOFT,
        "3.0",
        phrases=_of(
            "temporar | try again later | try later | system error | system config error | server error | internal "
            "error | local error | disk full | disk space | out of memory | insufficient system | resources | service "
            "unavailable | service not available | currently unavailable | not accepting connections | malformed or "
            "unexpected name server reply"
        ),
        source="RFC 5321, Postfix",
        example="554 Service currently unavailable",
    ),
    Rule(
        "no mail wanted",
        HARD,
        "1.2",
        phrases=_of("does not accept mail | doesn't accept mail | doesn't receive email | null mx | nullmx"),
        source="RFC 7505, RFC 7504",
        example="556 5.1.10 Recipient address has null MX",
    ),
    Rule(
        "domain unknown",
        HARD,
        "1.2",
        phrases=_of(
            "no such domain | unknown domain | domain unknown | domain not found | domain name not found | domain does "
            "not exist | domain doesn't exist | domain is not reachable | domain isn't in my list | invalid domain | "
            "no such host | unknown host | host unknown | host not found | nxdomain | non-existent hosts | bad "
            "destination system"
        ),
        source="NP6, Postfix, Exim",
        example="550 5.4.4 Host or domain name not found. Name service error for name=example.org type=A",
    ),
    Rule(
        "moved",
        HARD,
        "1.6",
        phrases=_of(
            "has moved | user not local | no longer on server | no longer with | no longer works | left the company | "
            "address has changed | no forwarding | address changed"
        ),
        source="RFC 3463",
        example="550 5.1.6 recipient no longer on server: tom@example.org",
    ),
    Rule(
        "disabled",
        HARD,
        "2.1",
        phrases=_of(
            "account*disabled | account*deactivated | account*suspended | account*closed | account*blocked | "
            "account*locked | account*expired | account*terminated | account*inactive | mailbox*disabled | "
            "mailbox*suspended | mailbox*inactive | mailbox*blocked | mailbox*frozen | mailbox*locked | mailbox*closed "
            "| user*disabled | user*suspended | user*inactive | user is terminated | user is inactive | "
            "recipient*disabled | recipient*suspended | address*disabled | address*deactivated | inactive email "
            "address | address is no longer | account is no longer | address no longer | disabled or discontinued | "
            "compte*bloque | inactivit"
        ),
        source="Google, Yahoo, Apple, La Poste",
        example="550 5.2.1 The email account that you tried to reach is disabled",
    ),
    Rule(
        "wrongly written",
        HARD,
        "1.3",
        phrases=_of(
            "address syntax | malformed address | malformed recipient | bad recipient address | syntactically | "
            "address is not valid | not a valid address | bad address"
        ),
        source="RFC 3463",
        example="501 5.1.3 Bad recipient address syntax",
    ),
    Rule(
        "unknown",
        HARD,
        "1.1",
        phrases=_UNKNOWN,
        source="Postfix, Exim, Sendmail, Exchange, Google, Orange, Yandex (with 5.7.1)",
        example="550 5.7.1 No such user!",
    ),
    Rule(
        "mailbox unavailable",
        HARD,
        "1.1",
        phrases=_of("mailbox unavailable | mailbox is unavailable | address rejected"),
        enhanced=("", "0.0", "1.0", "1.1", "5.0", "5.1"),
        basic=(550, 553, 554),
        source="RFC 5321; GMX, Outlook, Cisco",
        example="550 Requested action not taken: mailbox unavailable",
    ),
    Rule(
        "code of a dead address",
        HARD,
        "",
        enhanced=("1.1", "1.2", "1.3", "1.6", "1.10", "2.1"),
        source="RFC 3463, RFC 7505",
        example="550 5.1.1 rejected",
    ),
    Rule(
        "code of a dead domain",
        HARD,
        "1.2",
        enhanced=("",),
        basic=(556,),
        source="RFC 7504",
        example="556 no",
    ),
    Rule(
        "not local",
        HARD,
        "1.6",
        enhanced=("",),
        basic=(551,),
        source="RFC 5321 section 3.4",
        example="551 please try <tom@example.net>",
    ),
    Rule(
        "nothing else",
        SOFT,
        "",
        source="RFC 3463, RFC 5321",
        example="550 5.2.0 no",
    ),
)

BY_REPLY: dict[int | None, str] = {
    450: "2.0",
    451: "3.0",
    452: "3.1",
    421: "3.2",
    500: "5.1",
    501: "5.4",
    502: "5.1",
    503: "5.1",
    504: "5.4",
    552: "2.2",
}
"""What a reply code means that comes with neither an enhanced code nor words (RFC 5321 section 4.2.2)."""
