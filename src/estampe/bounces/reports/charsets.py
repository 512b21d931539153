"""Charsets: octets as text, whatever they say they are, and rightly or not."""

from __future__ import annotations

import re
from encodings.aliases import aliases

_TEXTS = re.compile(
    r"ascii|utf_(?:7|8|16|16_be|16_le|32|32_be|32_le)|cp[0-9]{3,5}|iso8859_[0-9]{1,2}|latin_1|koi8_[rtu]|mac_[a-z]{4,9}"
    r"|iso2022_(?:jp|jp_1|jp_2|jp_3|jp_2004|jp_ext|kr)|shift_jisx?[0-9_]{0,5}|euc_(?:jp|kr|jisx0213|jis_2004)"
    r"|big5|big5hkscs|gb2312|gbk|gb18030|hz|johab|hp_roman8|kz1048|ptcp154|tis_620"
)
"""The codecs that strangers may name: those of texts, none that unpacks, escapes or is slow."""

_WIDER = {
    "ascii": "utf_8",
    "latin_1": "cp1252",
    "iso8859_9": "cp1254",
    "tis_620": "cp874",
    "iso8859_11": "cp874",
    "shift_jis": "cp932",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "iso2022_jp": "iso2022_jp_ext",
    "big5": "cp950",
}
"""What is meant by narrow names: charsets that hold more and differ in nothing else (as browsers take them)."""

_OURS = {
    "uft8": "utf_8",
    "utf": "utf_8",
    "unicode11utf8": "utf_8",
    "unicode11utf7": "utf_7",
    "xutf7": "utf_7",
    "xsjis": "cp932",
    "windows31j": "cp932",
    "xeucjp": "euc_jp",
    "iso2022jpms": "iso2022_jp_ext",
    "cp50220": "iso2022_jp_ext",
    "cp50221": "iso2022_jp_ext",
    "xgbk": "gb18030",
    "xbig5": "cp950",
    "ksc56011987": "cp949",
    "xwindows949": "cp949",
    "koi8": "koi8_r",
    "koi8u": "koi8_u",
    "koi8ru": "koi8_u",
    "cp874": "cp874",
    "windows874": "cp874",
    "iso88598i": "iso8859_8",
    "iso88598e": "iso8859_8",
    "macintosh": "mac_roman",
    "ansi": "cp1252",
    "iso": "cp1252",
}
_UNLABELLED = "cp1252"
_UNPAIRED = ("utf_7",)
_SHIFTED = ("utf_7", "hz", "iso2022_kr")
_ESCAPE = b"\x1b"
_JAPANESE = "iso2022_jp_ext"
_JAPANESE_ESCAPES = (b"\x1b$B", b"\x1b$@", b"\x1b(J", b"\x1b(I")
_LONGEST = 64
_CONTROLS = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
_SHOWN = bytes(ord("?") if _CONTROLS.match(chr(octet)) else octet for octet in range(256))


def _key(name: str) -> str:
    return "".join(filter(str.isalnum, name.lower()))


_CODECS = {
    _key(name): _WIDER.get(codec, codec)
    for alias, codec in aliases.items()
    for name in (alias, codec)
    if _TEXTS.fullmatch(codec)
} | _OURS


def text(octets: bytes, charset: str = "") -> str:
    """Return octets as text; as UTF-8 or Windows-1252 where they are not what they say.

    Characters that no text has, but for tabs and line ends, become a question mark each; NUL is left out.

    Parameters:
        octets: what may be text.
        charset: its name, as a stranger wrote it; empty for none.
    """
    codec = _CODECS.get(_key(charset)) if charset and len(charset) <= _LONGEST else None
    if octets.isascii() and _ESCAPE not in octets and codec not in _SHIFTED:
        return octets.translate(_SHOWN, b"\0").decode("ascii")
    found = _decoded(octets, codec)
    return _CONTROLS.sub("?", (_mended(found) if codec in _UNPAIRED else found).replace("\0", ""))


def _decoded(octets: bytes, codec: str | None) -> str:
    if octets.isascii() and any(each in octets for each in _JAPANESE_ESCAPES):
        return octets.decode(_JAPANESE, "replace")
    for each in (codec, "utf_8"):
        if each:
            try:
                return octets.decode(each)
            except UnicodeError:
                continue
    if codec is None or codec == "utf_8":
        return _mostly_utf_8(octets)
    try:
        return octets.decode(codec, "replace")
    except UnicodeError:  # some codecs can't do without what is missing
        return octets.decode("latin-1")


def _mostly_utf_8(octets: bytes) -> str:
    """Return text of which a little is broken or cut off; what has more of that was never UTF-8."""
    found = octets.decode("utf_8", "replace")
    others = len(found) - len(found.encode("ascii", "ignore"))
    return found if others > 2 * found.count("\ufffd") else octets.decode(_UNLABELLED, "replace")


def _mended(found: str) -> str:
    """Return text without halves of characters, which nothing could write."""
    return found.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
