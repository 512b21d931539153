"""Addresses: refusals that speak of the address itself."""

from __future__ import annotations

from estampe.events import Verdict
from estampe.verdicts.refusals.rule import Rule, these
from estampe.verdicts.refusals.unknown import UNKNOWN

HARD, SOFT = Verdict.HARD, Verdict.SOFT

_DOMAIN_UNKNOWN = these(
    "name server: .: host not found | name or service not known | illegal host | unknown domain name | "
    "domain*is unknown | domain*couldn't be found | domain*could not be found | found in dns | no such domain | "
    "unknown domain | domain unknown | domain is unknown | domain not found | domain name not found | "
    "domain couldn't be found | domain could not be found | domain does not exist | domain doesn't exist | "
    "domain*does not exist | domain may not exist | domain is not reachable | nonexistentdomain | "
    "non-existent domain | nonexistent domain | domain isn't in my list | invalid domain | "
    "invalid recipient domain | invalid mail domain | bad domain | illegal domain | domain invalid | "
    "domain is invalid | domain name is invalid | no such host | nosuchhost | unknown host | host unknown | "
    "host name is unknown | hostname unknown | unknown mail host | host not found | host does not exist | "
    "host or domain name not found | couldn't find any host named | couldn't find a mail | nxdomain | "
    "non-existent hosts | nonexistent host | bad destination system | bad destination host | "
    "unrouteable mail domain | unrouteable domain | unroutable domain | unroutable mail domain | unrouteable host | "
    "no mx or a | no mx found | no mx for | no mx record | no valid mx | no mail exchanger | no mail server for | "
    "no mail servers | サーバーが見つかりません | サーバが見つかりません | ホストが見つかりません | "
    "no mail exchangers | no route found to domain | domain expired | domain*no longer | domain has expired | "
    "tenant or domain not found | domaine inconnu | domaine inexistant | domaine n'existe | domain existiert nicht | "
    "unbekannte domain | dominio no existe | dominio inexistente | dominio inesistente | domínio inexistente | "
    "домен не | 域名不存在 | ドメインが見つかりません"
)

_UNAVAILABLE = these(
    "mailbox unavailable | mailbox is unavailable | mailbox currently unavailable | mailbox is not available | "
    "mailbox not available | address rejected $ | address rejected. $ | address rejected @ | recipient rejected | "
    "recipient denied | recipient not accepted"
)
_NOT_THERE = these(
    "does not exist | doesn't exist | do not exist | not exist | bestaat niet | finnes ikke | findes ikke | "
    "finns inte | ei ole olemassa"
)
_OF_NOBODY = _DOMAIN_UNKNOWN | UNKNOWN | _UNAVAILABLE | _NOT_THERE

DOMAINS = (
    Rule(
        "sender-unknown",
        SOFT,
        "1.8",
        phrases=_OF_NOBODY,
        commands=("MAIL",),
        source="RFC 5321 section 4.1.1.2: nobody was named yet but the sender",
        example="550 No such user here",
        said_to="MAIL FROM",
    ),
    Rule(
        "greeting-refused",
        SOFT,
        "7.1",
        phrases=_OF_NOBODY,
        commands=("CONN", "HELO"),
        source="RFC 5321 section 4.1: nobody was named yet but the server that sends",
        example="501 5.0.0 Invalid domain name",
        said_to="HELO",
    ),
    Rule(
        "no-mail-wanted",
        HARD,
        "1.2",
        phrases=these(
            "does not accept mail | doesn't accept mail | does not accept email | does not accept any mail | "
            "don't accept mail | doesn't receive email | does not receive email | does not receive mail | null mx | "
            "nullmx | no mail is accepted | domain does not accept | domain doesn't accept | host does not accept | "
            "does not accept messages | send-only | does not handle mail | accepts no mail"
        ),
        source="RFC 7505, RFC 7504",
        example="556 5.1.10 Recipient address has null MX",
    ),
    Rule(
        "domain-unknown",
        HARD,
        "1.2",
        phrases=_DOMAIN_UNKNOWN,
        source="NP6, Postfix, Exim, Sendmail, Google",
        example="550 5.4.4 Host or domain name not found. Name service error for name=example.org type=A",
    ),
)
"""Rows about the domain."""

RULES = (
    Rule(
        "moved",
        HARD,
        "1.6",
        phrases=these(
            "has moved | user not local | user moved | account moved | mailbox moved | no longer on server | "
            "no longer on this | no longer with | no longer work | no longer employ | no longer an employee | "
            "left the company | has left the | left our company | left the organi | address has changed | "
            "changed*email address | changed*address to | new address is | new email address | no forwarding | "
            "address changed | old address no longer valid | no longer valid | no longer in use | no longer used | "
            "no longer a customer | no longer our | plus employé | plus partie | ne travaille plus | nicht mehr | "
            "ya no trabaja | ya no existe | non lavora | não trabalha | has been replaced by | been replaced by"
        ),
        source="RFC 3463, Apple",
        example="550 5.1.6 recipient no longer on server: tom@example.org",
    ),
    Rule(
        "ambiguous",
        SOFT,
        "1.4",
        phrases=these("ambiguous | several matches found | multiple matches"),
        source="RFC 3463, Domino, Exchange",
        example="550 5.1.4 RESOLVER.ADR.Ambiguous; ambiguous address",
    ),
    Rule(
        "perhaps-disabled-for-good",
        SOFT,
        "2.1",
        phrases=these(
            "disabled or discontinued | temporary locked | archived recipient | destinataire archive | "
            "unavailable: account is disabled"
        ),
        source="AOL, La Poste: the words leave open whether it comes back",
        example="550 5.2.1 This account has been disabled or discontinued",
    ),
    Rule(
        "disabled-for-good",
        HARD,
        "2.1",
        phrases=these(
            "disabled or discontinued | discontinued | account*closed | account*terminated | account*deleted | "
            "account*removed | account*cancelled | account*canceled | account has expired | account expired | "
            "expired account | "
            "mailbox*closed | mailbox*cancelled | mailbox*canceled | mailbox*deleted | mailbox*removed | "
            "mailbox has expired | user*terminated | "
            "user*deleted | user*removed | user has been closed | address*discontinued | address is no longer | "
            "account is no longer | address no longer | mailbox is no longer | mailbox no longer | user no longer | "
            "account no longer | recipient no longer | recipient is no longer | no longer accept | "
            "no longer active | no longer available | no longer monitored | no longer receiv | no longer exist | "
            "permanently disabled | permanently closed | permanently suspended | compte*supprim | compte*ferm | "
            "compte*cloture | compte*clôtur | compte*résili | compte*resili | adresse*supprim | konto*gelöscht | "
            "konto*geloescht | konto*geschlossen | cuenta*eliminada | cuenta*cancelada | account*cancellato | "
            "conta*cancelada | conta*encerrada | удален | удалён | 已注销 | 已删除"
        ),
        source="Comcast, Charter, Apple, La Poste",
        example="550 5.2.1 This account has been closed",
    ),
    Rule(
        "inactive-and-coded-unknown",
        HARD,
        "1.1",
        phrases=these(
            "inactive email address | inactive user | inactive | not active | disabled | deactivated | desactivee | "
            "désactivé | disatttivata | disattivata | deaktiviert"
        ),
        enhanced=("1.1",),
        source="RFC 3463, Apple: disabled so long that it counts as unknown",
        example="550 5.1.1 <tom@icloud.com>: inactive email address",
    ),
    Rule(
        "wrongly-written",
        HARD,
        "1.3",
        phrases=these(
            "address reserved by | address syntax | syntax of address | bad address syntax | malformed address | "
            "malformed recipient | "
            "malformed email | bad recipient address | syntactically | illegal address | illegal character | "
            "invalid character | invalid address syntax | address is not valid | not a valid address | "
            "not a valid email | not a valid rfc | bad address | local part too long | domain literal | "
            "missing domain | unbalanced | mailbox name not allowed | mailbox name invalid | badly formatted | "
            "improperly formatted | bad format"
        ),
        source="RFC 3463, Sendmail, Exim",
        example="501 5.1.3 Bad recipient address syntax",
    ),
    Rule(
        "unknown",
        HARD,
        "1.1",
        phrases=UNKNOWN,
        source="Postfix, Exim, Sendmail, Exchange, Google, Orange",
        example="550 No such user here",
    ),
    Rule(
        "suspended",
        SOFT,
        "2.1",
        phrases=these(
            "account*disabled | account*deactivated | account*suspended | account*blocked | account*locked | "
            "account*inactive | account*not active | account*not activated | account*on hold | account*frozen | "
            "account*restricted | account*dormant | account*unavailable | account*barred | mailbox*disabled | "
            "mailbox*deactivated | mailbox*suspended | mailbox*inactive | mailbox*not active | mailbox*blocked | "
            "mailbox*frozen | mailbox*locked | mailbox*dormant | mailbox*restricted | user*disabled | "
            "user*deactivated | user*suspended | user*inactive | user*not active | user*blocked | user*locked | "
            "user is frozen | recipient*disabled | recipient*suspended | recipient*deactivated | "
            "recipient*inactive | recipient*blocked | recipient*locked | inactive recipient | inactive user | "
            "inactive account | inactive mailbox | inactive email | disabled recipient | disabled account | "
            "disabled user | disabled mailbox | deactivated mailbox | suspended account | address*disabled | "
            "address*deactivated | address*suspended | address*inactive | address*administratively | disableduser | "
            "not currently being accepted for this mailbox | not accepting messages | currently suspended | 554.30 | "
            "temporarily disabled | compte*bloque | compte*bloqué | compte*desactiv | compte*désactiv | "
            "compte*suspend | boite*desactiv | boîte*désactiv | boite aux lettres desactivee | inactivit | "
            "mailbox deaktiviert | konto*gesperrt | konto*deaktiviert | postfach*gesperrt | postfach*deaktiviert | "
            "cuenta*desactivada | cuenta*suspendida | cuenta*bloqueada | cuenta*inactiva | casilla*expirado | "
            "falta de uso | inactivo | casella*disattivata | casella*sospesa | bloccato per inutilizzo | "
            "account*disattivato | account*sospeso | conta*desativada | conta*suspensa | conta*bloqueada | "
            "conta*inativa | konto*zablokowane | заблокирован | отключен | неактив | 已停用 | 被禁用 | 已冻结 | "
            "锁定 | 停止 | mailbox*gesperrt | account*gesperrt | benutzer*gesperrt | benutzerkonto*gesperrt | "
            "mail receiving disabled | is now disabled | user hangup | user hang-up"
        ),
        source="Google, Yahoo, La Poste, Sendmail: it may come back",
        example="550 5.2.1 The email account that you tried to reach is disabled",
    ),
)
"""Rows about the mailbox."""

LATE = (
    Rule(
        "does-not-exist",
        HARD,
        "1.1",
        phrases=_NOT_THERE,
        source="whatever it is that does not exist, once senders are spoken of above",
        example="550 5.1.0 tom: does not exist",
    ),
    Rule(
        "mailbox-unavailable",
        HARD,
        "1.1",
        phrases=_UNAVAILABLE,
        enhanced=("", "0.0", "1.0", "1.1", "5.0", "5.1", "2.0"),
        basic=(550, 553, 554),
        source="RFC 5321; GMX, Outlook, Cisco",
        example="550 Requested action not taken: mailbox unavailable",
    ),
)
"""Rows about whatever is not there; they go after those of servers in trouble."""

VAGUE = (
    Rule(
        "not-wanted",
        SOFT,
        "7.1",
        phrases=these(
            "is rejected | no permit | automatically rejected | "
            "prohibit | not permitted | permission | not authorized | unauthorized | not authorised | not allowed | "
            "access denied | access not | access is denied | restricted | restriction | not accepting mail from | "
            "not accept mail from | does not accept mail from | only accepts | message rejected | message refused | "
            "message denied | message blocked | message was rejected | message was refused | message was blocked | "
            "message has been rejected | message has been refused | message has been denied | mail rejected | "
            "mail refused | mail denied | mail blocked | email rejected | email refused | email blocked | "
            "email was rejected | e-mail rejected | message not accepted | mail not accepted | email not accepted | "
            "not accepted | connection rejected | connection denied | connection not | connections not | "
            "transaction rejected | rejecting | rejection | forbidden | blocked | go away | refused to accept | "
            "refuse to accept | refused | denied | unwelcome | not welcome | no thanks | redundant | filtered | "
            "quarantin | verboten | abgelehnt | abgewiesen | refusé | refuse | rejeté | rejete | rechazado | "
            "rifiutat | recusad | отклонен | отказано | 拒绝 | 拒否 | rejected by | system has been rejected | "
            "mail has been rejected | rejected it | rejected your message | bloqué | blockiert | bloqueado | "
            "bloccato | geblokkeerd | zablokowan | заблокирован"
        ),
        source="RFC 5321, and all who say no and not why",
        example="550 Message refused",
    ),
    Rule(
        "refused-at-once",
        SOFT,
        "7.1",
        enhanced=("", "0.0", "5.0"),
        commands=("CONN", "HELO", "MAIL"),
        source="RFC 5321 section 3.1: nobody knew yet for whom it was",
        example="550 Rejected",
        said_to="EHLO",
    ),
)
"""Rows of those who say no and not why; they go last of those that ask for words."""
