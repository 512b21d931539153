"""What one writes oneself: smtplib, string.Template and dkimpy in a loop, a connection and a process for each worker.

Run as `plain_mailer PORT COUNT WORKERS SIGNED`, the last 1 or 0; it says how long it took, seconds.
"""

from __future__ import annotations

import smtplib
import sys
import time
from email.message import EmailMessage
from multiprocessing import Pool
from string import Template
from typing import TYPE_CHECKING

import dkim

from letters import DOMAIN, HTML, SELECTOR, SUBJECT, TEXT, key_file, letters, with_dollars

if TYPE_CHECKING:
    from letters import Letter

HEADERS = [b"from", b"to", b"subject", b"date", b"message-id", b"mime-version", b"content-type"]


def send(port: int, signed: int, some: list[Letter]) -> None:
    """Send messages over one connection."""
    subject, html, text = (Template(with_dollars(part)) for part in (SUBJECT, HTML, TEXT))
    key = key_file().read_bytes()
    with smtplib.SMTP("127.0.0.1", port) as server:
        for number, letter in enumerate(some):
            message = EmailMessage()
            message["From"] = f"The Shop <orders@{DOMAIN}>"
            message["To"] = letter.address
            message["Subject"] = subject.substitute(letter.variables)
            message["Date"] = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime())
            message["Message-ID"] = f"<{time.time_ns()}.{number}@{DOMAIN}>"
            message.set_content(text.substitute(letter.variables))
            message.add_alternative(html.substitute(letter.variables), subtype="html")
            body = message.as_bytes(policy=message.policy.clone(linesep="\r\n"))
            if signed:
                body = dkim.sign(body, SELECTOR.encode(), DOMAIN.encode(), key, include_headers=HEADERS) + body
            server.sendmail(f"bounces@{DOMAIN}", letter.address, body)


def main(port: int, count: int, workers: int, signed: int) -> None:
    """Send all, and say how long it took."""
    everything = list(letters(count))
    begun_s = time.monotonic()
    with Pool(workers) as pool:
        pool.starmap(send, [(port, signed, everything[worker::workers]) for worker in range(workers)])
    print(time.monotonic() - begun_s)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
