"""Composers make letters in processes of their own; whatever happens there, each order has one answer."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec
import pytest
import uvloop

from estampe.execution.composing import composers as pool
from estampe.execution.composing import frames
from estampe.execution.composing.composer import Composer
from estampe.execution.composing.composers import Composers, NoComposer
from estampe.execution.composing.frames import HEADER, Kind, Limits
from estampe.execution.composing.rendering import Renderer
from estampe.execution.orders import Letter, NoLetter, Order, Rendered, Sender, Template
from estampe.settings import Settings
from estampe.tracking.linking.rewriting import rewrite

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

ENDLESS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"


def order(text: str = "Hello {{ name }}", subject: str = "For {{ name }}", **more: Any) -> Order:
    members: dict[str, Any] = {
        "stamp": uuid4(),
        "template": Template(subject=subject, text=text),
        "variables": {"name": "Zoé"},
        "sender": Sender(address="shop@example.com"),
        "to": "zoe@example.org",
        "message_id": "1@example.com",
        "return_path": "b@example.com",
        "time_ms": 1_614_089_576_625,
    }
    return Order(**members | more)


@asynccontextmanager
async def composing(**chosen: Any) -> AsyncIterator[Composers]:
    composers = Composers(Settings(**{"composers": 1, "render_seconds": 10.0, **chosen}), "estampe.composer")
    try:
        yield composers
    finally:
        await composers.close()


def reasons(*orders: Order, **chosen: Any) -> list[str]:
    """Return why each order has no letter, asked one after the other, and see that the next one has."""

    async def ask() -> list[str]:
        async with composing(**chosen) as composers:
            made = [await composers.preview(each) for each in orders]
            assert isinstance(await composers.preview(order()), Rendered)
        return [each.message for each in made if isinstance(each, NoLetter)]

    return asyncio.run(ask())


def pids(composers: Composers) -> list[int]:
    return [child._transport.get_pid() for child in composers._ready]


@pytest.fixture
def sitecustomize(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module that each process of a test runs at its start."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path / "sitecustomize.py"


COMPOSING = """
import sys, types
from estampe.execution.orders import Letter

def compose(order, rendered, limit):
    return Letter(sender=order.return_path, recipient=order.to, message=f"{rendered.text} {limit}".encode())

sys.modules["estampe.execution.composing.messages"] = types.SimpleNamespace(compose=compose)
"""


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_an_order_becomes_a_letter(run: Callable[[Awaitable[Any]], Any], sitecustomize: Path) -> None:
    sitecustomize.write_text(COMPOSING)

    async def ask() -> Letter | NoLetter:
        async with composing(message_limit=4_096) as composers:
            return await composers.compose(order())

    assert run(ask()) == Letter(sender="b@example.com", recipient="zoe@example.org", message="Hello Zoé 4096".encode())


def test_a_preview_is_rendered_and_no_more() -> None:
    async def ask() -> Rendered | NoLetter:
        async with composing() as composers:
            return await composers.preview(order())

    assert asyncio.run(ask()) == Rendered(subject="For Zoé", text="Hello Zoé")


def test_many_orders_are_each_answered_for_themselves() -> None:
    async def ask() -> list[Rendered | NoLetter]:
        async with composing(composers=2) as composers:
            names = ({"name": f"{number} {'x' * number}"} for number in range(500))
            return await asyncio.gather(*(composers.preview(order(variables=each)) for each in names))

    assert [made.text for made in asyncio.run(ask()) if isinstance(made, Rendered)] == [
        f"Hello {number} {'x' * number}" for number in range(500)
    ]


def test_a_large_order_passes_whole() -> None:
    async def ask() -> Rendered | NoLetter:
        async with composing() as composers:
            return await composers.preview(order("é" * 3_000_000, as_is=("text",)))

    assert asyncio.run(ask()) == Rendered(subject="For Zoé", text="é" * 3_000_000)


def test_what_stops_a_message_is_said_plainly() -> None:
    assert reasons(
        order("\n{{ nope }}"), order("{{ cancel('no\nstock\\x07') }}"), order("{{ cancel('é' * 999) }}")
    ) == [
        "text line 2: 'nope' is not defined",
        "no stock ",
        "é" * 500,
    ]


def test_a_message_that_takes_too_long_is_given_up() -> None:
    assert reasons(order(ENDLESS), order("{{ 'x' * 99999 }}"), render_seconds=0.5) == [
        "it takes longer than 0.5 s (ESTAMPE_RENDER_SECONDS)"
    ]


HUNGRY = (
    "{{ 'x' | center(10 ** 10) }}",
    "{% set n = namespace(x='xx') %}{% for i in range(40) %}{% set n.x = n.x ~ n.x %}{% endfor %}{{ n.x | length }}",
    "{{ ('x' * 99999) | replace('x', 'x' * 99999) | length }}",
    "{{ (1).to_bytes(10 ** 10) | length }}",
    "{{ range(99999) | batch(10 ** 10, 'x') | list | length }}",
)


def test_a_message_that_needs_too_much_memory_is_given_up() -> None:
    told = reasons(*map(order, HUNGRY), render_memory=64 * 1_048_576)
    assert told == ["it needs more memory than ESTAMPE_RENDER_MEMORY allows"] * len(HUNGRY)


def test_an_order_whose_composer_is_killed_is_made_by_another() -> None:
    async def ask() -> list[Rendered | NoLetter]:
        async with composing() as composers:
            await composers.preview(order())
            asked = [asyncio.create_task(composers.preview(order())) for _ in range(20)]
            await asyncio.sleep(0)
            os.kill(pids(composers)[0], signal.SIGKILL)
            return await asyncio.gather(*asked)

    assert asyncio.run(ask()) == [Rendered(subject="For Zoé", text="Hello Zoé")] * 20


def test_when_composers_are_killed_again_and_again_no_message_is_to_blame() -> None:
    async def ask() -> None:
        async with composing() as composers:
            asked = asyncio.create_task(composers.preview(order(ENDLESS)))
            killed: set[int] = set()
            while not asked.done():
                for pid in set(pids(composers)) - killed:
                    os.kill(pid, signal.SIGKILL)
                    killed.add(pid)
                await asyncio.sleep(0.01)
            with pytest.raises(NoComposer, match="out of memory"):
                await asked
            assert len(killed) == 2

    asyncio.run(ask())


BREAKING = """
import os, resource
from estampe.execution.composing import rendering

def render(self, template, *facts, real=rendering.Renderer.render):
    return os.abort() if template.subject == "abort" else real(self, template, *facts)

rendering.Renderer.render = render
"""


def test_a_message_that_breaks_its_composer_twice_is_given_up(sitecustomize: Path) -> None:
    sitecustomize.write_text(BREAKING)
    assert reasons(order(subject="abort")) == ["each process that tries to make it breaks down (SIGABRT)"]


def test_a_fault_of_ours_is_no_traceback_for_others(sitecustomize: Path, capfd: pytest.CaptureFixture[str]) -> None:
    sitecustomize.write_text(BREAKING.replace("os.abort()", "1 / 0"))
    assert reasons(order(subject="abort")) == [
        "the server could not make it, and wrote the cause to its standard error"
    ]
    assert "ZeroDivisionError" in capfd.readouterr().err


@pytest.mark.usefixtures("capfd")
def test_when_no_composer_can_start_no_message_is_to_blame(sitecustomize: Path) -> None:
    sitecustomize.write_text("import os; os._exit(3)")

    async def ask() -> list[Any]:
        async with composing() as composers:
            return await asyncio.gather(*(composers.preview(order()) for _ in range(3)), return_exceptions=True)

    assert [type(each) for each in asyncio.run(ask())] == [NoComposer] * 3


def test_an_order_that_nobody_waits_for_is_not_made() -> None:
    async def ask() -> int:
        async with composing() as composers:
            given_up = [asyncio.create_task(composers.preview(order(ENDLESS))) for _ in range(5)]
            await asyncio.sleep(0)
            for each in given_up:
                each.cancel()
            await asyncio.gather(*given_up, return_exceptions=True)
            assert isinstance(await composers.preview(order()), Rendered)
            return len(pids(composers))

    assert asyncio.run(ask()) == 1


def test_a_party_with_slow_templates_slows_down_itself() -> None:
    async def ask() -> int:
        async with composing(render_seconds=0.2) as composers:
            await composers.preview(order())
            slow = [asyncio.create_task(composers.preview(order(ENDLESS), "slow")) for _ in range(8)]
            await asyncio.sleep(0)
            await asyncio.gather(*(composers.preview(order(), "fast") for _ in range(100)))
            return sum(each.done() for each in slow)

    assert asyncio.run(ask()) <= 2


def test_a_party_whose_messages_break_composers_slows_down_itself(sitecustomize: Path) -> None:
    sitecustomize.write_text(BREAKING)

    async def ask() -> int:
        async with composing() as composers:
            await composers.preview(order())
            breaking = [asyncio.create_task(composers.preview(order(subject="abort"), "breaking")) for _ in range(6)]
            await asyncio.sleep(0)
            await asyncio.gather(*(composers.preview(order(), "sound") for _ in range(20)))
            done = sum(each.done() for each in breaking)
        await asyncio.gather(*breaking, return_exceptions=True)
        return done

    assert asyncio.run(ask()) <= 1


def test_memory_that_other_templates_have_taken_is_no_reason_to_refuse_a_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    composer = Composer(10_000, rewrite)
    full = composer._renderer

    def render(renderer: Renderer, *facts: Any, real: Any = Renderer.render) -> Any:
        if renderer is full:
            raise MemoryError
        return real(renderer, *facts)

    monkeypatch.setattr(Renderer, "render", render)
    assert composer.answer(Kind.RENDERED, order()) == Rendered(subject="For Zoé", text="Hello Zoé")


def test_numbers_are_as_large_as_they_were_written() -> None:
    async def ask() -> Rendered | NoLetter:
        async with composing() as composers:
            return await composers.preview(order("{{ iccid + 1 }}", variables={"name": "Zoé", "iccid": 10**30}))

    assert asyncio.run(ask()) == Rendered(subject="For Zoé", text=f"{10**30 + 1}")


def test_variables_that_are_nested_too_deeply_stop_one_message() -> None:
    deep: list[Any] = []
    for _ in range(5_000):
        deep = [deep]
    assert reasons(order(variables={"deep": deep})) == ["its variables are nested too deeply"]


def test_too_many_orders_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_WAITING", 3)

    async def ask() -> list[Any]:
        async with composing() as composers:
            many = [composers.preview(order(), "many") for _ in range(5)]
            other = composers.preview(order(), "other")
            return await asyncio.gather(*many, other, return_exceptions=True)

    assert [type(each) for each in asyncio.run(ask())] == [Rendered] * 3 + [NoComposer] * 2 + [Rendered]


def test_closing_answers_what_composers_have_before_them() -> None:
    async def ask() -> list[Any]:
        async with composing() as composers:
            await composers.preview(order())
            asked = [asyncio.create_task(composers.preview(order())) for _ in range(5)]
            await asyncio.sleep(0)
            running = pids(composers)
        for pid in running:
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)
        return await asyncio.gather(*asked, composers.preview(order()), return_exceptions=True)

    assert [type(each) for each in asyncio.run(ask())] == [Rendered] * 2 + [NoComposer] * 4


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes show their environment on Linux only")
def test_composers_know_no_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESTAMPE_RELAYS", "smtps://user:secret@relay.example")

    async def ask() -> bytes:
        async with composing() as composers:
            await composers.preview(order())
            return environments(pids(composers))

    known = asyncio.run(ask())
    assert b"PATH=" in known
    assert b"secret" not in known


def environments(running: list[int]) -> bytes:
    return b"".join(Path(f"/proc/{pid}/environ").read_bytes() for pid in running)


def composer(seconds: float) -> subprocess.Popen[bytes]:
    limits = msgspec.json.encode(Limits(seconds=seconds, memory=1 << 28, message=10_000)).decode()
    command = (sys.executable, "-P", "-m", "estampe.composer", limits)
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


@pytest.mark.parametrize("last", [b"", b"\0\0", HEADER.pack(10, Kind.LETTER) + b"half"])
def test_a_composer_ends_with_its_input_and_with_nothing_else(last: bytes) -> None:
    with composer(seconds=10) as process:
        assert process.stdout is not None
        assert process.stdout.read(HEADER.size) == frames.ready()
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        answers, _ = process.communicate(frames.task(Kind.RENDERED, order()) + last)
    made = frames.answer(Rendered(subject="For Zoé", text="Hello Zoé"))
    assert (answers, process.returncode) == (made, 0)


def test_a_composer_whose_server_is_gone_ends_in_the_middle_of_an_endless_message() -> None:
    with composer(seconds=0.1) as process:
        process.communicate(frames.task(Kind.RENDERED, order(ENDLESS)))
    assert process.returncode == -signal.SIGALRM


def test_html_that_is_nested_too_deeply_for_the_inliner_harms_one_message() -> None:
    html = Template(subject="x", html="<style>p { top: 0 }</style>" + "<div>" * 50_000)
    assert len(reasons(order(template=html), render_seconds=0.5)) == 1


LINKED = '<a href="https://x.example/" tracking="Enabled">x</a><a href="MirrorPage">y</a>'


def test_links_are_written_into_html_and_not_into_the_text_made_of_it() -> None:
    composer = Composer(10_000, lambda html, seal: f"{html} {seal.decode()}")
    variables = {"links": {"mirror": "https://m.example/"}}
    made = composer.answer(Kind.RENDERED, order(template=Template(html=LINKED), variables=variables, seal=b"sealed"))
    assert made == Rendered(subject="", html=f"{LINKED} sealed", text="x <https://x.example/>y <https://m.example/>")


def test_html_that_a_call_brought_is_left_alone() -> None:
    composer = Composer(10_000, rewrite)
    made = composer.answer(Kind.RENDERED, order(template=Template(html=LINKED), as_is=("html",)))
    assert isinstance(made, Rendered)
    assert made.html == LINKED


def test_without_a_seal_only_what_asks_for_links_vanishes() -> None:
    async def ask() -> Rendered | NoLetter:
        async with composing() as composers:
            return await composers.preview(order(template=Template(html=LINKED)))

    made = asyncio.run(ask())
    assert isinstance(made, Rendered)
    assert made.html == '<a href="https://x.example/">x</a><a href="#">y</a>'


def test_a_composer_knows_nothing_of_catalog_and_log() -> None:
    """It starts in a moment, and has nothing within reach of templates."""
    told = "import sys, estampe.composer; print(*(name for name in sys.modules if name.startswith('estampe.')))"
    loaded = subprocess.run([sys.executable, "-P", "-c", told], capture_output=True, check=True, text=True).stdout
    assert {name.split(".")[1] for name in loaded.split()} == {
        "composer",
        "confinement",
        "errors",
        "execution",
        "settings",
        "tracking",
        "version",
    }
