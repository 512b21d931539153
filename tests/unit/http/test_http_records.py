"""What the catalog keeps, by HTTP: the calls that public clients make, and what each refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from estampe.catalog import CatalogUnavailable, Contacts
from estampe.events import Customer, hash_of
from estampe.http.problems import Kind

if TYPE_CHECKING:
    import httpx

    from conftest import Caller

CONTENT = {
    "headers": {
        "from": {"prefix": "news", "domain": "defaultdomain", "label": "Example"},
        "reply": {"reply": "a@b.example"},
    },
    "subject": "Hello",
    "html": "<p>Hello</p>",
}
ACTION = {
    "type": "mailMessage",
    "name": "Welcome",
    "content": CONTENT,
    "settings": {"mp": {"use": False}, "priority": True},
}


def assert_refused(answer: httpx.Response, kind: Kind, path: str = "") -> None:
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (answer.status_code, body["type"]) == (kind.status, f"/problems/{kind.slug}"), body
    if path:
        assert body["errors"][0]["path"] == path


def made(call: Caller, path: str, body: Any) -> Any:
    answer = call("POST", path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def action(call: Caller) -> str:
    """The id of an action with content."""
    return str(made(call, "/actions", ACTION)["id"])


@pytest.fixture
def target(call: Caller) -> str:
    """The id of a target."""
    return str(made(call, "/targets", {"Email": "ada@example.com"})["id"])


@pytest.fixture
def segment(call: Caller) -> int:
    """The id of a segment."""
    return int(made(call, "/segments", {"type": "static", "name": "Colleagues", "isTest": True})["id"])


class TestActions:
    """Actions."""

    def test_an_action_is_answered_as_it_was_given_with_what_the_server_knows(self, call: Caller) -> None:
        shown = made(call, "/actions/", ACTION | {"id": "MINE00", "informations": {"folder": 7, "state": 50}})
        assert (shown["id"], shown["description"]) == ("000001", "")
        assert shown["informations"] == {"folder": 7, "category": None, "state": 20}
        assert {name: shown[name] for name in ACTION} == ACTION
        assert shown["creationDate"].endswith("Z")
        assert call("GET", "/actions/000001").json() == shown

    def test_the_list_leaves_content_out(self, call: Caller) -> None:
        assert call("GET", "/actions").json() == []
        whole = [made(call, "/actions", ACTION | {"name": f"{n}"}) for n in range(3)]
        assert call("GET", "/actions").json() == [
            {name: value for name, value in each.items() if name != "content"} for each in whole
        ]

    def test_a_change_takes_the_place_of_members_and_in_content_of_each(self, call: Caller, action: str) -> None:
        change = {"type": "mailMessage", "name": "New", "content": {"subject": "Hi"}, "description": "It is new"}
        shown = call("PUT", f"/actions/{action}", json=change).json()
        assert (shown["name"], shown["description"]) == ("New", "It is new")
        assert shown["content"] == CONTENT | {"subject": "Hi"}

    def test_it_is_validated_in_two_steps_and_back(self, call: Caller, action: str) -> None:
        path = f"/actions/{action}/validation"
        assert_refused(call("POST", path, json={"fortest": False}), Kind.WRONG_STATE)
        assert call("POST", path, json={"fortest": True, "comments": "", "testSegments": []}).status_code == 204
        assert_refused(call("PUT", f"/actions/{action}", json={"name": "New"}), Kind.ACTION_VALIDATED)
        assert call("PUT", path, json={"fortest": False}).status_code == 204
        assert call("GET", f"/actions/{action}").json()["informations"]["state"] == 50
        answer = call("DELETE", path, json={"fortest": True})
        assert (answer.status_code, answer.content) == (204, b"")
        assert_refused(call("DELETE", path), Kind.WRONG_STATE)

    def test_segments_of_a_test_must_exist(self, call: Caller, action: str) -> None:
        body = {"fortest": True, "testSegments": [9]}
        assert_refused(call("POST", f"/actions/{action}/validation", json=body), Kind.UNKNOWN_SEGMENT)

    @pytest.mark.parametrize("part", ["selected", "excluded"])
    def test_segments_of_a_campaign_must_exist(self, call: Caller, action: str, part: str) -> None:
        change = {"type": "mailMessage", "scheduler": {"segments": {part: [9]}}}
        assert call("PUT", f"/actions/{action}", json=change).status_code == 200
        assert_refused(call("POST", f"/actions/{action}/validation", json={"fortest": True}), Kind.UNKNOWN_SEGMENT)

    def test_a_deleted_action_is_not_there(self, call: Caller, action: str) -> None:
        assert call("DELETE", f"/actions/{action}/").status_code == 204
        for method, path, body in (
            ("GET", "", None),
            ("PUT", "", {"name": "New"}),
            ("DELETE", "", None),
            ("POST", "/validation", {"fortest": True}),
            ("DELETE", "/validation", None),
        ):
            assert_refused(call(method, f"/actions/{action}{path}", json=body), Kind.UNKNOWN_ACTION)

    @pytest.mark.parametrize(
        ("change", "path"),
        [
            ({"type": "fax"}, "$.type"),
            ({"name": ""}, "$.name"),
            ({"name": None}, "$.name"),
            ({"content": {"subject": 1}}, "$.content.subject"),
            ({"content": {"headers": {"from": {"prefix": "a b"}}}}, "$.content.headers.from.prefix"),
            ({"settings": {"mp": {"topic": "x"}}}, "$.settings.mp.topic"),
            ({"informations": {"folder": "x"}}, "$.informations.folder"),
            ({"scheduler": {"segments": {"selected": [0]}}}, "$.scheduler.segments.selected[0]"),
        ],
    )
    def test_a_wrong_member_is_named(self, call: Caller, change: Any, path: str) -> None:
        assert_refused(call("POST", "/actions", json=ACTION | change), Kind.INVALID_BODY, path)


class TestTargets:
    """Targets."""

    def test_a_target_is_made_found_changed_and_deleted(self, call: Caller) -> None:
        shown = made(call, "/targets/", {"Email": " ada@example.com ", "firstname": "Ada", "visits": 3})
        assert shown["fields"] == {"Email": "ada@example.com", "firstname": "Ada", "visits": 3}
        assert (shown["unicity"], shown["hash"]) == ("ada@example.com", hash_of("ada@example.com"))
        assert (shown["id"], shown["bounce"], shown["redList"]) == ("00000001", [], {})
        for path in (f"/{shown['id']}", "?unicity=ada@example.com", f"?hash={shown['hash'].upper()}"):
            assert call("GET", f"/targets{path}").json() == shown
        changed = call("PUT", f"/targets/{shown['id']}", json={"firstname": None, "interests": ["prints"]}).json()
        assert changed["fields"] == {"Email": "ada@example.com", "visits": 3, "interests": ["prints"]}
        assert call("DELETE", f"/targets/{shown['id']}").status_code == 204
        assert_refused(call("GET", f"/targets/{shown['id']}"), Kind.UNKNOWN_TARGET)
        assert_refused(call("GET", "/targets?unicity=ada@example.com"), Kind.UNKNOWN_TARGET)

    def test_put_with_a_unicity_makes_or_changes_one(self, call: Caller) -> None:
        first = call("PUT", "/targets?unicity=ada%2B1@example.com", json={"firstname": "Ada"})
        again = call("PUT", "/targets?unicity=ada%2B1@example.com", json={"visits": 1})
        assert first.json()["unicity"] == "ada+1@example.com"
        assert again.json()["fields"] == {"Email": "ada+1@example.com", "firstname": "Ada", "visits": 1}
        assert again.json()["id"] == first.json()["id"]

    def test_all_targets_are_one_array_however_many(self, call: Caller) -> None:
        assert call("GET", "/targets").json() == []
        contacts = Contacts(
            call.services.catalog, call.services.customers.number_of(Customer(agency="DEMO", customer="028"))
        )
        contacts.put_many([{"Email": f"{n}@example.com"} for n in range(1_201)])
        shown = call("GET", "/targets/")
        assert [each["unicity"] for each in shown.json()] == [f"{n}@example.com" for n in range(1_201)]
        assert call("HEAD", "/targets").content == b""

    def test_what_names_no_target_is_refused(self, call: Caller, target: str) -> None:
        assert_refused(call("POST", "/targets", json={"Email": "ada@example.com"}), Kind.TARGET_EXISTS)
        assert_refused(call("POST", "/targets", json={"Email": "ada"}), Kind.INVALID_BODY)
        assert_refused(call("POST", "/targets", json={"Email": {}}), Kind.INVALID_BODY, "$[...]")
        assert_refused(call("POST", "/targets", json={}), Kind.INVALID_BODY)
        assert_refused(call("POST", "/targets", json=["Email"]), Kind.INVALID_BODY)
        assert_refused(call("PUT", "/targets", json={"firstname": "Ada"}), Kind.INVALID_PARAMETER)
        assert_refused(call("GET", f"/targets?unicity=a&hash={'0' * 32}"), Kind.REPEATED_PARAMETER)
        made(call, "/targets", {"Email": "grace@example.com"})
        assert_refused(call("PUT", f"/targets/{target}", json={"Email": "grace@example.com"}), Kind.TARGET_EXISTS)

    def test_fields_are_those_that_were_used(self, call: Caller, target: str) -> None:
        call("PUT", f"/targets/{target}", json={"visits": 3})
        assert call("GET", "/fields").json() == [
            {"type": "email", "id": 1, "name": "Email", "isUnicity": True, "isMandatory": True},
            {"type": "numeric", "id": 2, "name": "visits", "isUnicity": False, "isMandatory": False},
        ]


class TestSegments:
    """Segments."""

    def test_a_segment_is_made_changed_and_deleted(self, call: Caller, segment: int) -> None:
        shown = call("GET", f"/segments/{segment}").json()
        assert (shown["type"], shown["description"], shown["expiration"], shown["targetsCount"]) == (
            "static",
            "",
            None,
            0,
        )
        change = {"type": "static", "id": segment, "description": "They test", "expiration": "2030-01-01T00:00:00Z"}
        changed = call("PUT", f"/segments/{segment}", json=change).json()
        assert changed == shown | {"description": "They test", "expiration": "2030-01-01T00:00:00Z"}
        assert (
            call("PUT", f"/segments/{segment}", json={"expiration": None, "isTest": None}).json()["expiration"] is None
        )
        assert call("GET", "/segments/").json() == [call("GET", f"/segments/{segment}").json()]
        assert call("DELETE", f"/segments/{segment}").status_code == 204
        assert_refused(call("GET", f"/segments/{segment}"), Kind.UNKNOWN_SEGMENT)

    def test_what_is_no_segment_is_refused(self, call: Caller, segment: int) -> None:
        assert_refused(call("POST", "/segments", json={"name": "Colleagues"}), Kind.SEGMENT_EXISTS)
        dynamic = call("POST", "/segments", json={"type": "dynamic", "name": "Others"})
        assert_refused(dynamic, Kind.INVALID_BODY, "$.type")
        assert "not supported" in dynamic.json()["detail"]
        for body, path in (({"name": ""}, "$.name"), ({"name": "A", "expiration": "soon"}, "$.expiration")):
            assert_refused(call("PUT", f"/segments/{segment}", json=body), Kind.INVALID_BODY, path)
        assert_refused(call("GET", "/segments/none"), Kind.NOT_FOUND)
        assert_refused(call("GET", "/segments/4294967295"), Kind.UNKNOWN_SEGMENT)

    def test_one_target_goes_in_and_out(self, call: Caller, segment: int, target: str) -> None:
        path = f"/targets/{target}/segments/{segment}"
        assert_refused(call("DELETE", path), Kind.NOT_MEMBER)
        assert call("POST", path).status_code == 204
        assert_refused(call("POST", path), Kind.ALREADY_MEMBER)
        assert call("GET", f"/segments/{segment}/targets").json() == [target]
        assert call("DELETE", path).status_code == 204
        assert_refused(call("POST", f"/targets/00000009/segments/{segment}"), Kind.UNKNOWN_TARGET)
        assert_refused(call("POST", f"/targets/{target}/segments/9"), Kind.UNKNOWN_SEGMENT)

    def test_many_targets_are_made_or_changed_at_once_all_or_none(self, call: Caller, target: str) -> None:
        known = call("GET", f"/targets/{target}").json()["unicity"]
        rows = [{"Email": known, "firstname": "Ada"}, {"Email": "new@example.com"}]
        first, second = call("POST", "/targets/batch", json=rows).json()
        assert (first["id"], first["fields"]["firstname"]) == (target, "Ada")
        assert second["unicity"] == "new@example.com"
        assert_refused(call("POST", "/targets/batch", json=[{"Email": "other@example.com"}, {}]), Kind.INVALID_BODY)
        assert_refused(call("GET", "/targets?unicity=other@example.com"), Kind.UNKNOWN_TARGET)
        assert call("POST", "/targets/batch", json=[]).json() == []

    def test_many_targets_go_in_at_once_and_all_out(self, call: Caller, segment: int, target: str) -> None:
        path = f"/segments/{segment}/targets"
        others = [made(call, "/targets", {"Email": f"{n}@example.com"})["id"] for n in range(3)]
        assert call("PUT", path, json=[target]).json() == 1
        assert_refused(call("PUT", path, json=[*others, "00000099"]), Kind.UNKNOWN_TARGET)
        assert call("GET", path).json() == [target]
        assert call("PUT", path, json=[*others, target, target]).json() == 3
        assert call("GET", path).json() == [target, *others]
        assert call("GET", f"/segments/{segment}").json()["targetsCount"] == 4
        assert call("DELETE", path).status_code == 204
        assert call("GET", path).json() == []
        assert_refused(call("GET", "/segments/9/targets"), Kind.UNKNOWN_SEGMENT)
        assert_refused(call("PUT", "/segments/9/targets", json=[target]), Kind.UNKNOWN_SEGMENT)
        assert_refused(call("PUT", path, json=[target] * 10_001), Kind.INVALID_BODY)


class TestSilence:
    """The redlist and the blacklist."""

    def test_a_target_on_the_redlist_says_so(self, call: Caller, target: str) -> None:
        path = f"/targets/{target}/redlist/mail"
        public = {"id": target, "timestamp": "2019-08-24T14:15:22Z", "origin": 4, "detail": {}}
        assert call("POST", path, json=public).status_code == 204
        assert call("POST", path).status_code == 204
        (entry,) = call("GET", "/targets/redlist/mail").json()
        assert (entry["id"], entry["unicity"], entry["origin"]) == (target, "ada@example.com", 4)
        assert call("GET", f"/targets/{target}").json()["redList"]["mail"]["reason"] == 4
        assert call("DELETE", path).status_code == 204
        assert call("GET", "/targets/redlist/mail").json() == []

    def test_without_a_body_the_origin_is_the_api(self, call: Caller, target: str) -> None:
        assert call("POST", f"/targets/{target}/redlist/mail").status_code == 204
        assert call("GET", "/targets/redlist/mail").json()[0]["origin"] == 1

    def test_an_origin_that_is_none_is_refused(self, call: Caller, target: str) -> None:
        answer = call("POST", f"/targets/{target}/redlist/mail", json={"origin": 10})
        assert_refused(answer, Kind.INVALID_BODY, "$.origin")
        assert_refused(call("DELETE", "/targets/00000009/redlist/mail"), Kind.UNKNOWN_TARGET)

    def test_addresses_and_domains_are_blacklisted(self, call: Caller) -> None:
        for address in ("Nobody@Example.com", "@example.org"):
            assert call("PUT", f"/targets/blacklist/mail/{address}").status_code == 204
        assert call("GET", "/targets/blacklist/mail").json() == ["@example.org", "nobody@example.com"]
        assert call("DELETE", "/targets/blacklist/mail/@example.org").status_code == 204
        assert call("GET", "/targets/blacklist/mail").json() == ["nobody@example.com"]
        assert_refused(call("PUT", "/targets/blacklist/mail/nobody"), Kind.INVALID_PARAMETER)
        assert_refused(call("DELETE", "/targets/blacklist/mail/nobody"), Kind.INVALID_PARAMETER)


class TestPressure:
    """Marketing pressure."""

    def test_topics_and_rules_are_made_and_listed(self, call: Caller) -> None:
        topic = made(call, "/marketing/pressure/topics", {"label": "Black Friday"})
        period = {"type": "WEEK", "value": 1}
        rule = {
            "label": "Three a week",
            "predicate": {"type": "topic", "topics": [topic["id"]]},
            "capping": {"key": "all", "increment": 1, "threshold": 3, "period": period},
        }
        shown = made(call, "/marketing/pressure/rules/", rule)
        assert {name: shown[name] for name in rule} == rule
        assert call("GET", "/marketing/pressure/topics").json() == [topic]
        assert call("GET", "/marketing/pressure/rules").json() == [shown]
        path = f"/marketing/pressure/rules/{shown['id']}"
        assert call("DELETE", path).status_code == 204
        for gone in (path, "/marketing/pressure/rules/a%20rule"):
            assert_refused(call("DELETE", gone), Kind.UNKNOWN_RULE)

    @pytest.mark.parametrize(
        ("change", "path"),
        [
            ({"label": ""}, "$.label"),
            ({"predicate": {"type": "sometimes"}}, "$.predicate.type"),
            (
                {"predicate": {"type": "topic", "topics": ["aae42f42-3759-4e80-94c5-e47daab1487b"]}},
                "$.predicate.topics",
            ),
            (
                {"capping": {"key": "all", "increment": 1, "threshold": 3, "period": {"type": "WEEK", "value": 0}}},
                "$.capping.period.value",
            ),
        ],
    )
    def test_a_wrong_rule_is_refused(self, call: Caller, change: Any, path: str) -> None:
        capping = {"key": "all", "increment": 1, "threshold": 3, "period": {"type": "WEEK", "value": 1}}
        rule = {"label": "Three a week", "predicate": {"type": "always"}, "capping": capping}
        assert_refused(call("POST", "/marketing/pressure/rules", json=rule | change), Kind.INVALID_BODY, path)


class TestAll:
    """What holds for all of these calls."""

    def test_nothing_is_seen_by_another_customer(self, call: Caller, action: str, target: str, segment: int) -> None:
        other = call.make_key(customer=Customer(agency="DEMO", customer="029"))
        for path, kind in (
            (f"/actions/{action}", Kind.UNKNOWN_ACTION),
            (f"/targets/{target}", Kind.UNKNOWN_TARGET),
            ("/targets?unicity=ada@example.com", Kind.UNKNOWN_TARGET),
            (f"/segments/{segment}", Kind.UNKNOWN_SEGMENT),
        ):
            assert call("GET", path).status_code == 200
            assert_refused(call("GET", path, key=other), kind)
        for path in ("/actions", "/targets", "/segments", "/targets/redlist/mail", "/marketing/pressure/rules"):
            assert call("GET", path, key=other).json() == []

    def test_looking_needs_one_scope_and_changing_the_other(self, call: Caller) -> None:
        reader, writer = call.make_key("read"), call.make_key("write")
        assert call("GET", "/actions", key=reader).status_code == 200
        assert_refused(call("POST", "/actions", key=reader, json=ACTION), Kind.MISSING_SCOPE)
        assert call("POST", "/actions", key=writer, json=ACTION).status_code == 200
        assert_refused(call("GET", "/actions", key=writer), Kind.MISSING_SCOPE)

    def test_a_body_is_json_of_a_size(self, call: Caller) -> None:
        assert_refused(call("POST", "/segments", content=b"{}"), Kind.UNSUPPORTED_MEDIA_TYPE)
        json = {"content-type": "application/json; charset=utf-8"}
        assert_refused(call("POST", "/segments", content=b"{", headers=json), Kind.INVALID_BODY, "$")
        assert_refused(call("POST", "/segments", content=b"[" * 100_000, headers=json), Kind.INVALID_BODY)
        large = b'{"name": "A", "description": "%b"}' % (b"x" * 1_048_576)
        assert_refused(call("POST", "/segments", content=large, headers=json), Kind.BODY_TOO_LARGE)
        html = {"content": CONTENT | {"html": "x" * 1_100_000}}
        assert call("POST", "/actions", json=ACTION | html).status_code == 200

    def test_a_catalog_that_does_not_answer_is_a_problem(self, call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*_: object) -> None:
            raise CatalogUnavailable("catalog.db", "it is locked")

        monkeypatch.setattr(call.services.catalog, "reading", fail)
        for path in ("/targets", "/targets/00000001"):
            answer = call("GET", path)
            assert_refused(answer, Kind.CATALOG_UNAVAILABLE)
            assert answer.headers["retry-after"] == "1"
