"""The remedy that is told for each positive program is taken, and nothing is found any more."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from n_plus_one_corpus import PROGRAMS, Program
from n_plus_one_corpus.mended import MENDED
from n_plus_one_corpus.rows import build

from pytest_async_orm import record_queries

pytestmark = [
    pytest.mark.django_db(databases=["default", "other"]),
    pytest.mark.allow_connection_leaks(reason="threads that only query, as the subject is their queries"),
]
POSITIVES = [pytest.param(program, id=program.name) for program in PROGRAMS if program.positive]
ON_A_QUERY = re.compile(r'Use ((?:select|prefetch)_related\("\w+"\)).* on the query of (\w+) before the loop')
# What a remedy names, and what its mended form must then have.
ASKED = (
    (r'((?:select|prefetch)_related\("\w+"\))', r"\1"),
    (r'(Prefetch\("\w+")', r"\1"),
    (r"annotate\((\w+\()", r"annotate(", r"\1"),
    (r"(prefetch_related_objects\()", r"\1"),
    (r"(in_bulk\()", r"\1"),
    (r'field_name=("\w+")', r"field_name=\1"),
    (r"(\w+__in=)", r"\1"),
    (r"(list\()", r"\1"),
    (r'values\(("\w+")\)', r"values(\1"),
    (r'Load ("\w+")', r"\1"),
    (r"(ask once before)", r"Once before"),
    (r"(exclude=)", r"\1"),
)


@pytest.fixture(autouse=True)
def rows(db: None) -> None:
    build()


async def recorded(program: Program, run: Callable[[], Any]) -> tuple[Any, list[Any]]:
    """What a program gives, and the N+1 found."""
    with program.limits():
        async with record_queries() as log:
            result = await run() if inspect.iscoroutinefunction(run) else await sync_to_async(run)()
    return result, log.n_plus_one(threshold=program.threshold)


def applied(program: Program, remedy: str, folder: Path) -> Callable[[], Any] | None:
    """The program with the remedy's call on the query that the remedy names; None if the program has no such query."""
    found = ON_A_QUERY.search(remedy)
    source = textwrap.dedent(inspect.getsource(program.run)).partition("def ")
    if found is None or f"{found[2]}.objects" not in source[2]:
        return None
    before = "async def " if program.asynchronous else "def "
    text = before + source[2].replace(f"{found[2]}.objects", f"{found[2]}.objects.{found[1]}")
    file = folder / f"mended_{program.name}.py"
    file.write_text(text, encoding="utf-8")
    scope = dict(vars(inspect.getmodule(program.run)))
    exec(compile(text, str(file), "exec", dont_inherit=True, flags=_ANNOTATIONS), scope)
    made: Callable[[], Any] = scope[program.run.__name__]
    return made


# As each module of the corpus begins with `from __future__ import annotations`.
_ANNOTATIONS = __import__("__future__").annotations.compiler_flag


def missing(remedy: str, source: str) -> Iterator[str]:
    """What a remedy asks for and a mended form does not have."""
    for pattern, *wanted in ASKED:
        found = list(re.finditer(pattern, remedy))
        texts = [[match.expand(text) for text in wanted] for match in found]
        # Of several calls that a remedy gives, joined by "or", one is enough.
        if texts and not any(all(text in source for text in group) for group in texts):
            yield f"{pattern} of {remedy!r}"


@pytest.mark.asyncio
@pytest.mark.parametrize("program", POSITIVES)
async def test_remedies(program: Program, tmp_path: Path) -> None:
    """Nothing is found in a program that has taken the remedy, to the word, that was told."""
    result, found = await recorded(program, program.run)
    [group] = found
    hand_made = MENDED.get(program.name)
    mended = hand_made or applied(program, group.remedy, tmp_path)
    assert mended is not None, f"{group.remedy!r} cannot be applied by itself: enter a form in mended.py"
    if hand_made is not None:
        assert list(missing(group.remedy, inspect.getsource(hand_made))) == []
    again, left = await recorded(program, mended)
    assert left == []
    if hand_made is None:
        assert again == result


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("validation_in_a_loop", ", with exclude=[...]"),
        ("validation_of_unique_names", ", with exclude=[...]"),
        ("validation_of_forms", ""),
    ],
)
async def test_remedies_of_validations(name: str, argument: str) -> None:
    """A validation asks again whatever is known: the remedy leaves the field out, by an argument where there is one."""
    program = next(program for program in PROGRAMS if program.name == name)
    _, [group] = await recorded(program, program.run)
    assert group.remedy.startswith("Ask for all iterations by one query before the loop, with set(")
    assert group.remedy.endswith(f"), and leave the field out of the validation in the loop{argument}.")


def test_mended_forms() -> None:
    """Every mended form is one of a positive program, but for those that need Django 5.0 or Python 3.11."""
    newer = {"prefetch_of_one_at_a_time", "task_group"}
    assert set(MENDED) - newer <= {program.name for program in PROGRAMS if program.positive}


@pytest.mark.asyncio
@pytest.mark.planted
async def test_remedies_that_do_not_work(tmp_path: Path) -> None:
    """A remedy on the wrong relation, or of the wrong kind, does not make an N+1 go away."""
    program = next(program for program in PROGRAMS if program.name == "lazy_author_in_a_sync_function")
    mended = applied(program, 'Use prefetch_related("comments") on the query of Post before the loop.', tmp_path)
    assert mended is not None
    _, left = await recorded(program, mended)
    assert len(left) == 1
    assert list(missing("with in_bulk().", "authors = [User.objects.get(pk=key) for key in keys]")) != []
