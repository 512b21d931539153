"""The words of events. All but `Verdict` are open: an unknown word is kept as it came."""

from enum import StrEnum


class EventType(StrEnum):
    """What happened (`type` of an event)."""

    EXECUTION = "execution"  # a message was accepted
    CANCELLATION = "cancellation"  # and not sent
    ACTIVATION = "activation"  # or handed over
    BOUNCE = "bounce"
    HIT = "hit"  # opened, clicked, seen
    CREATION = "creation"
    MODIFICATION = "modification"
    IMPRESSION = "impression"
    SUPPRESSION = "suppression"
    OPTOUT = "optout"
    REPLY = "reply"
    COMPLAINT = "complaint"


REACTIONS = tuple(
    each.value
    for each in (
        EventType.BOUNCE,
        EventType.HIT,
        EventType.IMPRESSION,
        EventType.REPLY,
        EventType.OPTOUT,
        EventType.COMPLAINT,
    )
)
"""The types of events that follow an activation."""


class Channel(StrEnum):
    """By which way (`source.type`)."""

    EMAIL = "email"
    NOTIFICATION = "notification"
    SMS = "sms"
    DISPLAY = "display"


class Kind(StrEnum):
    """What was executed or activated (`kind`)."""

    MESSAGE = "message"
    APPLICATION = "application"  # of notifications


class Verdict(StrEnum):
    """Whether a bounced address is dead; closed."""

    HARD = "hard"
    SOFT = "soft"


class StatusSubject(StrEnum):
    """What a bounce is about: the subjects of RFC 3463 section 3, by their second number."""

    OTHER = "other or undefined status"
    ADDRESS = "address"
    MAILBOX = "mailbox"
    MAIL_SYSTEM = "mail system"
    NETWORK = "network and routing"
    PROTOCOL = "mail delivery protocol"
    CONTENT = "message content or media"
    SECURITY = "security or policy"


class StatusDetail(StrEnum):
    """What exactly is wrong: the details of RFC 3463 sections 3.1 to 3.8, by their last two numbers."""

    X_0_0 = "other undefined status"
    X_1_0 = "other address status"
    X_1_1 = "bad destination mailbox address"
    X_1_2 = "bad destination system address"
    X_1_3 = "bad destination mailbox address syntax"
    X_1_4 = "destination mailbox address ambiguous"
    X_1_5 = "destination address valid"
    X_1_6 = "destination mailbox has moved, no forwarding address"
    X_1_7 = "bad sender's mailbox address syntax"
    X_1_8 = "bad sender's system address"
    X_2_0 = "other or undefined mailbox status"
    X_2_1 = "mailbox disabled, not accepting messages"
    X_2_2 = "mailbox full"
    X_2_3 = "message length exceeds administrative limit"
    X_2_4 = "mailing list expansion problem"
    X_3_0 = "other or undefined mail system status"
    X_3_1 = "mail system full"
    X_3_2 = "system not accepting network messages"
    X_3_3 = "system not capable of selected features"
    X_3_4 = "message too big for system"
    X_3_5 = "system incorrectly configured"
    X_4_0 = "other or undefined network or routing status"
    X_4_1 = "no answer from host"
    X_4_2 = "bad connection"
    X_4_3 = "directory server failure"
    X_4_4 = "unable to route"
    X_4_5 = "mail system congestion"
    X_4_6 = "routing loop detected"
    X_4_7 = "delivery time expired"
    X_5_0 = "other or undefined protocol status"
    X_5_1 = "invalid command"
    X_5_2 = "syntax error"
    X_5_3 = "too many recipients"
    X_5_4 = "invalid command arguments"
    X_5_5 = "wrong protocol version"
    X_6_0 = "other or undefined media error"
    X_6_1 = "media not supported"
    X_6_2 = "conversion required and prohibited"
    X_6_3 = "conversion required but not supported"
    X_6_4 = "conversion with loss performed"
    X_6_5 = "conversion failed"
    X_7_0 = "other or undefined security status"
    X_7_1 = "delivery not authorized, message refused"
    X_7_2 = "mailing list expansion prohibited"
    X_7_3 = "security conversion required but not possible"
    X_7_4 = "security features not supported"
    X_7_5 = "cryptographic failure"
    X_7_6 = "cryptographic algorithm not supported"
    X_7_7 = "message integrity failure"


class FeedbackType(StrEnum):
    """What a complaint says: the registered feedback types of RFC 5965 section 7.3 and RFC 6430."""

    ABUSE = "abuse"
    AUTH_FAILURE = "auth-failure"
    FRAUD = "fraud"
    NOT_SPAM = "not-spam"
    OTHER = "other"
    VIRUS = "virus"


class OptoutType(StrEnum):
    """How somebody opted out."""

    LINK = "link"  # of the message itself
    FORM = "form"
    ONE_CLICK = "one-click"  # List-Unsubscribe-Post, RFC 8058
    MAIL = "mail"  # List-Unsubscribe with a mailto address, RFC 2369


class ReplyType(StrEnum):
    """What came back."""

    MESSAGE = "message"
    STOP = "stop"  # the word that ends a subscription
