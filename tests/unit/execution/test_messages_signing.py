"""Signatures verify with dkimpy as it is, break when anything is changed, and come from the right key."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import dkim
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from dkim.canonicalization import Relaxed
from hypothesis import given
from hypothesis import strategies as st

from estampe.execution.composing.messages import compose
from estampe.execution.composing.signing import UnusableKey, relaxed, sign
from estampe.execution.orders import Order, Rendered, Sender, Signing, Template

if TYPE_CHECKING:
    from uuid import UUID


def pem(key: rsa.RSAPrivateKey | Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


RSA = rsa.generate_private_key(65_537, 2_048)
ED25519 = Ed25519PrivateKey.generate()
SIGNING = Signing(domain="example.com", selector="s1", key=pem(RSA))
PUBLIC = base64.b64encode(RSA.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
MESSAGE = (
    b"From: news@example.com\r\nTo: tom@example.org\r\nSubject: Hello\r\n  Tom\r\nDate: now\r\n"
    b"List-Unsubscribe: <https://a.example/>\r\nX-Estampe-Stamp: 1\r\nPrecedence: bulk\r\nX-Other: x\r\n\r\n"
    b"Hello\t Tom, \r\n\r\n\r\n"
)


def published(name: bytes, timeout: int = 5) -> bytes:
    """Answer as the DNS would."""
    del timeout
    assert name == b"s1._domainkey.example.com."
    return b"v=DKIM1; k=rsa; p=" + PUBLIC


def verifies(message: bytes) -> bool:
    right: bool = dkim.verify(message, dnsfunc=published)
    return right


def test_a_signed_message_verifies() -> None:
    signed = sign(MESSAGE, SIGNING)
    assert signed.startswith(b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n d=example.com;")
    assert signed.endswith(b"\r\n" + MESSAGE)
    assert max(map(len, signed.split(b"\r\n"))) <= 78
    assert verifies(signed)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"From: news@", b"From: eve@"),
        (b"Hello\t Tom", b"Hello Eve"),
        (b"Subject: Hello", b"Subject: Bye"),
        (b"https://a.example/", b"https://b.example/"),
        (b"Stamp: 1", b"Stamp: 2"),
        (b"bulk", b"list"),
        (b"From:", b"From: eve@example.net\r\nFrom:"),
        (b"From:", b"Subject: Bye\r\nFrom:"),
        (b"From:", b"To: eve@example.net\r\nFrom:"),
        (b"From:", b"Cc: eve@example.net\r\nFrom:"),
        (b"From:", b"Reply-To: eve@example.net\r\nFrom:"),
        (b"From:", b"Content-Type: text/html\r\nFrom:"),
        (b"From:", b"Content-Transfer-Encoding: base64\r\nFrom:"),
    ],
)
def test_a_signature_breaks_when_something_is_changed_or_added(old: bytes, new: bytes) -> None:
    header, _, rest = sign(MESSAGE, SIGNING).partition(b"From:")
    changed = header + (b"From:" + rest).replace(old, new, 1)
    assert not verifies(changed)


@pytest.mark.parametrize(
    ("old", "new"), [(b"\t ", b" "), (b"Tom, ", b"Tom,"), (b"\r\n  Tom", b" Tom"), (b"X-Other", b"X-O")]
)
def test_a_signature_survives_what_mail_servers_do(old: bytes, new: bytes) -> None:
    assert verifies(sign(MESSAGE, SIGNING).replace(old, new))


@given(st.binary(max_size=80) | st.text("ab \t\n", max_size=80).map(str.encode))
def test_the_relaxed_form_is_dkimpys(text: bytes) -> None:
    body = b"".join(line + b"\r\n" for line in text.replace(b"\r", b"").split(b"\n"))
    assert relaxed(body) == Relaxed.canonicalize_body(body)


@given(subject=st.text(max_size=80), text=st.text(min_size=1, max_size=200).filter(str.strip), stamp=st.uuids())
def test_every_composed_message_verifies(subject: str, text: str, stamp: UUID) -> None:
    order = Order(
        stamp=stamp,
        template=Template(),
        sender=Sender(address="news@example.com", label=subject, reply="help@example.com"),
        to="tom@example.org",
        headers={"References": "<a@b.example>"},
        message_id=f"{stamp}@example.com",
        return_path="b+abc@example.com",
        time_ms=0,
        feedback_id="a:b",
        unsubscribe="https://a.example/b",
        signing=SIGNING,
    )
    assert verifies(compose(order, Rendered(subject=subject, html=f"<p>{text}", text=text), 1_000_000).message)


class Verifier:
    """Verifies as the library would that dkimpy uses for Ed25519."""

    def __init__(self, key: Ed25519PublicKey) -> None:
        self._key = key

    def verify(self, digest: bytes, signature: bytes) -> None:
        self._key.verify(signature, digest)


def test_ed25519_signs_too(monkeypatch: pytest.MonkeyPatch) -> None:
    key = (Verifier(ED25519.public_key()), 256, b"ed25519", False)
    monkeypatch.setattr(dkim, "load_pk_from_dns", lambda *_, **__: key)
    monkeypatch.setattr(dkim, "nacl", None, raising=False)
    signed = sign(MESSAGE, Signing(domain="example.com", selector="s1", key=pem(ED25519)))
    assert b"a=ed25519-sha256;" in signed
    assert dkim.verify(signed)
    with pytest.raises((InvalidSignature, AttributeError)):  # the one that was raised, or what dkimpy makes of it
        dkim.verify(signed.replace(b"Subject: Hello", b"Subject: Bye"))


@pytest.mark.parametrize(
    "key",
    ["", "no key", SIGNING.key.replace("A", "B"), pem(ec.generate_private_key(ec.SECP256R1())), "é"],
    ids=range(5),
)
def test_what_is_no_key_for_dkim_is_refused(key: str) -> None:
    with pytest.raises(UnusableKey, match=r"s1 of example\.com"):
        sign(MESSAGE, Signing(domain="example.com", selector="s1", key=key))
