"""The corpus of N+1 programs: what each sends, and what the recording says of it."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django
import pytest
from django.db.backends.utils import CursorWrapper
from n_plus_one_corpus import PROGRAMS, Program
from n_plus_one_corpus.program import HERE, MARKER
from n_plus_one_corpus.rows import USERNAMES, User, build

pytestmark = [
    pytest.mark.django_db(databases=["default", "other"]),
    pytest.mark.allow_connection_leaks(reason="threads that only query, as the subject is their queries"),
]

CONTROL = re.compile(r"\s*(SAVEPOINT|RELEASE SAVEPOINT|ROLLBACK|BEGIN|COMMIT|START TRANSACTION|SET )", re.IGNORECASE)


def chosen(*, asynchronous: bool, positive: bool | None = None) -> pytest.MarkDecorator:
    programs = [
        pytest.param(program, id=program.name)
        for program in PROGRAMS
        if program.asynchronous is asynchronous and positive in (None, program.positive)
    ]
    return pytest.mark.parametrize("program", programs)


@pytest.fixture(autouse=True)
def rows(db: None) -> None:
    build()


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch, rows: None) -> list[str]:
    """Every statement that Django sends from now on, on any connection of any thread, as its cursors see it."""
    sent: list[str] = []

    def watch(name: str) -> None:
        original = getattr(CursorWrapper, name)

        def call(self: CursorWrapper, sql: Any, *arguments: Any) -> Any:
            if not CONTROL.match(str(sql)):
                sent.append(str(sql))
            return original(self, sql, *arguments)

        monkeypatch.setattr(CursorWrapper, name, call)

    watch("execute")
    watch("executemany")
    return sent


def expect(program: Program, statements: list[str]) -> None:
    expected = program.statements
    assert len(statements) == expected, f"expected {expected}, sent {len(statements)}:\n" + "\n".join(statements)


@chosen(asynchronous=False)
def test_statements_of_sync_programs(program: Program, statements: list[str]) -> None:
    """A sync program sends as many statements as it says."""
    with program.limits():
        program.run()
        expect(program, statements)


@pytest.mark.asyncio
@chosen(asynchronous=True)
async def test_statements_of_async_programs(program: Program, statements: list[str]) -> None:
    """An async program sends as many statements as it says."""
    with program.limits():
        await program.run()
        expect(program, statements)


@pytest.fixture
def record() -> Callable[[], Any]:
    from pytest_async_orm import record_queries

    return record_queries


def place(site: str | None) -> str | None:
    """A call site with the file's name alone, as the corpus writes it."""
    if site is None:
        return None
    file, _, line = site.rpartition(":")
    return f"{Path(file).name}:{line}"


def judge(program: Program, log: Any) -> None:
    groups = log.n_plus_one(threshold=program.threshold)
    if not program.positive:
        assert groups == []
        return
    assert [place(group.call_site) for group in groups] == [program.query_line]
    [group] = groups
    assert place(group.loop) in program.loop_lines
    assert group.count > program.threshold
    assert program.remedy in (group.remedy or "")


@chosen(asynchronous=False, positive=True)
def test_positive_sync_programs(program: Program, record: Callable[[], Any]) -> None:
    """The N+1 of a sync program is found once, with the line of the query, the line of the loop and the remedy."""
    with program.limits(), record() as log:
        program.run()
    judge(program, log)


@pytest.mark.asyncio
@chosen(asynchronous=True, positive=True)
async def test_positive_async_programs(program: Program, record: Callable[[], Any]) -> None:
    """The N+1 of an async program is found once, with the line of the query, the line of the loop and the remedy."""
    with program.limits():
        async with record() as log:
            await program.run()
    judge(program, log)


@chosen(asynchronous=False, positive=False)
def test_negative_sync_programs(program: Program, record: Callable[[], Any]) -> None:
    """Nothing is found in a sync program without N+1."""
    with program.limits(), record() as log:
        program.run()
    judge(program, log)


@pytest.mark.asyncio
@chosen(asynchronous=True, positive=False)
async def test_negative_async_programs(program: Program, record: Callable[[], Any]) -> None:
    """Nothing is found in an async program without N+1."""
    with program.limits():
        async with record() as log:
            await program.run()
    judge(program, log)


@pytest.mark.asyncio
async def test_tasks_with_blocks_of_their_own(record: Callable[[], Any]) -> None:
    """Two tasks that run the same line three times each, recorded apart and together: each by itself is an N+1."""

    async def three_times() -> list[Any]:
        async with record() as log:
            for username in USERNAMES[:3]:
                await User.objects.aget(username=username)
        return [group.count for group in log.n_plus_one(threshold=2)]

    async with record() as both:
        assert await asyncio.gather(three_times(), three_times()) == [[3], [3]]
    assert [group.count for group in both.n_plus_one(threshold=2)] == [3]
    assert both.n_plus_one(threshold=3) == []


def test_size_of_the_corpus() -> None:
    """The corpus has at least 32 programs of either kind, each with a name of its own and a sentence that tells it."""
    assert min(sum(program.positive is kind for program in PROGRAMS) for kind in (True, False)) >= 32
    names = [program.name for program in PROGRAMS]
    assert sorted(set(names)) == sorted(names)
    assert [program.name for program in PROGRAMS if not program.run.__doc__] == []


@pytest.mark.skipif(
    django.VERSION < (5, 0) or sys.version_info < (3, 11),
    reason="a few programs use what Django 5.0 and Python 3.11 brought",
)
def test_numbers_of_the_page() -> None:
    """The page about queries says how many programs of either kind there are."""
    page = (HERE.parents[2] / "docs" / "queries.md").read_text(encoding="utf-8")
    positives = sum(program.positive for program in PROGRAMS)
    assert f"{positives} that are N+1 and {len(PROGRAMS) - positives} that look like it" in page


def test_markers_name_programs() -> None:
    """A marker that names a program names one that exists."""
    named = {name for file in HERE.glob("*.py") for _, name in MARKER.findall(file.read_text(encoding="utf-8")) if name}
    assert named <= {program.name for program in PROGRAMS} | {"NAME"}
