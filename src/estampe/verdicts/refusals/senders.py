"""Senders: refusals of who sends, from where, or what; the address may be well."""

from __future__ import annotations

from estampe.events import Verdict
from estampe.verdicts.refusals.rule import Rule, these

SOFT = Verdict.SOFT

RULES = (
    Rule(
        "greylisted",
        SOFT,
        "7.1",
        phrases=these(
            "greylist | graylist | grey list | gray list | grey-list | gray-list | postgrey | greytrap | 灰名单"
        ),
        source="RFC 6647",
        example="450 4.7.1 <tom@example.org>: Recipient address rejected: Greylisted for 5 minutes",
    ),
    Rule(
        "virus",
        SOFT,
        "7.1",
        phrases=these(
            "virus | malware | malicious | phish | trojan | infected | worm detected | potential security | clamav | "
            "exploit | dangerous attachment | вирус | 病毒 | ウイルス"
        ),
        source="Google, Amavis, ClamAV",
        example="552 5.7.0 This message was blocked because its content presents a potential security issue",
    ),
    Rule(
        "not-authenticated",
        SOFT,
        "7.1",
        phrases=these(
            "dmarc | dkim | domainkeys | spf record | spf check | spf fail | spf: | spf=  | spf policy | "
            "spf validation | spf -all | spf neutral | spf soft | spf hard | spf authent | spf permerror | "
            "spf temperror | (spf) | an spf | not pass spf | failed spf | spf/ | fails spf | no spf | by spf | "
            "spf reject | spf does | violates spf | spf-fail | spf_fail | sender policy framework | sender id | "
            "senderid | unauthenticated email | unauthenticated mail | is unauthenticated | "
            "authentication information | authentication check | authentication checks | authentication results | "
            "not authenticated | arc seal | sender spoof | spoof | impersonat | not designated | "
            "authentication level | required authentication | authentication fail"
        ),
        source="RFC 7372, Google, Microsoft, Yahoo",
        example="550 5.7.26 Unauthenticated email from example.com is not accepted due to domain's DMARC policy",
    ),
    Rule(
        "login-required",
        SOFT,
        "7.1",
        phrases=these(
            "authentication required | authrequired | authentication is required | must authenticate | "
            "must be authenticated | must first authenticate | requires authentication | require authentication | "
            "smtp authentication | smtp auth | auth required | auth failed | auth error | fail authentication | "
            "authenticate first | "
            "please authenticate | "
            "unauthenticated senders | need to authenticate | address is not verified | not verified*identit | "
            "email address not verified | not logged in | log in with your web browser | notauthenticated | "
            "relay-only | sending for this account"
        ),
        source="RFC 4954, Exchange, SES, SendGrid",
        example="550 5.7.1 RESOLVER.RST.AuthRequired; authentication required",
    ),
    Rule(
        "no-reverse-name",
        SOFT,
        "7.25",
        phrases=these(
            "ptr record | ptr resource record | a ptr | no ptr | ptr lookup | missing ptr | ptr is | ptr/ | (ptr) | "
            "reverse dns | reverse-dns | rdns | reverse hostname | reverse host | reverse mapping | reverse lookup | "
            "reverse address | reverse resol | reverse ip | name lookup failed | mismatches client ip | "
            "cannot find your hostname | cannot find your reverse | cannot resolve your | can't resolve your | "
            "could not resolve your | fcrdns | forward-confirmed | forward dns entry | no reverse | "
            "without reverse | invalid dns | client host name | forbidden by invalid | unable to verify your host"
        ),
        source="RFC 7372, Postfix reject_unknown_client_hostname",
        example="550 5.7.25 The IP address sending this message does not have a PTR record setup",
    ),
    Rule(
        "listed",
        SOFT,
        "7.1",
        phrases=these(
            "black ip | black mail address | rbl deny | dt:rbl | hl:ipb | hl:ihu | remote ip check | bad hosts | "
            "blacklist | ip*blocked | host*blocked | network*blocked | server*blocked | message*blocked | "
            "messages*blocked | blocked by*list | blocked by*rbl |  rbl |  dul | (dul) | allowed to connect | "
            "black list | black-list | blocklist | block list | block-list | denylist | deny list | blocked using | "
            "blocked ip | blocked for abuse | blocked address | ip address*blocked | ip address*banned | "
            "your ip*blocked | your ip*banned | your ip*listed | ip*rejected | ips blocked | ip is on | /rbl | "
            "dnsbl | dnswl | rbldns | spamhaus | spamcop | sorbs | surbl | uribl | senderbase | barracudacentral | "
            "uceprotect | mailspike | abuseat | invaluement | ivmsip | spamrats | backscatterer | listed at | "
            "are listed | client host rejected | client host*blocked | host rejected | host network not allowed | "
            "network is on | banned | sender.office | dynamic ip | dynamic address | dynamic or | dial-up | dialup | "
            "dial up | residential | generic host | invalid ip for sending | invalid ip $ | smtp server of your isp | "
            "use your isp | your provider's smtp | through your isp | may not be mail exchanger | no direct*mail | "
            "geolocation | your country | from your location | liste noire | lista negra | черн | 黑名单 | "
            "access from ip | open relay | open proxy | insecure mail relay | compromised | traffic not accepted | "
            "host*listed | ip*listed | domain*listed | server*listed | you are listed | listed in*rbl | "
            "listed in*bl | currently listed | listed by | found on*list | found in*list | is listed | "
            "mail has been blocked | mail is blocked | mail was blocked | email*blocked | bad ip profile | ip profile"
        ),
        source="Postfix, Spamhaus, Microsoft, Orange",
        example="554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
    ),
    Rule(
        "spam",
        SOFT,
        "7.1",
        phrases=these(
            "content reject | spam | junk mail | junk e-mail | junkmail | unsolicited | bulk mail | bulk e-mail | "
            "bulk email | "
            "mass mail | content rejected | content denied | content policy | content filter | content restrict | "
            "content is not | content not | invalid content | unacceptable content | prohibited content | "
            "forbidden content | banned content | objectionable | inappropriate | blacklisted url | url*listed | "
            "link*block | indésirable | indesirable | pourriel | unerwünscht | unerwuenscht | correo no deseado | "
            "спам | 垃圾邮件 | 垃圾 | 迷惑メール | bayes | cloudmark | looks like uce |  uce  | suspicious content | "
            "message content rejected | message content not | message contents rejected | antispam | anti-spam | "
            "antyspam"
        ),
        source="Google, Proofpoint, SpamAssassin, Rspamd",
        example="554 5.7.1 Message identified as SPAM",
    ),
    Rule(
        "reputation",
        SOFT,
        "7.1",
        phrases=these(
            "reputation | suspicious | complaint | suspected | abusive | for abuse | due to abuse | abuse detected | "
            "reported abuse | of abuse | low score | unusual rate | unusual activity | hacked | harvest | "
            "too many unknown | too many invalid | too many bad | invalid recipients this"
        ),
        source="Google, Yahoo, Microsoft, Cisco",
        example="550 5.7.1 This message is likely suspicious due to the very low reputation of the sending IP address",
    ),
    Rule(
        "relaying",
        SOFT,
        "7.1",
        phrases=these(
            "relay access denied | relaying denied | relay denied | relay not permitted | not permitted to relay | "
            "unable to relay | to relay | relaying not | not relay | relaying is | relay is not | relay*prohibited | "
            "relaying prohibited | no relaying | does not relay | relay operation | relay rejected | relay not | "
            "relaying mail | allowed rcpthosts | rcpthosts | not a gateway | not an open relay | we do not relay | "
            "gateway user | not local mail | domain is not hosted | does not host | not hosted here | "
            "not a local domain | non-local | not handle mail for | not responsible for | "
            "not configured to accept mail for | locally hosted | not one of our domains | not one of our hosts | "
            "not one of our clients | not one of our networks | no permission to relay | "
            "mail for*not accepted here | relayé | nicht weiterleiten | use our relay | use this relay | "
            "use this server as a relay | don't handle mail for | not local host | specified domain is not allowed | "
            "as a relay | relay through | openrelay | denies relay | relay check | local user only | local users only"
        ),
        source="Postfix, Exchange, Sendmail, Exim, qmail",
        example="554 5.7.1 <tom@example.org>: Relay access denied",
    ),
    Rule(
        "tls",
        SOFT,
        "7.4",
        phrases=these(
            "starttls | tls required | requires tls | require tls | tls is required | support tls | "
            "tls negotiation | tls handshake | tls session | tls connection | tls not | tls error | need tls | "
            "must use tls | ssl error | ssl connection | ssl handshake | certificate | encryption needed | "
            "encryption required | requires encryption | mta-sts |  dane  | tlsa"
        ),
        source="RFC 3207, RFC 8461, Google",
        example="530 5.7.0 Must issue a STARTTLS command first",
    ),
    Rule(
        "list-closed",
        SOFT,
        "7.2",
        phrases=these(
            "not open to posting | permission to post | not permitted to post | not allowed to post | "
            "not subscribed | not a subscriber | subscribers only | members only | member of the list | "
            "not a member of the | not a member of this | are not a member | is not a member | non-member | "
            "nonmember | posting to*not allowed | restricted to members | "
            "group*may not exist | only accepts messages from | only accept messages from | only accepts mail from | "
            "accept mail only from | accepts mail only from | moderated | groupe que vous avez | skupina, kterou | "
            "ομάδα | المجموعة | grupo con el | grupo que | gruppe, die | gruppo che | グループ | 群組 | 群组 | "
            "그룹 | группа | groep die | gruppen du | allowed to send to | not allowed to send | "
            "permission to send | not authorized to send | not permitted to send | can't send | rst.notauthorized | "
            "rst.restricted | sender list | allowed-senders | notinallowed | rst.sendernot"
        ),
        source="RFC 3463, Google Groups, Exchange",
        example="550 5.7.1 RESOLVER.RST.NotAuthorized; not authorized to send to this list",
    ),
    Rule(
        "sender-address",
        SOFT,
        "1.8",
        phrases=these(
            "sender address | sender domain | sender's domain | senders domain | domain of sender | "
            "sender rejected | sender verif | sender verify | sender not | invalid sender | bad sender | "
            "fake sender | mail from invalid | sender is unvalidated | sender is not valid | sendasdenied | "
            "denies the sender | helohost | unknown sender | verify sender | verify the sender | "
            "verify your sender | sending domain | "
            "sender is not | sender is rejected | sender is blocked | sender refused | sender denied | "
            "sender blocked | sender unknown | sender invalid | sender does | sender must | sender user unknown | "
            "sender email | envelope sender | envelope from | return path | return-path | reverse-path | "
            "reverse path | mail from domain | mail from address | mail from command | from domain | from address | "
            "from: domain | valid from | "
            "valid sender | callback | callout | emetteur | émetteur | expediteur | "
            "expéditeur | absender | "
            "mittente | remitente | remetente | отправител | 发件人 | your domain | helo command | helo name | "
            "invalid helo | bad helo | bogus helo | helo should | helo host | helo string | helo hostname | "
            "ehlo name | "
            "helo/ehlo | domain name in your | connections not accepted from servers without | originator | "
            "bad outbound sender | no a, aaaa | no a, mx | batv | null sender | empty envelope | empty sender | "
            "unsigned dsn | third-party dsn | bouncedeny | backscatter protection | "
            "fully qualified email address required | not owned by user | invalid domain, see | purported | "
            "returned mail not accepted | bounces not accepted | mx records for sender | recursive cname | "
            "sender*not exist | sender*unknown | sender*not found | sender*invalid"
        ),
        source="Sendmail, Exim, Postfix",
        example="553 5.1.8 <news@example.com>... Domain of sender address news@example.com does not exist",
    ),
    Rule(
        "recipient-refuses",
        SOFT,
        "7.1",
        phrases=these(
            "recipient preferences | challenge-response | refused by recipient | rejected by recipient | "
            "blocked by recipient | recipient has blocked | recipient does not want | recipient doesn't want | "
            "does not wish to receive | recipient refuse | recipient's policy | recipient has refused | "
            "recipient declines | user has blocked | user refuses | you have been blocked | whitelist | white list | "
            "allow list | allowlist | not accepting mail from you | not accept mail from you | refused by user | "
            "blocked you | personal filter | user's filter | sieve | user filter | suppression list | suppressed | "
            "unsubscribed | bounced address | previously bounced | rejected by user | 拒收 | user reject | "
            "refuse to receive | restricted sms | account is protected | is only accepting mail from"
        ),
        source="Facebook, Sieve (RFC 5429), SES and SendGrid of addresses that they suppress",
        example="550 5.7.1 Refused due to recipient preferences",
    ),
    Rule(
        "header-against-policy",
        SOFT,
        "7.1",
        phrases=these("header error | header rejected | header check"),
        enhanced=("7.0", "7.1", "7.9"),
        source="RFC 3463: the code says policy, the words no more than where",
        example="554 5.7.0 Header error",
    ),
    Rule(
        "policy",
        SOFT,
        "7.1",
        phrases=these(
            "polic | mailpolicy | outgoing mail susp | protocol violation | security setting | security reason | "
            "security regulation | "
            "administratively prohibited | administrative prohibition | administratively denied | "
            "delivery not authorized | command rejected | politique | richtlinie | política | politica | политик | "
            "策略 | ポリシー | mail rejete | mail refusé | violates | violation of | accept mail from | "
            "accepts mail from | accept email from | accept e-mail from | accept messages from | accepted from | "
            "accepting mail from | accept any mail from"
        ),
        source="RFC 5321, Apple, Mimecast",
        example="550 5.7.1 Message rejected due to local policy",
    ),
)
"""Rows about who sends, from where, or what."""
