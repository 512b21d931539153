"""Templates of strangers read what they are given, and reach nothing else."""

from __future__ import annotations

import pytest

from estampe.errors import EstampeError
from estampe.execution.composing.rendering import Renderer, RenderingFailed
from estampe.execution.orders import Template

RENDERER = Renderer()
KNOWN = {"name": "Zoé", "items": [1, 2], "data": {"a": 1}}

ESCAPES = (
    "{{ ''.__class__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''['__class__'] }}",
    "{{ ''['__cla' ~ 'ss__'] }}",
    "{{ ''['\\x5f\\x5fclass\\x5f\\x5f'] }}",
    "{{ '' | attr('__class__') }}",
    "{{ [''] | map(attribute='__class__') | first }}",
    "{{ [''] | map('attr', '__class__') | first }}",
    "{{ ([''] | groupby('__class__') | first).grouper.__name__ }}",
    "{{ [''] | selectattr('__class__') | list }}",
    "{{ [''] | sum(attribute='__class__') }}",
    "{{ '{0.__class__}'.format('') }}",
    "{{ '{a.__class__}'.format_map({'a': ''}) }}",
    "{{ ('{0.__class__}' | safe).format('') }}",
    "{{ ''['format'](1) }}",
    "{% set f = '{0.__class__}'.format %}{{ f('') }}",
    "{{ ['{0.__class__}'] | map('format', '') | map('format') }}{{ '{}'.format }}",
    "{{ cancel.__globals__ }}",
    "{{ cancel.__init__.__globals__ }}",
    "{{ cancel.__code__ }}",
    "{{ range.__globals__ }}",
    "{{ lipsum.__globals__ }}",
    "{{ cycler.__init__.__globals__.os }}",
    "{{ joiner.__init__.__globals__ }}",
    "{{ namespace.__init__.__globals__ }}",
    "{{ dict.mro() }}",
    "{{ dict.__base__ }}",
    "{{ self.__init__.__globals__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ (items | map('string')).gi_frame }}",
    "{{ (items | map('string')).gi_code }}",
    "{% macro m() %}{% endmacro %}{{ m._func }}",
    "{% macro m() %}{% endmacro %}{{ m.__call__.__func__.__globals__ }}",
    "{% for x in items %}{{ loop._iterable }}{% endfor %}",
    "{% for x in items %}{{ loop.__class__ }}{% endfor %}",
    "{{ missing.__class__ }}",
    "{{ config }}",
    "{{ request }}",
    "{{ environment }}",
    "{{ (1).__class__ }}",
    "{{ data.__class__ }}",
    "{{ items.append(3) }}",
    "{{ data.update({'a': 2}) }}",
    "{{ data.pop('a') }}",
    "{% include '/etc/hostname' %}",
    "{% import 'os' as os %}",
    "{% from 'os' import system %}",
    "{% extends '../secret' %}",
)
"""Ways out of sandboxes that are known, and what they would begin with."""


@pytest.mark.parametrize("source", ESCAPES)
@pytest.mark.parametrize("part", ["html", "text"])
def test_there_is_no_way_out(source: str, part: str) -> None:
    with pytest.raises(RenderingFailed):
        RENDERER.render(Template(**{part: source}), (), KNOWN, 10_000)
    assert KNOWN == {"name": "Zoé", "items": [1, 2], "data": {"a": 1}}


BOMBS = (
    "{{ 'x' * 10 ** 9 }}",
    "{{ 10 ** 9 * 'x' }}",
    "{{ [0] * 10 ** 9 }}",
    "{{ ('x' | safe) * 10 ** 9 }}",
    "{{ 10 ** 10 ** 10 ** 10 ** 10 }}",
    "{{ 2 ** 5000 }}",
    "{{ (2 ** 2048) * (2 ** 2048) }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '%*d' % (10 ** 9, 1) }}",
    "{{ '%.1000000000f' % 1 }}",
    "{{ '%(a)1000000000d' % {'a': 1} }}",
    "{{ '%1000000000d' | format(1) }}",
    "{{ ('%1000000000d' | safe) % 1 }}",
    "{{ ('%1000000000d' | safe) | format(1) }}",
    "{{ range(10 ** 9) | list }}",
    "{{ 1e308 | int | string * 1000 }}",
    "{% macro deep(n) %}{{ deep(n + 1) }}{% endmacro %}{{ deep(1) }}",
    "{% for a in [[1]] recursive %}{{ loop([[1]]) }}{% endfor %}",
    "{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}",
    "{{ " + "-" * 5_000 + "1 }}",
    "{% if true %}" * 200 + "{% endif %}" * 200,
    "{% for a in [1] %}" * 30 + "{% endfor %}" * 30,
)


@pytest.mark.parametrize("source", BOMBS, ids=lambda source: source[:40])
def test_what_would_grow_without_end_is_refused(source: str) -> None:
    with pytest.raises(EstampeError):
        RENDERER.render(Template(text=source), (), KNOWN, 10_000)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ '-' * 20 }}", "-" * 20),
        ("{{ 3 * 4 }} {{ 1.5 * 2 }} {{ 2 ** 10 }} {{ 2 ** -1 }} {{ 7 % 4 }}", "12 3.0 1024 0.5 3"),
        ("{{ [1, 2] * 2 }}", "[1, 2, 1, 2]"),
        ("{{ '%5.2f|%-5s|%%' % (1.239, 'a') }}", " 1.24|a    |%"),
        ("{{ '%s costs %.2f' | format(name, 3) }}", "Zoé costs 3.00"),
        ("{{ range(3) | sum }} {{ dict(a=1).a }} {{ items | map('string') | join('+') }}", "3 1 1+2"),
        ("{% set ns = namespace(n=0) %}{% for i in items %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}", "3"),
        ("{% macro bold(x) %}*{{ x }}*{% endmacro %}{{ bold('a') }}", "*a*"),
    ],
)
def test_plain_reckoning_is_allowed(source: str, text: str) -> None:
    assert RENDERER.render(Template(text=source), (), KNOWN, 10_000).text == text
