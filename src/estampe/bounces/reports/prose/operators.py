"""Formats of those who run mail for many: mailbox providers, mobile carriers, filters and mailing lists."""

from __future__ import annotations

from estampe.bounces.reports.prose.format import LEADING, MARKED, Format

OPERATORS = (
    Format(
        "gmail",
        "Return-Path: <>\nFrom: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\nTo: ann@example.com\n"
        "Subject: Delivery Status Notification (Failure)\n\n"
        "Delivery to the following recipient failed permanently:\n\n     tom@example.org\n\n"
        "Technical details of permanent failure: \n"
        "Google tried to deliver your message, but it was rejected by the server for the recipient domain example.org "
        "by mail.example.org. [192.0.2.1].\n\n"
        "The error that the other server returned was:\n550 5.1.1 <tom@example.org>... User Unknown\n\n"
        "----- Original message -----\n\n",
        (("tom@example.org", "550 5.1.1 <tom@example.org>... User Unknown"),),
        signs=("delivery to the following recipient",),
        heads=("from: mail delivery subsystem <mailer-daemon@",),
        begin="delivery to the following recipient",
        recipient=r"^ {3,8}(?P<to>ADDRESS) {0,4}$",
    ),
    Format(
        "gmail, with pictures",
        "Return-Path: <>\nFrom: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\nTo: ann@example.com\n"
        "Subject: Delivery Status Notification (Failure)\n\n"
        "** Address not found **\n\n"
        "Your message wasn't delivered to tom@example.org because the address couldn't be found, or is unable to "
        "receive mail.\n\n"
        "The response from the remote server was:\n550 5.1.1 User unknown\n",
        (("tom@example.org", "550 5.1.1 User unknown"),),
        signs=("the response was:", "the response from the remote server was:"),
        heads=("from: mail delivery subsystem <mailer-daemon@",),
        recipient=r"^(?:[^\n@]{0,200} )?(?P<to>ADDRESS)(?: because\b|\.| has been blocked|$)",
        said=r"^the response (?:from the remote server )?was: {0,4}\n{1,3}([^\n]{1,500}(?:\n[^\n]{1,500}){0,9})",
    ),
    Format(
        "google groups",
        "Return-Path: <>\nFrom: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\nTo: ann@example.com\n"
        "Subject: Delivery Status Notification (Failure)\nX-Failed-Recipients: cats@googlegroups.com\n\n"
        "Hello ann@example.com,\n\n"
        "We're writing to let you know that the group you tried to contact (cats) may not exist, or you may not have "
        "permission to post messages to the group.\n\nGoogle Groups\n",
        (
            (
                "cats@googlegroups.com",
                "the group may not exist, or you may not have permission to post messages to the group",
            ),
        ),
        signs=("groups.google.com", "google groups"),
        heads=("x-failed-recipients:",),
        recipient=r"(?!)(?P<to>ADDRESS)",
        means="the group may not exist, or you may not have permission to post messages to the group",
    ),
    Format(
        "yahoo",
        "Return-Path: <>\nFrom: MAILER-DAEMON@yahoo.com\nTo: ann@example.com\nSubject: Failure Notice\n\n"
        "Sorry, we were unable to deliver your message to the following address.\n\n"
        "<tom@example.org>:\nRemote host said:\n550 5.1.1 <tom@example.org>... User Unknown\n[RCPT_TO]\n\n"
        "--- Below this line is a copy of the message.\n\n",
        (("tom@example.org", "550 5.1.1 <tom@example.org>... User Unknown"),),
        signs=("we were unable to deliver your message to the following address",),
        recipient=r"^ {0,8}<(?P<to>ADDRESS)>: {0,4}$",
    ),
    Format(
        "psmtp",
        "Return-Path: <>\nFrom: MAILER-DAEMON@psmtp.example.net\nTo: ann@example.com\nSubject: failure notice\n\n"
        "Your mail message to the following address(es) could not be delivered. This\n"
        "is a permanent error. Please verify the addresses and try again.\n\n"
        "<tom@example.org>:\nchild status 100...the user's mailfolder is full.\n\n"
        "--- Below this line is a copy of the message.\n\n",
        (("tom@example.org", "child status 100...the user's mailfolder is full."),),
        signs=("to the following address(es) could not be delivered",),
        recipient=r"^ {0,8}<(?P<to>ADDRESS)>: {0,4}$",
    ),
    Format(
        "unknown, like qmail",
        "Return-Path: <>\nFrom: MAILER-DAEMON@example.net\nTo: ann@example.com\nSubject: Delivery failure\n\n"
        "Message from example.net.\nUnable to deliver message to the following address(es).\n\n"
        "<tom@example.net>:\nThis user doesn't have a example.net account (tom@example.net) [-9]\n\n"
        "--- Original message follows.\n\n",
        (("tom@example.net", "This user doesn't have a example.net account (tom@example.net) [-9]"),),
        signs=("message to the following address(es)",),
        recipient=r"^ {0,8}<(?P<to>ADDRESS)>: {0,4}$",
    ),
    Format(
        "zoho",
        "From: mailer-daemon@mail.zoho.com\nTo: ann@example.com\nSubject: Undelivered Mail Returned to Sender\n\n"
        "This message was created automatically by mail delivery software.\n"
        "A message that you sent could not be delivered to one or more of its recipients. This is a permanent "
        "error. \n\n"
        "tom@example.org Invalid Address, ERROR_CODE :550, ERROR_CODE :5.1.1 <tom@example.org>... User Unknown\n",
        (("tom@example.org", "550, ERROR_CODE :5.1.1 <tom@example.org>... User Unknown"),),
        signs=("error_code :", "[status: error, address:"),
        heads=("from: mailer-daemon@mail.zoho",),
        recipient=r"^(?:\[Status: Error, Address: <)?(?P<to>ADDRESS)[>,]{0,2}",
    ),
    Format(
        "kddi",
        "From: no-reply@x.dion.ne.jp\nTo: ann@example.com\nSubject: メールエラー通知\n"
        "Content-Type: text/plain; charset=utf-8\n\n"
        "送信先のメールボックスが一杯のため、送信できませんでした。\n\n"
        "Your mail sent on: Thu, 29 Apr 2026 23:45:22 +0900\n"
        "     Could not be delivered to: <tom@x.dion.ne.jp>\n     As their mailbox is full.\n",
        (("tom@x.dion.ne.jp", "As their mailbox is full."),),
        signs=("could not be delivered to: <",),
        heads=("no-reply@", "postmaster@"),
        recipient=r"^ {0,12}Could not be delivered to: {1,4}<(?P<to>ADDRESS)>",
    ),
    Format(
        "ezweb",
        "Return-Path: <>\nFrom: Postmaster@ezweb.ne.jp\nTo: ann@example.com\n"
        "Subject: Mail System Error - Returned Mail\n\n"
        "Each of the following recipients was rejected by a remote\nmail server.\n\n"
        "    Recipient: <tom@ezweb.ne.jp>\n    >>> RCPT TO:<tom@ezweb.ne.jp>\n"
        "    <<< 550 <tom@ezweb.ne.jp>: User unknown\n",
        (("tom@ezweb.ne.jp", "550 <tom@ezweb.ne.jp>: User unknown"),),
        signs=("recipients was rejected by a remote",),
        recipient=r"^ {0,12}Recipient: {1,4}<(?P<to>ADDRESS)>",
    ),
    Format(
        "ezweb, late",
        "Return-Path: <>\nFrom: Postmaster@ezweb.ne.jp\nTo: ann@example.com\n"
        "Subject: Mail System Error - Returned Mail\n\n"
        "Your message was not delivered within 0 days and 1 hours.\nRemote host is not responding.\n\n"
        "The following recipients did not receive this message:\n\n<tom@ezweb.ne.jp>\n",
        (
            (
                "tom@ezweb.ne.jp",
                "Your message was not delivered within 0 days and 1 hours. Remote host is not responding.",
            ),
        ),
        signs=("recipients did not receive this message",),
        begin="did not receive this message:",
        recipient=MARKED,
        said=r"((?:your )?message was not delivered[^\n]{1,300}(?:\n[^\n]{1,300})?)",
    ),
    Format(
        "docomo",
        "Return-Path: <>\nFrom: MAILER-DAEMON@docomo.ne.jp\nTo: ann@example.com\nSubject: Returned mail: User "
        "unknown\n\n"
        "The user(s) account is disabled.\n\n<tom@docomo.ne.jp>\n",
        (("tom@docomo.ne.jp", "The user(s) account is disabled."),),
        signs=("the user(s) account is", "the user(s) account was"),
        recipient=r"^ {0,12}<?(?P<to>ADDRESS)>? {0,4}$",
        said=r"(the user\(s\) account[^\n]{1,300})",
    ),
    Format(
        "verizon",
        "Return-Path: <>\nFrom:MMSC NDR Administrator <sysadmin@m01.vzwpix.com>\nTo:ann@example.com\n"
        "Subject:Undeliverable Message\n\n"
        "Message could not be delivered to mobile.\nError: No valid recipients for this MM\n\n\n"
        "Original Message:\nFrom: Ann <ann@example.com>\nTo: 0100000000@vzwpix.com\nSubject: News\n\n",
        (
            (
                "0100000000@vzwpix.com",
                "Message could not be delivered to mobile. Error: No valid recipients for this MM",
            ),
        ),
        signs=("could not be delivered to mobile",),
        recipient=r"(?!)(?P<to>ADDRESS)",
    ),
    Format(
        "biglobe",
        "Return-Path: <MAILER-DAEMON>\nFrom: postmaster@biglobe.ne.jp\nTo: ann@example.com\n"
        "Subject: Returned mail: Service unavailable\n\n"
        "   ----- The following addresses had delivery problems -----\ntom@biglobe.ne.jp\n\n"
        "   ----- Non-delivered information -----\n"
        "The number of messages in recipient's mailbox exceeded the local limit.\n",
        (("tom@biglobe.ne.jp", "The number of messages in recipient's mailbox exceeded the local limit."),),
        signs=("non-delivered information",),
        begin="had delivery problems",
        end="non-delivered information",
        said=r"non-delivered information[^\n]{0,20}\n([^\n]{1,500})",
    ),
    Format(
        "m-filter",
        "From: POSTMASTER <postmaster@example.net>\nTo: ann@example.com\nSubject: failure notice\nX-Mailer: "
        "m-FILTER\n\n"
        "tom@example.org\n\n\n-------server message\n550 unknown user <tom@example.org>\n\n"
        "-------SMTP command\nRCPT\n\n-------original message\n\n",
        (("tom@example.org", "550 unknown user <tom@example.org>"),),
        signs=("-------server message",),
        end="-------server message",
        said=r"-------server message\n([^\n]{1,500})",
    ),
    Format(
        "mailfoundry",
        "Return-Path: <>\nFrom: MAILER-DAEMON@example.net\nTo: ann@example.com\nSubject: Message delivery has "
        "failed\n\n"
        "Unable to deliver message to: <tom@example.org>\nDelivery failed for the following reason:\n"
        "Server mail.example.org[192.0.2.1] failed with: 550 <tom@example.org> No such user here\n\n"
        "This has been a permanent failure.  No further delivery attempts will be made.\n",
        (("tom@example.org", "550 <tom@example.org> No such user here"),),
        signs=("unable to deliver message to: <",),
        recipient=r"^Unable to deliver message to: {1,4}<(?P<to>ADDRESS)>",
    ),
    Format(
        "surfcontrol",
        "From: Mail Administrator <postmaster@example.net>\nTo: ann@example.com\nSubject: Message could not be "
        "delivered\n\n"
        "Your message could not be sent.\n"
        "A transcript of the attempts to send the message follows.\n"
        "The number of attempts made: 1\nAddressed To: tom@example.org\n\n"
        "Thu 1 Oct 2026 10:00:00 +0000\nFailed to send to identified host,\n"
        "tom@example.org: [192.0.2.1], 550 User unknown\n\n--- Message non-deliverable.\n",
        (("tom@example.org", "550 User unknown"),),
        signs=("transcript of the attempts to send",),
        recipient=r"^Addressed To: {1,4}<?(?P<to>ADDRESS)",
    ),
    Format(
        "facebook",
        "Return-Path: <>\nFrom: Facebook <mailer-daemon@mx.facebook.com>\nTo: ann@example.com\n"
        "Subject: Sorry, your message could not be delivered\n\n"
        "This message was created automatically by Facebook.\n\n"
        "Sorry, your message could not be delivered to the following recipient:\n\n    tom@facebook.com\n\n"
        "550 5.1.1 RCP-P1 User unknown\n",
        (("tom@facebook.com", "550 5.1.1 RCP-P1 User unknown"),),
        heads=("@mx.facebook.com",),
        recipient=r"^ {0,8}(?P<to>ADDRESS) {0,4}$",
    ),
    Format(
        "messagelabs",
        "Return-Path: <>\nFrom: MAILER-DAEMON@messagelabs.com\nTo: ann@example.com\nSubject: Mail Delivery Failure\n\n"
        "This is the mail delivery agent at messagelabs.com.\n"
        "I was unable to deliver your message to the following addresses.\n\n"
        "tom@example.org\n\nReason: 550 5.1.1 User unknown\n\nThe message subject was: News\n",
        (("tom@example.org", "550 5.1.1 User unknown"),),
        signs=("mail delivery agent at messagelabs",),
        begin="following addresses",
        recipient=r"^ {0,8}<?(?P<to>ADDRESS)>?:? {0,4}$",
        end="the message subject was",
    ),
    Format(
        "interscan",
        "From: Mail Delivery System <postmaster@example.net>\nTo: ann@example.com\nSubject: Mail delivery system "
        "error\n\n"
        "Sent >>> RCPT TO: <tom@example.org>\n"
        "Received <<< 550 5.1.1 <tom@example.org>... User unknown\n\nUnable to deliver message to <tom@example.org>\n",
        (("tom@example.org", "550 5.1.1 <tom@example.org>... User unknown"),),
        signs=("sent >>> rcpt to",),
        recipient=r"^Sent >>> RCPT TO: {0,4}<?(?P<to>ADDRESS)>?",
    ),
    Format(
        "mcafee",
        "Return-Path: <>\nFrom: Mail Delivery <postmaster@example.net>\nTo: ann@example.com\nSubject: "
        "Undeliverable: News\n\n"
        "--- The following addresses had delivery problems ---\n\n"
        "<tom@example.org>   (User unknown tom@example.org)\n\n",
        (("tom@example.org", "(User unknown tom@example.org)"),),
        signs=("following addresses had delivery",),
        begin="following addresses had",
        recipient=LEADING,
        end="--- non-",
    ),
    Format(
        "fml",
        "From: cats-admin@example.net\nTo: cats-admin@example.net\nSubject: Loop Alert: Duplicated Message-ID "
        "(cats ML)\n"
        "X-MLServer: fml [fml 4.0.3 release (20011202/4.0.3)]\n\n"
        "Duplicated Message-ID in <cats@example.net>.\n\n\nOriginal mail as follows:\n\n",
        (("cats@example.net", "Duplicated Message-ID in ."),),
        signs=("duplicated message-id in", "loop alert", "list is closed", "you are not a member"),
        heads=("x-mlserver: fml",),
        recipient=r"^(?P<why>[^\n<@]{1,200} )?<(?P<to>ADDRESS)>",
    ),
    Format(
        "mailgun",
        "Return-Path: <>\nFrom: Mail Delivery System <mailer-daemon@mailgun.net>\nTo: ann@example.com\n"
        "Subject: Delivery failure\n\n"
        "The message could not be delivered to: tom@example.org\n\nError: 550 5.1.1 User unknown\n",
        (("tom@example.org", "550 5.1.1 User unknown"),),
        signs=("could not be delivered to:",),
        heads=("@mailgun.",),
        recipient=r"delivered to:\s{1,8}<?(?P<to>ADDRESS)>?",
    ),
)
"""Of programs that serve many."""
