"""What takes its turn in the examples of an operation, instead of being drawn."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import pytest

from conformance.catalogue import load_catalogue
from conformance.checks.experiments import CONDITIONS, Turns
from conformance.checks.invocation import Invocation
from conformance.checks.invocations import invocations
from conformance.strategies.arguments import ARGUMENTS
from conformance.strategies.code import Chain, Name, Slice, Step
from conformance.strategies.known import known_calls
from conformance.strategies.rows import Rows
from conformance.strategies.shapes import forms_of

CATALOGUE = load_catalogue()
DRAWN = Invocation(
    Rows((), ()), Chain(Name("Post.objects"), (Step("all"),)), (), next(iter(forms_of(ARGUMENTS["create_defaults"])))
)


def turned(entry: str, number: int):
    """So many examples of an entry, where the same is drawn each time, with their conditions."""
    experiment, turns = invocations(CATALOGUE.entry(entry).judged.operation), Turns()
    found = []
    for _ in range(number):
        found.append(turns.next(experiment, DRAWN))
        turns.cancelled(seen=True)
    return found


@pytest.mark.parametrize(
    ("entry", "arguments"),
    [
        ("queryset.aupdate_or_create.create_defaults", "create_defaults"),
        ("queryset.aaggregate", "aggregates"),
        ("queryset.aupdate", "updates"),
    ],
)
def test_each_form_of_the_arguments_is_tried_under_each_condition(entry, arguments):
    """In the first examples every form once, and in the long run with every condition."""
    forms = forms_of(ARGUMENTS[arguments])
    examples = turned(entry, len(forms) * len(CONDITIONS) * 2)
    # Beside those that are known.
    examples = [each for each in examples if each[0].target == DRAWN.target]
    assert {str(example.arguments) for example, _ in islice(examples, len(forms))} == set(map(str, forms))
    pairs = {(str(example.arguments), conditions) for example, conditions in examples}
    assert pairs == {(str(form), conditions) for form in forms for conditions in CONDITIONS}


def test_what_is_known_to_have_gone_wrong_is_among_few_examples():
    """Whatever is drawn: each such call, and no two after one another."""
    entries = [entry for entry in CATALOGUE.entries if entry.judged is not None and entry.judged.operation is not None]
    for entry in entries:
        operation = entry.judged.operation
        calls = known_calls(operation.on, operation.call)
        targets = [example.target for example, _ in turned(entry.id, len(CONDITIONS) * len(calls))]
        assert [target for target in targets if target != DRAWN.target] == [call.target for call in calls]
        if calls:
            assert calls[0].target in targets[:2]


def test_no_part_of_rows_that_a_relation_multiplies_is_aggregated():
    """Which rows are in it their order does not say; a part of plain rows stays one."""
    experiment = invocations(CATALOGUE.entry("queryset.aaggregate").judged.operation)
    cut = replace(DRAWN, target=Chain(DRAWN.target.start, (*DRAWN.target.steps, Slice(None, 2))))
    seen = set()
    for turn in range(60):
        example = experiment.vary(cut, turn)
        multiplied = "'comments" in repr(example.arguments) or "'tags" in repr(example.arguments)
        assert not (multiplied and "Slice" in repr(example.target))
        seen.add(multiplied)
    assert seen == {True, False}


def test_an_example_that_is_made_small_keeps_its_turn():
    """Otherwise it would be looked for with other arguments than those with which it was found."""
    experiment, turns = invocations(CATALOGUE.entry("queryset.aaggregate").judged.operation), Turns()
    found = [turns.next(experiment, DRAWN) for _ in range(4)][-1]
    turns.keep()
    assert turns.next(experiment, DRAWN) == found


def test_a_queryset_that_was_evaluated_is_printed_so():
    """The repro has to fill the cache as the experiment did."""
    operation = CATALOGUE.entry("queryset.aupdate").judged.operation
    evaluated = next(example for example, _ in turned("queryset.aupdate", 10) if example.evaluated)
    sync, asynchronous = invocations(operation).source(evaluated)
    assert sync.splitlines()[-3:-1] == ["rows = Post.objects.all()", "len(rows)"]
    assert asynchronous.splitlines()[-1].startswith("await rows.aupdate(")
