"""The report for programs."""

from __future__ import annotations

import json

from conformance.catalogue import Catalogue
from conformance.report import render_json
from conformance.results import Results


def test_verdicts_stand_under_their_environment(catalogue: Catalogue, results: list[Results]) -> None:
    """A program finds a verdict by entry and environment; what was not selected has no key there."""
    document = json.loads(render_json(results, catalogue))
    sqlite, *_, maria = [environment["id"] for environment in document["environments"]]
    assert document["entries"]["transaction.atomic_decorator"]["verdicts"][sqlite]["verdict"] == "silent"
    assert sqlite not in document["entries"]["related.aadd"]["verdicts"]
    assert document["claims"]["N2"]["measured"][sqlite] == {"answer": "holds", "verdict": "absent"}
    assert document["entries"]["transaction.atomic_async_with"]["verdicts"][maria]["verdict"] == "unknown"


def test_what_is_missing_is_listed(catalogue: Catalogue, results: list[Results]) -> None:
    """A partial environment lists its missing cells, every other one none."""
    document = json.loads(render_json(results, catalogue))
    assert [len(environment["missing"]) for environment in document["environments"]] == [0] * 8 + [7]
    assert [environment["complete"] for environment in document["environments"]] == [True] * 8 + [False]


def test_the_same_results_give_the_same_document(catalogue: Catalogue, results: list[Results]) -> None:
    """The order of the files does not show."""
    assert render_json(results[::-1], catalogue) == render_json(results, catalogue)
