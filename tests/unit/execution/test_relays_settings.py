"""Settings of relays: every form is read, what is wrong is told with the variable's name, and no password is shown."""

from __future__ import annotations

import pytest

from estampe.execution.relaying.relays import Limit, Relay, parse_limits, parse_relays, parse_schedule
from estampe.settings import InvalidSetting, Settings


@pytest.mark.parametrize(
    ("text", "relay"),
    [
        ("smtp://mx.example", Relay(host="mx.example", port=25)),
        ("smtp://127.0.0.1:2525/", Relay(host="127.0.0.1", port=2525)),
        ("SMTP://MX.Example", Relay(host="mx.example", port=25)),
        ("smtp+starttls://mx.example", Relay(host="mx.example", port=587, tls="required", verified=True)),
        ("smtps://mx.example", Relay(host="mx.example", port=465, tls="implicit", verified=True)),
        ("smtps://mx.example?verify=no", Relay(host="mx.example", port=465, tls="implicit")),
        ("smtp://[::1]:2525", Relay(host="::1", port=2525)),
        ("smtp://bücher.example", Relay(host="xn--bcher-kva.example", port=25)),
    ],
)
def test_a_relay_is_read(text: str, relay: Relay) -> None:
    assert parse_relays(text) == (relay,)


def test_credentials_may_hold_any_character() -> None:
    (relay,) = parse_relays("smtps://us%40shop.example:p%40%3A%2F%2Cs%C3%A9@mx.example")
    assert (relay.host, relay.user, relay.password) == ("mx.example", "us@shop.example", "p@:/,sé")


@pytest.mark.parametrize("host", ["mx.example", "192.0.2.1", "mx.example, smtp://a.example"])
def test_a_password_is_not_for_those_in_between(host: str) -> None:
    with pytest.raises(InvalidSetting, match="where there is a password") as refused:
        parse_relays(f"smtp://us:secret@{host}")
    assert "secret@" not in str(refused.value)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:2525", "[::1]"])
def test_this_machine_itself_may_be_told(host: str) -> None:
    assert parse_relays(f"smtp://us:secret@{host}")[0].user == "us"


def test_several_relays_are_read() -> None:
    assert [relay.name for relay in parse_relays("smtp://a.example, smtps://[2001:db8::1]")] == [
        "a.example:25",
        "[2001:db8::1]:465",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mx.example",
        "mx.example:25",
        "http://mx.example",
        "smtp:mx.example",
        "smtp://",
        "smtp://:25",
        "smtp://mx.example:0",
        "smtp://mx.example:65536",
        "smtp://mx.example:smtp",
        "smtp://mx.example/path",
        "smtp://mx.example?verify=yes",
        "smtp://mx.example?verify=no&verify=no",
        "smtp://mx example",
        "smtp://mx..example",
        "smtp://[::1",
        "smtp://a.example,",
    ],
)
def test_what_is_no_relay_is_told(text: str) -> None:
    with pytest.raises(InvalidSetting, match="ESTAMPE_RELAYS"):
        parse_relays(text)


@pytest.mark.parametrize(
    "text",
    [
        "smtps://us:secret@",
        "smtps://us:secret@mx.example:x",
        "smtps://us:sec,ret@mx.example",
        "smtps://us:sec/ret@mx.example",
        "smtps://us:sec#ret@mx.example",
        "smtps://us:secret%00@mx.example",
        "smtps://us:secret%FF@mx.example",
        "smtps://:secret@mx.example",
        "smtps://secret@mx.example",
        "us:secret@mx.example",
    ],
)
def test_no_error_shows_a_password(text: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        parse_relays(text)
    shown = f"{caught.value} {caught.value.__cause__}"
    assert "sec" not in shown
    assert "ret" not in shown


def test_a_relay_shows_no_password() -> None:
    (relay,) = parse_relays("smtps://us:secret@mx.example")
    assert "secret" not in f"{relay!r} {relay}"


def test_limits_are_read() -> None:
    assert parse_limits(" gmail.com=20/50, Orange.FR=3/0.5,free.fr=1/0 ") == {
        "gmail.com": Limit(20, 50),
        "orange.fr": Limit(3, 0.5),
        "free.fr": Limit(1, 0),
    }
    assert parse_limits("") == parse_limits(Settings().domain_limits) == {}


@pytest.mark.parametrize("text", ["gmail.com", "gmail.com=20", "gmail.com=0/5", "=1/1", "a=1/-1", "a=1/1,", "a=x/y"])
def test_what_is_no_limit_is_told(text: str) -> None:
    with pytest.raises(InvalidSetting, match="ESTAMPE_DOMAIN_LIMITS"):
        parse_limits(text)


def test_a_schedule_is_read() -> None:
    assert parse_schedule("30s, 1m,2h") == (30_000, 60_000, 7_200_000)
    assert parse_schedule("") == ()
    assert len(parse_schedule(Settings().retry_schedule)) == 9


@pytest.mark.parametrize("text", ["1", "1m,", "1m;5m", "soon"])
def test_what_is_no_schedule_is_told(text: str) -> None:
    with pytest.raises(InvalidSetting, match="ESTAMPE_RETRY_SCHEDULE"):
        parse_schedule(text)
