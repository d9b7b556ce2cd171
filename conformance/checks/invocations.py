"""The generic experiment: a method of a target, called with arguments, all of it drawn as expressions."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from math import lcm
from typing import Any

from hypothesis import strategies as st

from conformance.catalogue import Operation
from conformance.checks import model_features
from conformance.checks.aftermath import (
    KEEPING,
    OWNED,
    held,
    owning_field,
    with_caches,
    with_owner,
    with_prefetched,
    with_target,
)
from conformance.checks.elsewhere import alias_of, on_alias
from conformance.checks.experiments import CONDITIONS, Experiment, Sides
from conformance.checks.instruments import declare
from conformance.checks.invocation import Invocation, source_of
from conformance.checks.outcomes import Absent
from conformance.checks.prefetched import prefetched_aliases, prefetched_names, with_prefetched_rows
from conformance.checks.reference import AN_ANSWER, UNKNOWN, Answer, answer, consistent, rows_to_seed
from conformance.checks.reference.schema import Tables
from conformance.checks.second_alias import second_alias
from conformance.checks.seed import Table
from conformance.checks.stage import Stage
from conformance.checks.twins import mapped, operation, overriding_method
from conformance.strategies import Rows
from conformance.strategies.arguments import ARGUMENTS
from conformance.strategies.code import (
    Arguments,
    Chain,
    Slice,
    find,
    resolve,
    resolve_arguments,
)
from conformance.strategies.known import Known, known_calls
from conformance.strategies.meanwhile import SECOND_ALIAS
from conformance.strategies.model_features.rows import FeatureRows
from conformance.strategies.model_features.targets import FEATURE_TARGETS
from conformance.strategies.shapes import forms_of
from conformance.strategies.targets import TARGETS, TargetKind

_MULTIPLYING = re.compile(r"'(comments|tags|posts)")
_FIGURES = re.compile(r"\d+(\.\d+)?")
# Calls of managers of related objects that the documentation names, after which nothing may be prefetched any longer.
# It names `create` as well, which leaves it.
_CHANGING = ("add", "remove", "set", "clear")
_ITERATING = ("__iter__", "iterator")
# What a shortcut asks of the queryset that it is given, whose class may override it.
_ASKED = {"get_object_or_404": "get", "get_list_or_404": "filter"}


def invocations(found: Operation) -> Experiment:
    """The experiment of an operation. Raises `KeyError` for a kind of target or of arguments that does not exist."""
    kind, arguments = (TARGETS | FEATURE_TARGETS)[found.on], ARGUMENTS[found.arguments]
    examples = st.builds(Invocation, kind.rows, kind.targets, kind.changes, arguments)
    calls = known_calls(found.on, found.call)
    forms, model = forms_of(arguments), _ReferenceModel(found.call, answers=kind.answers)
    return Experiment(
        examples,
        lambda stage, example: _sides(stage, example, found.call, model),
        lambda example: source_of(example, found.call),
        lambda example: _around(found.on, kind, example),
        lambda example, turn: _settled(_in_turn(example, turn, forms, calls), found.call),
    )


def _around(on: str, kind: TargetKind, example: Invocation) -> AbstractContextManager[object]:
    """What a kind of target needs, or a value that writes elsewhere.

    Raises `Absent` where this Django has no such model.
    """
    if kind.needs:
        try:
            find(kind.needs)
        except AttributeError as error:
            raise Absent(f"this Django has not what the model {kind.needs} is made of") from error
    needed = on.startswith("using_") or repr(SECOND_ALIAS) in repr((example.target, example.arguments))
    return second_alias() if needed else nullcontext()


# Of so many querysets one was evaluated before the call: a number that has nothing in common with that of conditions.
_EVALUATED = 5
# A known call has the place of one of the conditions, of which another is the same: the first may be a cancellation.
_KNOWN = 1


def _in_turn(example: Invocation, turn: int, forms: tuple[Arguments, ...], calls: tuple[Known, ...]) -> Invocation:
    """Each form of the arguments in turn; where both have begun again, the next, so that it meets every condition.

    What is known to have gone wrong takes the place of what was drawn.
    """
    rounds, place = divmod(turn, len(CONDITIONS))
    if calls and place == _KNOWN:
        return _known(example, calls[rounds % len(calls)])
    if forms:
        known = rounds + (place > _KNOWN) if calls else 0
        both = lcm(len(forms), len(CONDITIONS) - bool(calls))
        number = turn - known
        example = replace(example, arguments=forms[(number + number // both) % len(forms)])
    return replace(example, evaluated=turn % _EVALUATED == _EVALUATED - 1)


def _known(example: Invocation, call: Known) -> Invocation:
    rows = example.rows if call.rows is None else call.rows
    arguments = example.arguments if call.arguments is None else call.arguments
    return replace(example, rows=rows, target=call.target, arguments=arguments)


def _settled(example: Invocation, name: str) -> Invocation:
    """The call as it can be judged: what it leaves open, or what differs between the twins by design, is settled."""
    if name == "iterator":
        return _sized(example)
    return _whole(example) if name == "aggregate" else example


def _sized(example: Invocation) -> Invocation:
    """`iterator` wants to be told how many rows to prefetch for; that `aiterator` has a default is documented."""
    told = example.arguments.args or example.arguments.kwargs
    if told or "prefetch_related" not in repr(example.target):
        return example
    return replace(example, arguments=Arguments(kwargs=(("chunk_size", 2),)))


def _whole(example: Invocation) -> Invocation:
    """Which rows are in a part of those that a relation multiplies their order does not say: all of them are taken."""
    if not isinstance(example.target, Chain) or not _MULTIPLYING.search(repr(example.arguments)):
        return example
    steps = tuple(step for step in example.target.steps if not isinstance(step, Slice))
    return replace(example, target=Chain(example.target.start, steps))


class _ReferenceModel:
    """What a model, or the rows themselves, say of a call. With `answers`, each target is well formed."""

    def __init__(self, name: str, *, answers: bool) -> None:
        self.answers = answers
        self._name = name
        # Each side prepares the same example.
        self._last: tuple[Invocation, Answer | None] | None = None

    def answer(self, example: Invocation) -> Answer | None:
        """None where nothing is known."""
        if self._last is None or self._last[0] is not example:
            self._last = example, self._find(example)
        return self._last[1]

    def _find(self, example: Invocation) -> Answer | None:
        # Whether a cut queryset contains a row is asked of its cache, where it has one.
        unknown = example.evaluated and self._name == "contains"
        found = None if unknown else _answer(example, self._name)
        if found is None and self.answers:
            return consistent(resolve(example.target), self._name, example.arguments)
        return found


def _sides(stage: Stage, example: Invocation, name: str, model: _ReferenceModel) -> Sides:
    well_formed = model.answers or isinstance(example.rows, FeatureRows)
    if not well_formed:
        sides = _twins(stage, example, name, resolve(example.target))
        if name in OWNED and (owning := owning_field(example.target)):
            sides = mapped(sides, partial(with_owner, owning))
        if name in _ITERATING and (names := prefetched_names(example.target)):
            aliases = prefetched_aliases(example.target)
            sides = mapped(sides, partial(with_prefetched_rows, example.rows, names, aliases))
    else:
        target, refused = _built(example.target)
        if refused is not None:
            return refused
        sides = _twins(stage, example, name, target)
    found = model.answer(example)
    if found is None:
        return sides
    tables, rows = found.tables, example.rows
    leaves = None if tables is None else lambda: _seeds(rows, tables)
    alias = alias_of(example.target)
    value = () if found.value is UNKNOWN else (on_alias(found.value, alias),)
    only = "" if alias == "default" else alias
    return replace(sides, model=value, leaves=leaves, columns=found.columns, alias=only)


def _seeds(rows: Rows, tables: Tables) -> list[Table]:
    """What a reference model leaves, in the form of `checks.seed`."""
    return model_features.rows_to_seed(rows, tables) if isinstance(rows, FeatureRows) else rows_to_seed(tables)


def _answer(example: Invocation, name: str) -> Answer | None:
    """What the reference model says; None where it does not know."""
    if isinstance(example.rows, FeatureRows):
        return model_features.answer(example.rows, example.target, example.changes, name, example.arguments)
    if _vendor() == "mysql" and all(name in repr(example.target) for name in ("Window", "Count")):
        # MariaDB 10.11 gives windows over groups in another order than the one that is asked for.
        return None
    return answer(_vendor(), example.rows, example.target, name, example.arguments, example.changes)


def _built(target: Any) -> tuple[Any, Sides | None]:
    """The target; or the sides of a call whose target, though well formed, cannot be built.

    Raises `Absent` for what is missing.
    """
    from django.db import NotSupportedError

    try:
        return resolve(target), None
    except NotSupportedError as error:
        raise Absent(str(error)) from error
    except Exception:  # noqa: BLE001 - that it raises is what is shown
        pass

    async def asynchronous() -> Any:
        return resolve(target)

    return None, Sides(lambda: resolve(target), asynchronous, model=(AN_ANSWER,))


def _vendor() -> str:
    from django.db import connection

    return connection.vendor


def _twins(stage: Stage, example: Invocation, name: str, target: Any) -> Sides:
    for attribute, value in example.changes:
        setattr(target, attribute, resolve(value))
    args, kwargs = resolve_arguments(example.arguments)
    evaluated = example.evaluated and _evaluate(target)
    if name == "__iter__":
        return iteration(stage, target)
    if name == "iterator":
        return _iterator(stage, target, args, kwargs)
    kept = (*held([target, args, kwargs]), *([target] if evaluated else []))
    sides = operation(stage, target, name, *args, held=kept, **kwargs)
    if name == "prefetch_related_objects":
        return with_target(args, sides)
    if name == "explain":
        return mapped(sides, _without_figures)
    if name in _CHANGING and (args or name != "remove"):
        return mapped(sides, partial(with_prefetched, target))
    if name in _ASKED and args and hasattr(args[0], "_result_cache"):
        return replace(sides, overriding=overriding_method(args[0], _ASKED[name]))
    if not hasattr(target, "_meta"):
        return sides
    keeps = name in KEEPING and not isinstance(example.rows, FeatureRows)
    return with_caches(target, sides) if keeps else with_target(target, sides)


def _evaluate(target: Any) -> bool:
    """Fill the cache of a queryset, where the target is one and the database does not refuse it."""
    if not hasattr(target, "_result_cache"):
        return False
    try:
        len(target)
    except Exception:  # noqa: BLE001 - whatever a backend refuses, the operation is measured without
        return False
    return True


def _without_figures(plan: Any) -> Any:
    """A plan with the times that it took has others each time."""
    return _FIGURES.sub("<figure>", plan) if isinstance(plan, str) else plan


def iteration(stage: Stage, target: Any) -> Sides:
    """Every item, by `for` and by `async for`."""

    async def asynchronous() -> list[Any]:
        return [item async for item in stage.adapter.iterate(target)]

    return Sides(sync=lambda: list(target), asynchronous=asynchronous, held=(target,))


def _iterator(stage: Stage, target: Any, args: list[Any], kwargs: dict[str, Any]) -> Sides:
    """`iterator` and `aiterator`, to their ends."""
    sides = operation(stage, target, "iterator", *args, **kwargs)
    asynchronous: Any = stage.adapter.asynchronous(target, "iterator")

    async def drain() -> list[Any]:
        return [item async for item in asynchronous(*args, **kwargs)]

    declared = (declare(stage.adapter.sync(target, "iterator")), declare(asynchronous))
    return replace(sides, sync=lambda: list(sides.sync()), asynchronous=drain, declared=declared, overriding=None)
