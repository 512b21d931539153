"""Files: mails that lie in files and folders, one by one, however many there are."""

from __future__ import annotations

import re
import sys
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STANDARD_INPUT = "-"

_SINGLE = (".eml", ".msg")
"""Names of files that hold one mail each; it may quote what looks like the beginning of another."""

_BEGINS = re.compile(rb"From \S{0,998} {1,8}\S.{0,200}\d{4}")  # RFC 4155, and its looser relatives
_QUOTED = re.compile(rb">{1,64}From ")
_EMPTY = (b"\n", b"\r\n")
_LONGEST_LINE = 1 << 16

Named = tuple[str, bytes]


def mails(path: Path, limit: int) -> Iterator[Named]:
    """Yield the mails in a file or a folder, each with a name.

    Parameters:
        path: a mail, an mbox (RFC 4155), a Maildir, a folder of any of these, or `-` for standard input.
        limit: of a mail, no more than one byte beyond is read, so that it can be seen to be too large.

    Raises:
        OSError: something cannot be read.
    """
    if f"{path}" == STANDARD_INPUT:
        yield from _mails_in(sys.stdin.buffer, STANDARD_INPUT, limit)
    elif path.is_dir():
        for each in files_in(path):
            yield from mails(each, limit)
    else:
        with path.open("rb") as file:
            yield from _mails_in(file, f"{path}", limit)


def files_in(folder: Path) -> list[Path]:
    """Return the files of a folder in order; of a Maildir those that were delivered; what is no folder by itself."""
    if not folder.is_dir():
        return [folder]
    maildir = [folder / name for name in ("cur", "new") if (folder / name).is_dir()]
    return sorted(each for some in maildir or [folder] for each in some.iterdir() if each.is_file())


def _mails_in(file: IO[bytes], name: str, limit: int) -> Iterator[Named]:
    begin = file.readline(_LONGEST_LINE)
    if name.endswith(_SINGLE) or not _BEGINS.match(begin):
        yield name, begin + file.read(max(0, limit + 1 - len(begin)))
        return
    number, held = 0, b""
    for mail in _parted(file, limit):
        if number:
            yield f"{name}#{number}", held
        number, held = number + 1, mail
    yield (name if number == 1 else f"{name}#{number}"), held


def _parted(file: IO[bytes], limit: int) -> Iterator[bytes]:
    """Yield the mails of an mbox whose first line was read, with what was quoted for its sake as it was."""
    mail, last = bytearray(), b""
    while line := file.readline(_LONGEST_LINE):
        if last in _EMPTY and _BEGINS.match(line):
            yield _ended(mail, last, limit)
            mail, last = bytearray(), b""
            continue
        if len(mail) <= limit:
            mail += (line[1:] if _QUOTED.match(line) else line)[: limit + 1 - len(mail)]
        last = line
    yield _ended(mail, last, limit)


def _ended(mail: bytearray, last: bytes, limit: int) -> bytes:
    """Return a mail without the empty line that an mbox puts after it; one that is too large stays so."""
    return bytes(mail[: -len(last)] if last in _EMPTY and len(mail) <= limit else mail)
