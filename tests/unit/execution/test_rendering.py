"""Rendering: a template and what is known of a contact become what it reads, or a reason why not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estampe.execution.composing.rendering import Renderer, RenderingFailed
from estampe.execution.composing.sandbox import Unwanted
from estampe.execution.orders import Rendered, Template

RENDERER = Renderer()


def render(
    *, as_is: tuple[str, ...] = (), limit: int = 10_000, known: dict[str, Any] | None = None, **parts: str
) -> Rendered:
    return RENDERER.render(Template(**parts), as_is, known or {}, limit)


def reason(source: str, **known: Any) -> str:
    with pytest.raises(RenderingFailed) as failed:
        render(html=source, known=known)
    return str(failed.value)


def test_all_parts_are_rendered() -> None:
    rendered = render(
        subject="For {{ name }}", html="<p>{{ name }}</p>", text="{{ name }}!", known={"name": "Zoé & Bo"}
    )
    assert rendered == Rendered(subject="For Zoé & Bo", html="<p>Zoé &amp; Bo</p>", text="Zoé & Bo!")


def test_parts_that_are_as_they_are_keep_their_braces_and_styles() -> None:
    html = "<style>p {color: red}</style><p>{{ x }}</p>"
    parts = ("subject", "html", "text")
    rendered = render(subject="{{ x }}", html=html, text="{% x", as_is=parts)
    assert rendered == Rendered(subject="{{ x }}", html=html, text="{% x")


@pytest.mark.parametrize("text", [None, "", " \n", "{{ nothing }}"])
def test_a_text_that_is_absent_or_blank_is_made_of_the_html(text: str | None) -> None:
    rendered = RENDERER.render(Template(html="<p>a <b>b</b></p>", text=text), (), {"nothing": None}, 1_000)
    assert rendered.text == "a b"


def test_html_that_says_nothing_has_no_text() -> None:
    assert render(html='<img src="x.png">').text is None


def test_a_message_of_text_alone_has_no_html() -> None:
    assert render(text="a") == Rendered(subject="", html=None, text="a")


@pytest.mark.parametrize("parts", [{}, {"html": ""}, {"html": "{% if false %}x{% endif %}"}, {"text": " "}])
def test_a_message_with_nothing_to_read_fails(parts: dict[str, str]) -> None:
    with pytest.raises(RenderingFailed, match="the message is empty"):
        render(subject="x", **parts)


@given(st.text(), st.text())
def test_a_subject_is_one_line_without_control_characters(as_is: str, value: str) -> None:
    for subject in (
        render(subject=as_is, text="x", as_is=("subject",)).subject,
        render(subject="{{ value }}", text="x", known={"value": value}).subject,
    ):
        assert len(subject.splitlines()) <= 1
        assert not any(character < " " or "\x7f" <= character < "\xa0" for character in subject)
        assert subject == subject.strip()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("a\nb\n{{ firstname }}", "html line 3: 'firstname' is not defined"),
        ("{{ contact['First name'] }}", "html line 1: 'First name' is not defined"),
        ("\n{{ contact.city.name }}", "html line 2: 'city' is not defined"),
        ("{% if firstname %}{% endif %}", "html line 1: 'firstname' is not defined"),
        ("{% for x in firstname %}{% endfor %}", "html line 1: 'firstname' is not defined"),
        ("{{ firstname | upper }}", "html line 1: 'firstname' is not defined"),
    ],
)
def test_a_missing_variable_is_named_with_its_place(source: str, message: str) -> None:
    assert reason(source, contact={}) == message


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{ a", "html line 1: unexpected end of template, expected 'end of print statement'."),
        ("\n{% endif %}", "html line 2: Encountered unknown tag 'endif'."),
        ("{{ 1 | nope }}", "html line 1: No filter named 'nope'."),
        ("\n\n{{ 1 / 0 }}", "html line 3: division by zero"),
        ("{{ 'a' + 1 }}", 'html line 1: can only concatenate str (not "int") to str'),
        ("{% include 'x' %}", "html line 1: a template cannot take in another one"),
        ("{{ '\\ud800' }}", "html: it holds half a character, a surrogate of its own"),
    ],
)
def test_a_mistake_is_named_with_its_place(source: str, message: str) -> None:
    assert reason(source) == message


def test_null_is_written_as_nothing() -> None:
    assert render(text="a{{ city }}b", known={"city": None}).text == "ab"


def test_a_member_of_a_mapping_comes_before_its_methods() -> None:
    known = {"data": {"items": ["a"], "more": {"b": 1}}}
    source = "{{ data.items[0] }}{% for name, value in data.more.items() %}{{ name }}{{ value }}{% endfor %}"
    assert render(text=source, known=known).text == "ab1"


def test_a_default_stands_in_for_what_is_missing() -> None:
    assert render(text="{{ city | default('Lille') }}").text == "Lille"


@pytest.mark.parametrize("part", ["subject", "html", "text"])
def test_any_part_can_refuse_the_message(part: str) -> None:
    with pytest.raises(Unwanted, match=r"^out of stock$"):
        render(**{"text": "x", part: "{{ cancel('out of stock') }}"})


def test_a_field_does_not_take_away_the_means_to_refuse() -> None:
    with pytest.raises(Unwanted, match="the template wants no message"):
        render(text="{{ cancel() }}", known={"cancel": "a field of that name"})


def test_a_part_stops_as_soon_as_it_is_too_long() -> None:
    source = "{% for a in range(99999) %}{% for b in range(99999) %}{{ b }}{% endfor %}{% endfor %}"
    with pytest.raises(RenderingFailed, match="text: it grows longer than 10,000 characters"):
        render(text=source)


def test_styles_are_written_into_elements_and_kept() -> None:
    sheet = "<style>p { color: red } a:hover { top: 0 } @media (max-width: 9px) { p { top: 0 !important } }</style>"
    html = render(html=f"<html><head>{sheet}</head><body><p>x</p></body></html>").html
    assert html == f'<html><head>{sheet}</head><body><p style="color: red;">x</p></body></html>'


CONDITIONAL = (
    "<!--[if mso]><table><tr><td><![endif]-->",
    "<!--[if !mso]><!--><b>x</b><!--<![endif]-->",
    "<![if !mso]><b>x</b><![endif]>",
    "<!-- plain -->",
)


@pytest.mark.parametrize("comment", CONDITIONAL)
def test_comments_stay_byte_for_byte(comment: str) -> None:
    html = render(html=f"<style>b {{}}</style><p>a</p>{comment}<p>z</p>").html
    assert html is not None
    assert f"<p>a</p>{comment}<p>z</p>" in html


def test_html_without_a_sheet_stays_byte_for_byte() -> None:
    html = '<!DOCTYPE html PUBLIC "x" "y"><P CLASS=a>&eacute;<br/><![if !mso]>'
    assert render(html=html).html == html


@pytest.mark.parametrize("scheme", ["file://", ""])
def test_sheets_in_files_are_not_read(tmp_path: Any, scheme: str) -> None:
    (tmp_path / "sheet.css").write_text("p { color: red }")
    link = f'<link rel="stylesheet" href="{scheme}{tmp_path}/sheet.css">'
    html = render(
        html=f'<html><head>{link}<style>@import "{scheme}{tmp_path}/sheet.css";</style></head><p>x</p></html>'
    ).html
    assert html is not None
    assert link in html
    assert "<p>x</p>" in html


def test_sheets_on_servers_are_not_fetched() -> None:
    link = '<link rel="stylesheet" href="http://127.0.0.1:9/sheet.css">'  # fetching it would be an error
    assert link in (render(html=f"<html><head>{link}<style>b {{}}</style></head></html><p>x</p>").html or "")


def test_a_template_is_compiled_once() -> None:
    renderer = Renderer()
    for name in ("a", "b"):
        assert renderer.render(Template(text="{{ name }}"), (), {"name": name}, 10).text == name
    assert renderer._compiled.cache_info().misses == 1
