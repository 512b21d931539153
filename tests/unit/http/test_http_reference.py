"""The reference page is whole, asks nobody else, and shows samples of every operation."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shlex
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

import estampe.http.reference as reference_package
from estampe.http.reference import code_samples, pages, samples
from estampe.http.routes import OPERATIONS

if TYPE_CHECKING:
    from conftest import Caller
    from estampe.http.routes import Route

ASSETS = Path(reference_package.__file__).parent / "assets"
SPEC = Path(__file__).parents[4] / "shared/spec"
LANGUAGES = ["curl", "JavaScript", "Node.js", "Python", "Java", "C#", "PHP", "Go", "Ruby", "R"]
LIST = next(route for route in OPERATIONS if route.path == "/actions/events" and route.method == "GET")


def sample(route: Route, label: str, **facts: object) -> str:
    return next(each["source"] for each in code_samples(route, **facts) if each["label"] == label)


def test_the_page_needs_no_key_and_may_ask_this_server_only(call: Caller) -> None:
    answer = call("GET", "/docs", key=None)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "http" not in policy
    assert "*" not in policy


def test_all_that_the_page_links_to_is_there(call: Caller) -> None:
    page = call("GET", "/docs", key=None).text
    links = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(links) == 5
    for link in links:
        assert call("GET", f"/{link}", key=None).status_code == 200


@pytest.mark.parametrize("path", pages())
def test_who_has_a_part_of_the_page_is_not_sent_it_again(call: Caller, path: str) -> None:
    first = call("GET", path, key=None)
    assert first.headers["cache-control"] == "no-cache"
    for tag in (first.headers["etag"], f'"other", W/{first.headers["etag"]}', "*"):
        again = call("GET", path, key=None, headers={"if-none-match": tag})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
    assert call("GET", path, key=None, headers={"if-none-match": '"other"'}).status_code == 200


@pytest.mark.parametrize("path", pages())
def test_a_part_of_the_page_is_sent_packed_to_who_takes_that(call: Caller, path: str) -> None:
    plain = call("GET", path, key=None)
    packed = call("GET", path, key=None, headers={"accept-encoding": "zstd, gzip;q=0.1"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["etag"] != plain.headers["etag"]
    assert packed.content == plain.content
    assert plain.headers["vary"] == packed.headers["vary"] == "Accept-Encoding"


def test_head_answers_a_parts_headers_only(call: Caller) -> None:
    got, head = call("GET", "/docs", key=None), call("HEAD", "/docs", key=None)
    assert head.content == b""
    assert head.headers["content-length"] == got.headers["content-length"] != "0"


def test_the_interface_is_the_one_that_was_pinned() -> None:
    """If it fails: `make vendor`."""
    pin = json.loads((ASSETS / "scalar.json").read_text())
    script = gzip.decompress((ASSETS / "scalar.js.gz").read_bytes())
    assert pin["file_integrity"] == "sha384-" + b64encode(hashlib.sha384(script).digest()).decode()
    assert (ASSETS / "scalar.LICENSE").read_text().startswith(f"{pin['licence']} License")


def test_the_page_puts_its_own_address_for_that_of_the_samples() -> None:
    assert f'SAMPLE_SERVER = "{samples.SERVER}"' in (ASSETS / "page.js").read_text()


@pytest.mark.parametrize("route", OPERATIONS, ids=lambda route: f"{route.method} {route.path}")
def test_each_operation_has_a_whole_sample_in_each_language(route: Route) -> None:
    made = code_samples(route)
    assert [each["label"] for each in made] == LANGUAGES
    path = re.sub(r"\{\w+\}", r"[^/{}]+", route.path)
    for each in made:
        assert re.search(re.escape(samples.SERVER) + path + r"['\"?`]", each["source"])
        assert not re.search(r"%[A-Za-z]{2,}%|%,%", each["source"])


def test_the_languages_are_documented() -> None:
    named = (Path(__file__).parents[3] / "docs/reference.md").read_text()
    assert all(label in named for label in LANGUAGES)


def test_the_curl_sample_is_the_documented_one() -> None:
    if not SPEC.exists():
        pytest.skip("the specification stands beside the repository, and is not there")
    documented = (SPEC / "seed.txt").read_text()
    ours = sample(LIST, "curl", server="https://api-cm.np6.com")
    assert re.sub(r"\n +", "\n", ours) in documented


texts = st.text(st.characters(codec="ascii", min_codepoint=32), max_size=20)


@given(st.fixed_dictionaries({"start": texts, "end": texts, "sort": texts}))
def test_any_value_comes_whole_into_the_address(values: dict[str, str]) -> None:
    command = shlex.split(sample(LIST, "curl", values=values).replace("\\\n", ""))
    (address,) = (word for word in command if word.startswith("http"))
    assert dict(parse_qsl(urlsplit(address).query, keep_blank_values=True)) == values
