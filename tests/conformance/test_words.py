"""A workaround has one word, computed from its situations."""

from __future__ import annotations

import pytest

from conformance.catalogue import load_catalogue
from conformance.catalogue.words import WORDS, word_of

CATALOGUE = load_catalogue()
ENTRY = CATALOGUE.entry("workaround.w2.printed")
RIGHT = {check.name: "pass" for check in ENTRY.checks}


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({}, "safe"),
        ({"late": "fail"}, "finishes after cancel"),
        ({"bystander": "silent"}, "unsafe"),
        ({"bystander": "silent", "late": "fail"}, "unsafe"),
        ({"cancelled": "flaky 1/2"}, "unsafe"),
        ({"alone": "loud"}, "refuses some"),
        (dict.fromkeys(RIGHT, "loud"), "refused"),
        (dict.fromkeys(RIGHT, "n/a"), "n/a"),
        ({"overlap": "unknown"}, "not measured"),
        ({"overlap": "harness_error"}, "not measured"),
        ({"overlap": "vacuous"}, "not measured"),
    ],
)
def test_the_word_follows_from_the_situations(changes, word):
    """The rule that is printed beside the word is the one that is applied."""
    assert word_of(ENTRY, {**RIGHT, **changes}) == word
    assert word in WORDS


def test_a_query_too_many_loses_nothing():
    """What sends a query for each row and answers rightly has a word of its own."""
    found = CATALOGUE.entry("workaround.w7.gathered")
    right = {check.name: "pass" for check in found.checks}
    assert word_of(found, {**right, "bounded": "fail"}) == "wasteful"
    assert word_of(found, {**right, "bounded": "fail", "statistics": "silent"}) == "unsafe"
    assert word_of(found, right) == "safe"


def test_what_was_not_measured_is_not_called_safe():
    """A situation without a verdict is none that went well."""
    assert word_of(ENTRY, {}) == "not measured"


def test_an_operation_has_no_word():
    """An operation has the worst verdict of its checks."""
    with pytest.raises(ValueError, match="is no workaround"):
        word_of(CATALOGUE.entry("queryset.acount"), {})
