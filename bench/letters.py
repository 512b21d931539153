"""The message that everyone sends, and to whom: HTML of some 10 KB with twenty variables, and a text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from corpus import WORK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DOMAIN = "shop.example"
SELECTOR = "bench"
DOMAINS = 50
ITEMS = range(1, 9)
SUBJECT = "{{ firstname }}, your order {{ order }} is on its way"
ROW = """\
<tr><td style="padding:8px 16px;border-bottom:1px solid #e4e4e4;font:14px Helvetica,Arial,sans-serif">\
{{{{ item{0} }}}}</td>\
<td style="padding:8px 16px;border-bottom:1px solid #e4e4e4;text-align:right">{{{{ price{0} }}}} €</td></tr>
"""
NOTE = """\
<p style="margin:0 0 12px;font-family:Helvetica,Arial,sans-serif;font-size:12px;line-height:18px;color:#767676">You may
return what you do not like within thirty days: print the label from your account, put it on the parcel as it came, and
leave it at any post office — the money is back within a week. Questions? Answer to this message.</p>
"""
HTML = "\n".join(
    [
        '<html><body style="margin:0;background:#f6f6f6"><table width="600" style="margin:auto;background:#ffffff">',
        "<tr><td colspan=2><h1>Thank you, {{ firstname }}!</h1><p>Order {{ order }}, to {{ city }}</p></td></tr>",
        *(ROW.format(number) for number in ITEMS),
        "<tr><td colspan=2><p>Altogether {{ total }} €</p>",
        NOTE * 23,
        "</td></tr></table></body></html>",
    ]
)
TEXT = "Thank you, {{ firstname }}!\n\n" + "".join(f"{{{{ item{n} }}}}: {{{{ price{n} }}}} €\n" for n in ITEMS)


class Letter(NamedTuple):
    """For whom a message is, and what it says."""

    address: str
    variables: dict[str, str]


def letters(count: int) -> Iterator[Letter]:
    """Yield what is sent."""
    for number in range(count):
        items = {f"item{n}": f"Lamp {number % 97} of kind {n}" for n in ITEMS}
        prices = {f"price{n}": f"{(number * n) % 90 + 9}.90" for n in ITEMS}
        names = {"firstname": f"Zoé {number}", "city": f"City {number % 500}", "order": f"A-{number}", "total": "99.90"}
        yield Letter(f"person{number}@inbox{number % DOMAINS}.example", names | items | prices)


def with_dollars(template: str) -> str:
    """Write a template's variables as `string.Template` has them."""
    return re.sub(r"\{\{ (\w+) \}\}", r"${\1}", template)


def key_file() -> Path:
    """Return the RSA key of 2,048 bits that everyone signs with, where Estampe looks for it."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  peers that only read have it made
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415  the same

    kept = WORK / "dkim" / DOMAIN / f"{SELECTOR}.pem"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
        encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL
        kept.write_bytes(key.private_bytes(encoding, form, serialization.NoEncryption()))
    return kept
