"""Pages for people who follow links of messages: plain, in one style, with nothing in them of who asks or of what."""

from __future__ import annotations

from functools import cache, cached_property
from http import HTTPStatus

Header = tuple[bytes, bytes]

_PRIVATE: tuple[Header, ...] = (
    (b"cache-control", b"no-store"),
    (b"x-robots-tag", b"noindex"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-type", b"text/html; charset=utf-8"),
)

_CLOSED = b"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

_ISOLATED = (
    b"sandbox allow-forms allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation; "
    b"default-src 'none'; img-src http: https: data:; media-src http: https:; font-src http: https: data:; "
    b"style-src 'unsafe-inline' http: https:; form-action http: https:; frame-ancestors 'none'"
)
"""A message is what its author wrote: it runs no script, and stands in no relation to this server's origin."""

_WHOLE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --ink: #1c1c1e; --paper: #fff }}
@media (prefers-color-scheme: dark) {{ :root {{ --ink: #ececee; --paper: #18181a }} }}
body {{ margin: 0; min-height: 100vh; display: grid; place-content: center }}
body {{ background: var(--paper); color: var(--ink) }}
main {{ box-sizing: border-box; max-width: 34rem; padding: 2rem 1.5rem 18vh; text-align: center }}
body {{ font: 1.125rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif }}
h1 {{ font-size: 1.75rem; line-height: 1.2; margin: 0 0 1rem; text-wrap: balance }}
p {{ margin: 0 0 1.75rem; text-wrap: balance }}
button {{ font: inherit; font-weight: 600; padding: .7rem 2rem; border: 0; border-radius: .5rem; cursor: pointer }}
button {{ background: var(--ink); color: var(--paper) }}
button:focus-visible {{ outline: 3px solid; outline-offset: 3px }}
</style>
<main>
<h1>{title}</h1>
{body}
</main>
</html>
"""


class Page:
    """A page as it is sent.

    Parameters:
        status: the status of the answer.
        body: what it says.
        headers: its headers, their length among them.
    """

    def __init__(self, status: int, body: bytes, headers: list[Header]) -> None:
        self.status = status
        self.body = body
        self.headers = headers

    @cached_property
    def head(self) -> bytes:
        """Its status and headers as HTTP/1.1 writes them, without the empty line at their end."""
        phrase = HTTPStatus(self.status).phrase.encode()
        lines = [b"HTTP/1.1 %d %b\r\n" % (self.status, phrase), *(b"%b: %b\r\n" % header for header in self.headers)]
        return b"".join(lines)


def _page(status: int, title: str, body: str, *headers: Header) -> Page:
    octets = _WHOLE.format(title=title, body=body).encode()
    policy = ((b"content-security-policy", _CLOSED), (b"referrer-policy", b"no-referrer"))
    return Page(status, octets, [*_PRIVATE, *policy, _length(octets), *headers])


def _length(octets: bytes) -> Header:
    return (b"content-length", b"%d" % len(octets))


_BUTTON = '<form method="post"><button>Unsubscribe</button></form>'

QUESTION = _page(200, "Unsubscribe?", f"<p>You will get no more messages from this sender.</p>\n{_BUTTON}")
DONE = _page(200, "Unsubscribed", "<p>You will get no more messages from this sender.</p>")
AGAIN = _page(
    503,
    "Please try again",
    f"<p>This could not be noted just now.</p>\n{_BUTTON}",
    (b"retry-after", b"10"),
)
"""Nobody is told that he is unsubscribed and is not."""

NOTHING = _page(404, "This link does not work", "<p>Please use the link in the message, the whole of it.</p>")
NO_COPY = _page(
    404, "This message can no longer be shown", "<p>Messages are shown as web pages for a limited time.</p>"
)
LATER = _page(503, "Please try again", "<p>This does not work just now.</p>", (b"retry-after", b"10"))


@cache
def refusal(status: int, title: str, *headers: Header) -> Page:
    """Return the page for a request that is not understood."""
    return _page(status, title, "<p>The request cannot be answered as it is.</p>", *headers)


def mirror(html: str) -> Page:
    """Return a message as a page; links in it tell others which server they stand on, and no more."""
    octets = html.encode(errors="replace")
    policy = ((b"content-security-policy", _ISOLATED), (b"referrer-policy", b"strict-origin"))
    return Page(200, octets, [*_PRIVATE, *policy, _length(octets)])
