"""Problems: one shape for every error of every route, with a request id."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from addresses import address
from estampe.http.problems import Kind
from estampe.http.routes import LISTS, OPERATIONS, STATISTICS

if TYPE_CHECKING:
    import httpx

JSON = {"content-type": "application/json"}


def assert_problem(answer: httpx.Response, kind: Kind) -> dict[str, Any]:
    """Hold an answer against the one shape of errors."""
    assert answer.status_code == kind.status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"]
    body: dict[str, Any] = answer.json()
    assert list(body)[:4] == ["type", "title", "status", "detail"]
    assert (body["type"], body["title"]) == (f"/problems/{kind.slug}", kind.title)
    assert body["status"] == kind.status
    assert body["detail"].endswith((".", "?"))
    assert set(body) <= {"type", "title", "status", "detail", "errors"}
    for flaw in body.get("errors", []):
        assert set(flaw) <= {"in", "name", "index", "path", "found", "allowed"}
    return body


class Told:
    """Requests that go wrong at any list, by kind."""

    @staticmethod
    def revoked(call: Any) -> str:
        made = call.keys.create(call.log.customer)
        call.keys.revoke(made.key.id)
        return str(made.text)

    WRONG: tuple[tuple[Kind, str, dict[str, str]], ...] = (
        (Kind.UNKNOWN_PARAMETER, "?strat=0", {}),
        (Kind.REPEATED_PARAMETER, "?start=0&start=0", {}),
        (Kind.INVALID_PARAMETER, "?start=1614089593", {}),
        (Kind.QUERY_TOO_LONG, "?" + "x" * 5_000, {}),
        (Kind.NOT_ACCEPTABLE, "", {"accept": "text/html"}),
        (Kind.NOT_ACCEPTABLE, "", {"accept-encoding": "identity;q=0"}),
    )


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_every_bad_key_is_refused_by_its_reason(call: Any, method: str) -> None:
    other_scope = call.make_key("read" if method == "POST" else "write")
    for kind, key in (
        (Kind.MISSING_KEY, None),
        (Kind.WRONG_KEY, "est_0_0"),
        (Kind.REVOKED_KEY, Told.revoked(call)),
        (Kind.EXPIRED_KEY, call.make_key(expires_ms=1)),
        (Kind.MISSING_SCOPE, other_scope),
    ):
        answer = call(method, "/actions/events", key=key)
        assert answer.status_code == kind.status
        assert ("www-authenticate" in answer.headers) == (kind.status == 401)
        if method == "HEAD":
            assert answer.content == b""
        else:
            assert_problem(answer, kind)


def test_every_operation_needs_a_key_with_its_scope_or_none(call: Any) -> None:
    other_scope = {"read": call.make_key("write"), "write": call.make_key("read")}
    for route in OPERATIONS:
        if route.scope:
            assert_problem(call(route.method, address(route), key=None), Kind.MISSING_KEY)
            assert_problem(call(route.method, address(route), key=other_scope[route.scope]), Kind.MISSING_SCOPE)
        else:
            assert call(route.method, address(route), key=None).status_code == 200


def test_no_cache_keeps_what_needs_a_key(call: Any) -> None:
    for route in OPERATIONS:
        for key in ("", None, "est_0_0"):
            kept = call(route.method, address(route), key=key).headers.get("cache-control")
            assert (kept == "no-store") == bool(route.scope), route.path


@pytest.mark.parametrize(("kind", "query", "headers"), Told.WRONG)
def test_a_list_refuses_every_wrong_request(call: Any, kind: Kind, query: str, headers: dict[str, str]) -> None:
    body = assert_problem(call("GET", "/actions/events" + query, headers=headers), kind)
    assert ("errors" in body) == (kind is not Kind.QUERY_TOO_LONG)


def test_every_operation_refuses_parameters_that_are_not_its_own(call: Any) -> None:
    for route in (*LISTS, *STATISTICS):
        body = assert_problem(call(route.method, address(route, strat="0")), Kind.UNKNOWN_PARAMETER)
        assert body["errors"][0]["name"] == "strat"


def test_windows_of_reactivities_are_hinted_at_by_their_names(call: Any) -> None:
    body = assert_problem(call("GET", "/actions/reactivities?start=0"), Kind.UNKNOWN_PARAMETER)
    assert body["detail"].endswith("did you mean 'activationStart' or 'reactivityStart'?")
    assert body["errors"][0]["allowed"] == "activationStart or reactivityStart"


def test_every_path_names_its_methods(call: Any) -> None:
    methods: dict[str, set[str]] = defaultdict(set)
    for route in OPERATIONS:
        methods[address(route).partition("?")[0]] |= {route.method, "HEAD"} if route.method == "GET" else {route.method}
    for path, known in methods.items():
        answer = call("PATCH", path, key=None)
        assert_problem(answer, Kind.METHOD_NOT_ALLOWED)
        assert set(answer.headers["allow"].split(", ")) == known


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/docs/",
        "/actions//",
        "/actions/events/nothing",
        "/%00",
        "/actions//events",
        "/actions/000PE4%2Fevents",
        "/actions/000%2fPE4/events",
        "/targets/%2E%2E%2Fevents",
        f"/actions/{'x' * 65}/events",
        f"/campaigns/{'x' * 65}/events",
        "/notifications/000PE4/events",
        "/notifications/01/events",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_any_other_path_is_not_found(call: Any, path: str, method: str) -> None:
    answer = call(method, path)
    if method == "GET":
        assert_problem(answer, Kind.NOT_FOUND)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_a_notification_whose_id_is_no_number_is_told_so(call: Any) -> None:
    body = assert_problem(call("GET", "/notifications/000PE4/events"), Kind.NOT_FOUND)
    assert body["errors"] == [{"in": "path", "name": "id", "found": "000PE4", "allowed": "a whole number"}]


@pytest.mark.parametrize("named", ["", "id=000R4M0T&hash=" + "0" * 32, "unicity=a&hash=" + "0" * 32, "id=a&unicity=b"])
def test_a_contact_is_named_in_exactly_one_way(call: Any, named: str) -> None:
    answer = call("GET", f"/targets/events?{named}")
    assert answer.status_code == 400
    for name in ("hash", "id" if "id" in named else "unicity"):
        assert name in answer.json()["detail"] or name in named
    assert answer.json()["errors"]


@pytest.mark.parametrize("name", ["classification", "classifications"])
@pytest.mark.parametrize("text", ["", "bot", "MPP", "mpp,", "mpp,all", "mpp;gsr"])
def test_an_unknown_class_is_refused_with_those_that_there_are(call: Any, name: str, text: str) -> None:
    answer = call("GET", f"/actions/events/hits?{name}={text}")
    (flaw,) = assert_problem(answer, Kind.INVALID_PARAMETER)["errors"]
    assert all(word in flaw["allowed"] for word in ("all", "human", "genericrobot", "mpp", "gsr"))


def test_both_spellings_of_classification_at_once_are_refused(call: Any) -> None:
    answer = call("GET", "/actions/events/hits?classification=mpp&classifications=mpp")
    assert_problem(answer, Kind.REPEATED_PARAMETER)


@pytest.mark.parametrize("path", ["/actions/events", "/actions/events/bounces", "/actions/reactivities"])
def test_a_list_that_holds_more_than_hits_takes_no_classification(call: Any, path: str) -> None:
    assert_problem(call("GET", f"{path}?classification=mpp"), Kind.UNKNOWN_PARAMETER)


@pytest.mark.parametrize("window", ["activation", "reactivity"])
def test_each_window_of_reactivities_is_refused_backwards(call: Any, window: str) -> None:
    answer = call("GET", f"/actions/reactivities?{window}Start=2019-08-25&{window}End=2019-08-24")
    assert f"{window}Start" in assert_problem(answer, Kind.INVALID_PARAMETER)["detail"]


def test_wrong_publications_are_problems(call: Any, draft: dict[str, Any]) -> None:
    foreign = draft | {"identity": {"type": "customer", "agency": "DEMO", "customer": "029"}}
    assert_problem(call.post(b"{"), Kind.INVALID_BODY)
    assert_problem(call.post([{}]), Kind.INVALID_EVENTS)
    assert_problem(call.post([foreign]), Kind.FOREIGN_IDENTITY)
    assert_problem(call.post([], headers={"content-type": "text/plain"}), Kind.UNSUPPORTED_MEDIA_TYPE)
    assert_problem(call.post([], headers={"content-encoding": "br"}), Kind.UNSUPPORTED_ENCODING)
    assert_problem(call.post([1] * 10_001), Kind.BATCH_TOO_LARGE)


def test_an_error_inside_is_a_problem_that_tells_nothing_but_the_request_id(call: Any, draft: dict[str, Any]) -> None:
    call.log.refusal = RuntimeError("secret of the house")
    answer = call.post([draft])
    body = assert_problem(answer, Kind.INTERNAL)
    assert answer.headers["x-request-id"] in body["detail"]
    assert "secret" not in answer.text


class TestStalledBody:
    """A client that stops sending."""

    @pytest.fixture
    def settings(self, settings: Any) -> Any:
        return msgspec.structs.replace(settings, stall_seconds=0.1)

    def test_is_told_so(self, call: Any) -> None:
        async def parts() -> Any:
            yield b"["
            await asyncio.Event().wait()

        assert_problem(call("POST", "/actions/events", content=parts(), headers=JSON), Kind.STALLED_BODY)


class TestRate:
    """A key that asks too often."""

    @pytest.fixture
    def settings(self, settings: Any) -> Any:
        return msgspec.structs.replace(settings, rate=0.01, burst=2)

    @pytest.mark.parametrize("path", ["/actions/events", "/actions/statistics"])
    def test_is_told_when_to_come_back(self, call: Any, path: str) -> None:
        left = [call("GET", path).headers["x-ratelimit-remaining"] for _ in range(2)]
        assert left == ["1", "0"]
        answer = call("GET", path)
        assert_problem(answer, Kind.RATE_LIMITED)
        assert int(answer.headers["retry-after"]) in range(90, 101)
        assert answer.headers["x-ratelimit-limit"] == "2"
        assert answer.headers["x-ratelimit-remaining"] == "0"
        assert int(answer.headers["x-ratelimit-reset"]) in range(190, 201)
        assert call("GET", path, key=call.make_key()).status_code == 200


class TestNoRate:
    """A server without rates."""

    @pytest.fixture
    def settings(self, settings: Any) -> Any:
        return msgspec.structs.replace(settings, rate=0)

    def test_limits_nothing_and_says_nothing(self, call: Any) -> None:
        assert "x-ratelimit-limit" not in call("GET", "/actions/events").headers


def test_a_sane_request_id_is_the_callers_and_any_other_is_made(call: Any) -> None:
    def echoed(given: str) -> str:
        return str(call("GET", "/health/live", headers={"x-request-id": given}).headers["x-request-id"])

    assert echoed("trace-1:span/2") == "trace-1:span/2"
    for given in ("", "a b", "x" * 129, 'x"y'):
        assert echoed(given) != given


def test_a_long_method_is_cut_in_answers_and_log_lines(call: Any) -> None:
    body = assert_problem(call("M" * 9_000, "/actions/events"), Kind.METHOD_NOT_ALLOWED)
    assert len(body["detail"]) < 100
