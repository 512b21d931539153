"""Moments: what is wrong now, with the mailbox, the message, the server or the way to it."""

from __future__ import annotations

from estampe.events import Verdict
from estampe.verdicts.refusals.rule import Rule, these

SOFT = Verdict.SOFT

NAMES = (
    Rule(
        "name-lookup-failed",
        SOFT,
        "4.4",
        phrases=these(
            "host not found, try again | try again*name service | temporary lookup failure | "
            "temporary failure in name resolution | temporary dns | dns timeout | dns server*fail | "
            "dns query failed | dns lookup failed | dns failure | dns problem | dns error for now | servfail | "
            "malformed or unexpected name server reply | host name lookup failure | hostname lookup failure | "
            "name server timeout | domain lookup failed | mx lookup fail | mx records*could not be | "
            "lowest numbered mx | lowest-numbered mx | mx record*points to | mx list for*points back | best mx | "
            "all relevant mx | no relevant answers | cname_lookup_failed | cname lookup failed | resolver failure | "
            "unable to resolve | could not be resolved | cannot route to | can't route to | unable to route"
        ),
        source="Postfix, Sendmail, Exim, qmail: the name servers gave no answer, or none that leads on",
        example="554 5.4.4 Name service error for name=example.org type=MX: Malformed or unexpected name server reply",
    ),
    Rule(
        "name-not-found-yet",
        SOFT,
        "4.4",
        phrases=these(
            "nxdomain | domain name not found | domain not found | host not found | host or domain name not found | "
            "name service error | unknown host | host unknown | no such host | no such domain | no mx found"
        ),
        for_now=True,
        source="RFC 3463: a server that still tries does not hold the domain for dead",
        example="450 4.4.3 DNS Error: DNS type 'mx' lookup of example.org responded with code NXDOMAIN",
    ),
)
"""Rows about names that lead nowhere for now; they go before those of dead domains."""

RULES = (
    Rule(
        "loop",
        SOFT,
        "4.6",
        phrases=these(
            "too many hops | hop count | too many received | routing loop | mail loop | mailloop | loops back | "
            "mail forwarding loop | message looping | forwarding loop | fwd.loop | looping | loop detected | "
            "delivery loop | maximum hop | resent-to*itself | best-preference mx"
        ),
        source="RFC 3463, Postfix, Sendmail, Exchange",
        example="554 5.4.6 Too many hops",
    ),
    Rule(
        "mailbox-full",
        SOFT,
        "2.2",
        phrases=these(
            "mailbox full | mailboxfull | mailbox is full | mailbox*is full | mail box is full | mail box full | "
            "mailbox is too full | mailfolder is full | folder is full | inbox is full | inbox full | "
            "account is full | user is full | recipient*full | over quota | overquota | over-quota | over*quota | "
            "out of quota | quota exceed | quota*exceeded | quota has been | quota is | exceed*quota | "
            "exceeds*quota | quota full | quota violation | quota limit | out of storage | insufficient storage | "
            "insufficient space | not enough space | no space left for | storage quota | exceeded storage | "
            "exceeded its storage | storage*exceeded | storage*full | storage limit | mailbox size limit | "
            "mailbox limit | mailbox has exceeded | mailbox exceed | mailbox*exceeded | mailbox*exceeds | "
            "too many messages on | too many messages in | too many mails in | "
            "messages in recipient's mailbox exceeded | not enough storage space | exhausted allowed storage | "
            "mailbox for*is full | maildir over | over the maximum allowed | over the allowed | over limit | "
            "mailbox*reached*limit | no room for | space is used up | space not enough | over its limit | "
            "exceeded*space | "
            "exceeded allocated | allocated space | disk quota | "
            "user has exceeded | mailbox would exceed | over the storage | boite*pleine | boîte*pleine | "
            "boite*saturee | boîte*saturée | quota atteint | quota depasse | quota dépassé | espace*insuffisant | "
            "postfach*voll | postfach ist voll | mailbox voll | speicherplatz | zuviele mails | buzon lleno | "
            "buzón lleno | buzon*lleno | buzón*lleno | cuota excedida | cuota*excedid | sin espacio | "
            "casella piena | casella*piena | quota superata | spazio esaurito | caixa*cheia | cota excedida | "
            "quota excedida | przepełnion | przepelnion | переполнен | квот | 邮箱已满 | 信箱已满 | 空间不足 | "
            "容量不足 | 配额 | メールボックスが*いっぱい | 容量を超え | 容量が超過 | "
            "容量を超過 | 容量が一杯 | 容量がいっぱい | 容量超過 | 사서함이 | 已满 | 已滿 | "
            "lleno | mailbox*vol $ | mailbox*vol. | pełna | postvak*vol | je plná | är full | er fuld | er full | dolu"
        ),
        source="RFC 3463, Google, Microsoft, Orange, Dovecot",
        example="552 5.2.2 The email account that you tried to reach is over quota and inactive",
    ),
    Rule(
        "length-not-allowed",
        SOFT,
        "2.3",
        phrases=these(
            "message length exceeds | length exceeds administrative | limit set by recipient | "
            "recipient's size limit | recipient size limit | message size exceeds*recipient | rst.recipsizelimit | "
            "rst.sendersizelimit | exceeds*administrative limit"
        ),
        source="RFC 3463",
        example="552 5.2.3 Message length exceeds administrative limit",
    ),
    Rule(
        "message-too-large",
        SOFT,
        "3.4",
        phrases=these(
            "message too large | message too big | message*too large | message*too big | message is too large | "
            "message is too big | message is too long | mail is too long | attachment is too long | "
            "attachment is too large | mail too large | mail too big | mail size | mailsize | message size | "
            "message length | size limit | "
            "maximum*size | max*size | exceeds*size | exceed*size | size exceed | size of*exceeds | size of*too | "
            "larger than | too large for | too big for | bigger than | message file too big | message exceeds | "
            "line limit exceeded | too many lines | data size | maximum message | trop volumineux | "
            "taille maximale | message trop | zu groß | zu gross | nachricht*zu | demasiado grande | tamaño | "
            "troppo grande | dimensione | muito grande | слишком большой | 邮件过大 | 太大 | サイズ"
        ),
        source="RFC 1870",
        example="552 5.3.4 Message size exceeds fixed limit",
    ),
    Rule(
        "expired",
        SOFT,
        "4.7",
        phrases=these(
            "message expired | envelope expired | message has expired | time expired | retries, giving up | "
            "seconds. giving up | queue.expired | delivery time expired | delivery expired | "
            "retry time not reached | retry time*exceeded | retry timeout | in the queue too long | "
            "in queue too long | queue too long | been in queue | too long in | multiple retries | "
            "could not be delivered for | could not be delivered within | not delivered within | "
            "unable to deliver*minutes | unable to deliver*hours | unable to deliver*after | undeliverable for | "
            "could not deliver for the last | will be deleted from queue | maximum retr | retries exceeded | "
            "too many retries | timeout exceeded | not yet been delivered | still undelivered | has been delayed | "
            "is delayed | delayed for more | unable to deliver within | max delivery time | lifetime | "
            "despite repeated attempts"
        ),
        source="Exchange, Exim, qmail, Sendmail, OpenSMTPD, SES",
        example="550 5.4.316 Message expired, connection refused",
    ),
    Rule(
        "unreachable",
        SOFT,
        "4.1",
        phrases=these(
            "connection timed out | connection timeout | connection refused | connection was refused | "
            "connection reset | connection closed | connection was closed | connection dropped | connection failed | "
            "connection was dropped | connection lost | connection*failed | lost connection | lost input | "
            "timed out | timeout waiting | handle timeout | time out | socket error | broken pipe | is broken | "
            "bad connection | "
            "no route to | "
            "network is unreachable | network unreachable | host is unreachable | host unreachable | "
            "host not reachable | not reachable | host is down | host down | hostdown | not responding | "
            "did not respond | no response | not respond | did not accept our requests to connect | "
            "no answer from host | unable to connect | could not connect | couldn't connect | cannot connect | "
            "can't connect | failed to connect | connect to | connecting to | able to establish an smtp connection | "
            "unable to reach | all hosts*have been failing | unexpected end | server closed | conversation with | "
            "premature | port 25 | network error | no smtp connection got far | winsock | errno | 10060 | 10061 | "
            "verbindung | impossible de se connecter | не удалось подключиться | greeting failed"
        ),
        source="Postfix, Exim, qmail, Google",
        example="450 4.4.1 connect to mx.example.org[192.0.2.1]:25: Connection timed out",
    ),
    Rule(
        "rate",
        SOFT,
        "4.5",
        phrases=these(
            "hl:icc | hl:ifc | hl:ifq | hl:rep | hl:mep | mi:dmc | mi:sfq | rp:drc | out of allow | rate limit | "
            "ratelimit | rate-limit | rate that | rate exceed | message rate | mail rate | "
            "sending rate | exceeded*rate | throttl | receiving mail*too quickly | too many | too fast | "
            "too quickly | too much | temporarily deferred | permanently deferred | frequency limit | "
            "frequency is limited | connection limit | connection frequency | connection rate | connections per | "
            "per connection | "
            "recipients per | recipient limit | messages per | limit*exceeded | exceeded*limit | exceeds*limit | "
            "limit reached | limit has been reached | reached*limit | exceeded the limit | exceeds the limit | "
            "maximum number | maximum*connections | concurrent | unexpected volume | slow down | slowdown | busy | "
            "congest | overload | load is too high | high load | load average | try again in | wait a | "
            "later after | daily limit | hourly limit | per hour | per day | per minute | simultaneous | "
            "deferred due to | trop de | zu viele | demasiad | troppe | troppi | muitas | слишком много | 频率 | "
            "过多 | 太多 | too_many"
        ),
        source="Google, Yahoo, Microsoft, Postfix",
        example="421 4.7.0 Too many concurrent SMTP connections from this IP address",
    ),
    Rule(
        "form",
        SOFT,
        "6.0",
        phrases=these(
            "8-bit data | 8bit data | 8bit | bare lf | bare cr | bare newline | bare linefeed | stray newline | "
            "illegal eol | line too long | lines longer | line length | header*too large | headers too large | "
            "header too | header error | headers too | header line | header field | in from: header | from: header | "
            "from header | date header | subject header | multiple from | multiple addresses in from | "
            "invalid header | malformed header | bad header | missing header | missing date | missing from | "
            "message header | headers are missing | required header | attachment | file type |  mime | "
            "invalid message-id | missing message-id | no message-id | transfer-encoding | content-type | "
            "file extension | character set | charset | not rfc | rfc 5322 | rfc5322 | rfc 5321 | rfc 2822 | "
            "rfc2822 | rfc 822 | malformed message | message format | syntax of the message | message corrupt | "
            "nul byte | null byte | null character | conversion | smtputf8 | non-ascii | internationalized | "
            "attach type | invalid data in message | duplicate*header | duplicated message-id | empty message | "
            "format error | "
            "is malformed | "
            "malformed mime | not comply | non-compliant | not compliant"
        ),
        source="RFC 5322, Google, qmail",
        example="550 5.6.0 Headers too large",
    ),
)
"""Rows about a moment of the mailbox, the message or the way; a later message may come."""

TROUBLE = (
    Rule(
        "server-in-trouble",
        SOFT,
        "3.0",
        phrases=these(
            "temporar | try again later | try later | please retry | retry later | later please | "
            "resources temporarily | system error | system failure | operating system | system config error | "
            "config error | configuration error | configuration problem | misconfigur | not configured | "
            "server error | internal error | internal server | internal software | internal failure | local error | "
            "local problem | unknown error | unexpected error | unexpected failure | fatal error | general failure | "
            "general error | processing error | error in processing | i/o error | read error | write error | "
            "database error | lookup failure | lookup error | deferred | disk full | disk is full | disk space | "
            "no space left | no space on | out of memory | insufficient system | insufficient resource | "
            "insufficient permission | out of resource | resources | backend | back end | service unavailable | "
            "service not available | service is unavailable | service currently | currently unavailable | "
            "temporarily unavailable | not accepting connections | not accepting network | not accepting messages | "
            "not accepting mail | shutting down | maintenance | queue unavailable | license expired | system full | "
            "system not accepting | "
            "system not capable | operation not | queue file | queue full | cannot create | can't create | "
            "unable to create | could not write | cannot write | cannot open | can't open | cannot append | "
            "can't append | unable to open | mail system problem | mail server problem | local configuration | "
            "pipe to | command died | command failed | command output | child process | local delivery failed | "
            "ldap error | ldap lookup | transport error | transport fail | delivery agent | mailer error | "
            "child status | unavailable for now | plus tard | später erneut | más tarde | piu tardi | più tardi | "
            "mais tarde | позже | временно | 稍后 | 暂时 | しばらく | temporair | temporalmente | temporan | "
            "vorübergehend | voruebergehend | communication failure | chdir to maildir | exit code | exit status | "
            "mailbox*locked by | problem with the recipient's mailbox"
        ),
        source="RFC 5321, Postfix, Sendmail, Exim",
        example="554 Service currently unavailable",
    ),
    Rule(
        "still-tried",
        SOFT,
        "4.7",
        phrases=these(
            "will be retried | still being retried | will keep trying | will continue to try | will try again | "
            "hasn't been delivered yet | will continue to be attempted | do not need to resend | "
            "has not been delivered yet | not yet delivered | attempts will continue"
        ),
        source="Google, Sendmail, Postfix: warnings that say no more",
        example="450 4.4.0 Message will be retried for 2 more day(s)",
    ),
    Rule(
        "command-refused",
        SOFT,
        "5.0",
        phrases=these(
            "bad sequence | out of sequence | command unrecognized | unrecognized command | command not recognized | "
            "unknown command | command not implemented | not implemented | invalid command | bad command | "
            "syntax error | need rcpt | need mail | no recipients | nested mail | protocol error | "
            "invalid parameter | unsupported | unimplemented | pipelining | synchronization error | command syntax | "
            "bad argument | improper command"
        ),
        source="RFC 5321 section 4.2.2, Exim",
        example="503 5.5.1 Bad sequence of commands",
    ),
)
"""Rows about a server in trouble; they go after those that speak of the address."""
