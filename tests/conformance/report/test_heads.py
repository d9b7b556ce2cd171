"""The heads of the matrix: short, and different for any two columns of one Django and database."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from conformance.catalogue import Catalogue
from conformance.environment import Environment
from conformance.report import render_html
from conformance.results import Results


def test_a_head_names_what_is_unusual(
    catalogue: Catalogue,
    make_environment: Callable[..., Environment],
    make_column_results: Callable[..., Results],
    tmp_path: Path,
) -> None:
    """A pool and server-side binding are named where they are, and not where they are not; the label says all."""
    usual = make_environment()
    ways = (
        usual,
        replace(usual, pooled=True),
        replace(usual, server_side_binding=True),
        replace(usual, driver="psycopg2"),
    )
    found = [
        replace(make_column_results({"queryset.acount:result": "pass"}, catalogue=catalogue.hash), environment=way)
        for way in ways
    ]
    text = render_html(found, catalogue, tmp_path).read_text("utf-8")
    heads = re.findall(r'data-label="([^"]+)"><a [^>]+>.*?</a> <small>([^<]+)</small>', text)
    assert {head for _, head in heads} == {"psycopg", "psycopg, pool", "psycopg, server-side binding", "psycopg2"}
    assert len({label for label, _ in heads}) == len(ways)
    assert all("Pool" in label and "Server-side binding" in label for label, _ in heads)
