"""nginx, which has only to send a file, or a redirection that is always the same."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from machine import need
from process import Process, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIGURATION = """\
{user}
daemon off;
worker_processes auto;
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    default_type application/json;
    server {{
        listen 127.0.0.1:{sendfile};
        root {root};
        sendfile on;
        tcp_nopush on;
    }}
    server {{
        listen 127.0.0.1:{buffers};
        root {root};
        sendfile off;
        output_buffers 2 1m;
    }}
}}
"""


REDIRECTING = """\
{user}
daemon off;
worker_processes auto;
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    keepalive_requests 100000000;
    server {{
        listen 127.0.0.1:{port};
        location /t/ {{ return 302 {target}; }}
        location /o/ {{ empty_gif; }}
    }}
}}
"""


class Nginx(NamedTuple):
    """Where it listens: as Debian configures it (sendfile), and with output buffers of 1 MiB in its place."""

    process: Process
    sendfile: str
    buffers: str


@contextmanager
def serve(file: Path, folder: Path) -> Iterator[Nginx]:
    """Serve the folder of `file`; its own files go to `folder`."""
    nginx = need("nginx")
    ports = free_port(), free_port()
    user = "user root;" if os.geteuid() == 0 else ""  # may read the file wherever the checkout is
    configuration = folder / "nginx.conf"
    configuration.write_text(
        CONFIGURATION.format(user=user, folder=folder, root=file.parent, sendfile=ports[0], buffers=ports[1])
    )
    command = [nginx, "-p", folder, "-e", "stderr", "-c", configuration]
    with Process(command, port=ports[1], log=folder / "nginx.log") as process:
        addresses = (f"http://127.0.0.1:{port}/{file.name}" for port in ports)
        yield Nginx(process, *addresses)


@contextmanager
def redirect(target: str, folder: Path) -> Iterator[tuple[Process, str]]:
    """Redirect all below /t/ to a target, and answer all below /o/ with a GIF; its own files go to `folder`."""
    nginx, port = need("nginx"), free_port()
    user = "user root;" if os.geteuid() == 0 else ""
    configuration = folder / "nginx.conf"
    configuration.write_text(REDIRECTING.format(user=user, folder=folder, port=port, target=target))
    command = [nginx, "-p", folder, "-e", "stderr", "-c", configuration]
    with Process(command, port=port, log=folder / "nginx.log") as process:
        yield process, f"http://127.0.0.1:{port}"
