"""Settings: read from the environment, refused with a hint, documented whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from estampe.settings import InvalidSetting, Row, Settings, UnknownSetting

DOCS = Path(__file__).parents[2] / "docs/settings.md"


def test_an_empty_environment_gives_the_defaults() -> None:
    assert Settings.from_env({"HOME": "/root"}) == Settings()


def test_values_are_read_in_their_types() -> None:
    settings = Settings.from_env({"ESTAMPE_DATA": "logs", "ESTAMPE_PORT": "0", "ESTAMPE_RATE": "2.5"})
    assert (settings.data, settings.port, settings.rate) == (Path("logs"), 0, 2.5)


def test_yes_and_no_are_written_as_people_write_them() -> None:
    settings = Settings.from_env({"ESTAMPE_OPEN_PIXEL": "no", "ESTAMPE_DECOY_LINK": "yes", "ESTAMPE_MAIL_DOMAIN": "no"})
    assert (settings.open_pixel, settings.decoy_link, settings.mail_domain) == (False, True, "no")
    assert Settings.from_env({"ESTAMPE_DECOY_LINK": "true"}).decoy_link


def test_a_chosen_value_stands_above_the_environment() -> None:
    environ = {"ESTAMPE_PORT": "1", "ESTAMPE_HOST": "::1"}
    settings = Settings.from_env(environ, port=2, host=None)
    assert (settings.port, settings.host) == (2, "::1")


@pytest.mark.parametrize(
    ("variable", "text", "allowed"),
    [
        ("ESTAMPE_PORT", "65536", "a whole number from 0 to 65535"),
        ("ESTAMPE_PORT", "http", "a whole number from 0 to 65535"),
        ("ESTAMPE_RATE", "nan", "a number from 0 to"),
        ("ESTAMPE_LOG_LEVEL", "loud", "one of debug, info, warning, error"),
        ("ESTAMPE_OPEN_PIXEL", "maybe", "yes or no"),
    ],
)
def test_a_wrong_value_names_the_variable_what_was_found_and_what_is_allowed(
    variable: str, text: str, allowed: str
) -> None:
    with pytest.raises(InvalidSetting, match=f"{variable} is '{text}'; write {allowed}"):
        Settings.from_env({variable: text})


def test_an_unknown_variable_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UnknownSetting, match="did you mean ESTAMPE_PORT"):
        Settings.from_env({"ESTAMPE_PROT": "1"})
    with pytest.raises(UnknownSetting):
        Settings.from_env({"ESTAMPE_port": "1"})


def test_the_variables_of_the_command_are_let_be() -> None:
    assert Settings.from_env({"ESTAMPE_URL": "http://x", "ESTAMPE_KEY": "est_"}) == Settings()


@pytest.mark.parametrize("row", Settings.rows(), ids=lambda row: row.variable)
def test_each_setting_is_documented_with_default_unit_and_meaning(row: Row) -> None:
    line = f"| `{row.variable}` | `{row.default}` | {row.unit} | {row.meaning} |"
    assert line in DOCS.read_text()
