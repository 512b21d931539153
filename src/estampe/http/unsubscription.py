"""The page and the call behind List-Unsubscribe: looking changes nothing, posting unsubscribes (RFC 8058)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from estampe.http.problems import RETRY, Kind, Problem
from estampe.log import LogError
from estampe.tracking import NoSuchMessage

if TYPE_CHECKING:
    from collections.abc import Callable

    from estampe.http.exchange import Exchange
    from estampe.http.services import Services

_BODY_LIMIT = 1_024
"""RFC 8058 section 3.2 posts `List-Unsubscribe=One-Click`; a browser's form posts nothing."""

_HEADERS = (
    ("cache-control", "no-store"),
    (
        "content-security-policy",
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    ("referrer-policy", "no-referrer"),
    ("x-robots-tag", "noindex"),
)
"""The address is a secret of its reader."""

_PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 1.1rem/1.5 system-ui, sans-serif; text-align: center }}
body {{ margin: 15vh auto; padding: 0 1.5rem; max-width: 32rem }}
button {{ font: inherit; padding: .6rem 1.6rem; border-radius: .4rem; border: 1px solid; cursor: pointer }}
</style>
<h1>{title}</h1>
{body}
</html>
"""

_PROMISE = "<p>You will get no more messages from this sender.</p>"
_BUTTON = '<form method="post"><button>Unsubscribe</button></form>'
_QUESTION = _PAGE.format(title="Unsubscribe?", body=f"{_PROMISE}\n{_BUTTON}").encode()
_DONE = _PAGE.format(title="Unsubscribed", body=_PROMISE).encode()
_NOTHING = _PAGE.format(
    title="This link does not work", body="<p>Use the link in the message, the whole of it.</p>"
).encode()


class Unsubscription:
    """Answers GET of the page and POST of what its button, or a mail program, sends.

    Parameters:
        services: what the handlers share.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    async def __call__(self, exchange: Exchange) -> None:
        """Show the page; where it is posted, unsubscribe first.

        Raises:
            Problem: it could not be kept.
        """
        posted = exchange.method == "POST"
        if posted:
            await exchange.read(_BODY_LIMIT, lambda _: None)
        unsubscribing = self._services.unsubscribing
        act: Callable[[str], object] = unsubscribing.unsubscribe if posted else unsubscribing.find
        try:
            await asyncio.get_running_loop().run_in_executor(self._services.readers, act, exchange.path_texts["token"])
        except NoSuchMessage:
            await exchange.answer(404, _NOTHING, "text/html; charset=utf-8", *_HEADERS)
        except LogError as exc:
            raise Problem(Kind.NOT_READY, str(exc), headers=[RETRY]) from exc
        else:
            await exchange.answer(200, _DONE if posted else _QUESTION, "text/html; charset=utf-8", *_HEADERS)
