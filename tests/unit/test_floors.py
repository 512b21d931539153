"""The house has floors: imports go down only."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

import estampe

if TYPE_CHECKING:
    from collections.abc import Iterator

HOUSE = Path(estampe.__file__).parent
PARTS = {"execution", "tracking", "bounces", "sources", "feed", "stats"}
FLOORS: tuple[set[str], ...] = (
    {"__main__"},
    {"cli"},
    {"__init__"},  # the door: what `from estampe import …` gives to others
    {"client"},
    {"app", "composer"},  # wire everything below them together, so that the command need not
    {"http", "web"},
    PARTS,
    {"catalog"},
    {"log"},
    {"verdicts", "tokens"},
    {"events"},
    {"settings", "demo"},
    {"instants", "confinement"},
    {"errors"},
    {"version"},
)
"""From the top to the ground; what stands on one floor does not know its neighbours."""

RESIDENTS = set().union(*FLOORS)

OWNERS = {
    "apsw": "log",
    "rbloom": "log",
    "sqlalchemy": "catalog",
    "psycopg": "catalog",
    "jinja2": "execution",
    "css_inline": "execution",
    "lxml": "execution",
    "dkim": "execution",
    "cryptography": "execution",
    "aiosmtplib": "execution",
    "aiosmtpd": "bounces",
    "imapclient": "bounces",
    "device_detector": "tracking",
    "crawleruseragents": "tracking",
    "sqlite3": "tracking",
    "granian": "http",
    "starlette": "http",
    "httptools": "http",
    "httpx": "client",
}
"""Who alone knows a library."""


class Import(NamedTuple):
    """A module and what it imports, by full name."""

    module: str
    line: int
    imported: str

    @property
    def resident(self) -> str:
        """Which of the house's residents the module belongs to."""
        return _resident(self.module)


def _resident(module: str) -> str:
    return module.removeprefix("estampe").removeprefix(".").partition(".")[0] or "__init__"


def _name(path: Path) -> str:
    parts = path.relative_to(HOUSE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(source: str, module: str) -> Iterator[Import]:
    """Yield all imports of a module, those in functions and for type checkers only too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (Import(module, node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno} imports by a relative name"
            names = {alias.name for alias in node.names}
            residents = names & RESIDENTS if node.module == "estampe" else set()
            yield from (Import(module, node.lineno, f"estampe.{name}") for name in residents)
            if names - residents:
                yield Import(module, node.lineno, node.module or "")


def _everything() -> list[Import]:
    return [found for path in sorted(HOUSE.rglob("*.py")) for found in _imports(path.read_text(), _name(path))]


def _floor(resident: str) -> int:
    """Return how high a resident lives, the ground being 0."""
    return next(height for height, floor in enumerate(reversed(FLOORS)) if resident in floor)


def _goes_down(found: Import) -> bool:
    below = _resident(found.imported)
    return found.resident == below or _floor(found.resident) > _floor(below)


def _is_ours(found: Import) -> bool:
    return found.imported.split(".")[0] == "estampe"


def _wrong(imports: list[Import]) -> list[str]:
    ours = filter(_is_ours, imports)
    return [f"{each.module}:{each.line} imports {each.imported}" for each in ours if not _goes_down(each)]


def test_every_module_has_its_floor() -> None:
    residents = {_resident(_name(path)) for path in HOUSE.rglob("*.py")}
    assert residents - RESIDENTS == set()


def test_imports_go_down_only() -> None:
    assert _wrong(_everything()) == []


def test_a_library_is_known_to_its_owner_alone() -> None:
    assert [
        f"{found.module}:{found.line} imports {found.imported}"
        for found in _everything()
        if OWNERS.get(found.imported.split(".")[0], found.resident) != found.resident
    ] == []


def test_the_inside_of_the_log_is_its_own() -> None:
    """What is SQLite's business stays there; the rest of the house sees `estampe.log` only."""
    assert [
        f"{found.module}:{found.line} imports {found.imported}"
        for found in _everything()
        if found.imported.startswith("estampe.log.") and found.resident != "log"
    ] == []


def test_the_client_stands_on_the_model_alone() -> None:
    """Whoever reads over HTTP loads neither server nor log."""
    seen = {_resident(found.imported) for found in _everything() if found.resident == "client" and _is_ours(found)}
    assert seen <= {"client", "events", "instants", "errors", "version"}


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("estampe.events.json", "from estampe.log import Query"),
        ("estampe.log.store", "def open():\n    import estampe.catalog"),
        (
            "estampe.tracking",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from estampe.bounces import Dsn",
        ),
        ("estampe.stats.daily", "from estampe import feed"),
        ("estampe.http.api", "import estampe.cli.serve"),
        ("estampe.errors", "from estampe import settings"),
        ("estampe.http.api", "from estampe import Client"),
    ],
)
def test_an_import_that_goes_up_or_sideways_is_seen(module: str, source: str) -> None:
    assert len(_wrong(list(_imports(source, module)))) == 1


def test_an_import_that_goes_down_or_stays_at_home_is_not() -> None:
    source = "import json\nfrom estampe import events, version\nfrom estampe.log import Query\nimport estampe.http.api"
    assert _wrong(list(_imports(source, "estampe.http.server"))) == []
