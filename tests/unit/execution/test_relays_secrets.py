"""Passwords of relays are shown to nobody, whatever a relay does with them."""

from __future__ import annotations

import asyncio
from base64 import b64encode

import pytest

from estampe.execution.orders import Letter
from estampe.execution.relaying.relays import NoRelay, Relays
from estampe.settings import Settings
from smtp_servers import SmtpServer

LETTER = Letter(sender="b@a.example", recipient="tom@b.example", message=b"Subject: x\r\n\r\nx\r\n")
SHOWN = "s3cret", b64encode(b"s3cret").decode(), b64encode(b"\0us\0s3cret").decode()


@pytest.mark.parametrize("secret", SHOWN)
def test_an_answer_that_repeats_the_password_is_not_shown(secret: str, capsys: pytest.CaptureFixture[str]) -> None:
    async def refused(url: str) -> str:
        relays = Relays(Settings(relays=url, mail_domain="we.example"))
        with pytest.raises(NoRelay) as raised:
            await relays.deliver(LETTER, "b.example")
        await relays.close()
        return f"{raised.value} {relays.states()}"

    server = SmtpServer({"AUTH": f"500 5.5.1 I do not know AUTH PLAIN {secret}"}, users={"us": "s3cret"})
    with server.running():
        told = asyncio.run(refused(server.url.replace("//", "//us:s3cret@")))
    assert "500 (its answer repeats the password" in told
    assert secret not in told + "".join(capsys.readouterr())
