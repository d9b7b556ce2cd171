"""Two values as what differs between them: never both of them whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from conformance.telling.values import code_of

MOST_LINES, LONGEST = 40, 240
# Of what two long texts begin with alike, so much is told.
_BEFORE = 30
# For each table its columns, so that a row is told by names.
Columns = Mapping[str, Sequence[str]]


def difference(expected: Any, observed: Any, columns: Columns | None = None) -> str:
    """A line for each thing that differs: `- ` is expected, `+ ` is observed, two spaces say where.

    Tables (dicts from a table's name to its rows) are told row by row, `columns` naming their values.
    """
    lines = [_cut(line) for line in _walk(expected, observed, "", columns or {})]
    if not lines:
        # They are unequal, and read alike.
        lines = [f"- {code_of(expected)}"[:LONGEST], f"+ {code_of(observed)}"[:LONGEST]]
    more = len(lines) - MOST_LINES
    return "\n".join([*lines[:MOST_LINES], *([f"  … and {more} more lines"] if more > 0 else [])])


def halves(told: str) -> tuple[str, str]:
    """What a difference says was expected, and what was observed."""
    lines = told.splitlines()
    expected, observed = ([line[2:] for line in lines if line.startswith(f"{sign} ")] for sign in "-+")
    return "\n".join(expected), "\n".join(observed)


def _walk(expected: Any, observed: Any, path: str, columns: Columns) -> Iterator[str]:
    if expected == observed and type(expected) is type(observed):
        return
    if isinstance(expected, dict) and isinstance(observed, dict) and _walkable(expected, observed):
        for key in dict.fromkeys((*expected, *observed)):
            yield from _item(key, expected, observed, path, columns)
    elif type(expected) is type(observed) and isinstance(expected, (list, tuple)):
        yield from _sequence(expected, observed, path, columns)
    elif isinstance(expected, str) and isinstance(observed, str) and not path:
        yield from _texts(expected, observed)
    else:
        yield from _leaf(expected, observed, path)


def _walkable(expected: dict[Any, Any], observed: dict[Any, Any]) -> bool:
    """Instances of two models have nothing in common."""
    return expected.get("model") == observed.get("model") and "raises" not in expected and "raises" not in observed


def _item(key: Any, expected: Any, observed: Any, path: str, columns: Columns) -> Iterator[str]:
    if key in columns and isinstance(expected.get(key, []), list):
        yield from _table(key, expected.get(key, []), observed.get(key, []), columns[key])
        return
    below = f"{path}[{key!r}]" if not _is_instance(expected) else f"{path}.{key}"
    if key not in observed:
        yield f"- {below} = {code_of(expected[key])}"
    elif key not in expected:
        yield f"+ {below} = {code_of(observed[key])}"
    else:
        yield from _walk(expected[key], observed[key], below, columns)


def _is_instance(value: dict[Any, Any]) -> bool:
    return "model" in value and "using" in value


def _table(name: str, expected: list[Any], observed: list[Any], columns: Sequence[str]) -> Iterator[str]:
    """Rows that only one side has; of a row with the same key on both sides only the columns that differ."""
    missing, more = _without(expected, observed), _without(observed, expected)
    if missing or more:
        yield f"  {name}: {len(expected)} rows expected, {len(observed)} observed"
    by_key = {row[0]: row for row in more if isinstance(row[0], int)}
    for row in missing:
        other = by_key.pop(row[0], None) if isinstance(row[0], int) else None
        if other is not None:
            more.remove(other)
        yield from _row(row, other, columns)
    yield from (f"+ {_told(row, columns)}" for row in more)


def _row(expected: Sequence[Any], observed: Sequence[Any] | None, columns: Sequence[str]) -> Iterator[str]:
    if observed is None:
        yield f"- {_told(expected, columns)}"
        return
    differing = [at for at, (one, other) in enumerate(zip(expected, observed, strict=True)) if one != other]
    names = [columns[at] for at in (0, *differing)]
    yield f"- {_told([expected[at] for at in (0, *differing)], names)}"
    yield f"+ {_told([observed[at] for at in (0, *differing)], names)}"


def _told(row: Sequence[Any], columns: Sequence[str]) -> str:
    return ", ".join(f"{name}={code_of(value)}" for name, value in zip(columns, row))  # noqa: B905 - columns may be few


def _without(rows: list[Any], others: list[Any]) -> list[Any]:
    """The rows that the others do not have, counting equal ones."""
    left, rest = [], [*others]
    for row in rows:
        if row in rest:
            rest.remove(row)
        else:
            left.append(row)
    return left


def _sequence(expected: Sequence[Any], observed: Sequence[Any], path: str, columns: Columns) -> Iterator[str]:
    if len(expected) == len(observed):
        for at, (one, other) in enumerate(zip(expected, observed, strict=True)):
            yield from _walk(one, other, f"{path}[{at}]", columns)
        return
    ours, theirs = ([code_of(item) for item in side] for side in (expected, observed))
    where = f" at {path}" if path else ""
    yield f"  {len(expected)} items expected, {len(observed)} observed{where}"
    for tag, start, stop, begin, end in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from _equal(ours[start:stop])
        else:
            yield from (f"- {item}" for item in ours[start:stop])
            yield from (f"+ {item}" for item in theirs[begin:end])


def _equal(items: list[str]) -> Iterator[str]:
    if len(items) <= 2:
        yield from (f"  {item}" for item in items)
    else:
        yield f"  … {len(items)} equal"


def _texts(expected: str, observed: str) -> Iterator[str]:
    yield from (f"- {line}" for line in expected.splitlines() or [""])
    yield from (f"+ {line}" for line in observed.splitlines() or [""])


def _leaf(expected: Any, observed: Any, path: str) -> Iterator[str]:
    before = f"{path} = " if path else ""
    one, other = (_prose(value) if not path else code_of(value) for value in (expected, observed))
    if one == other:
        one, other = f"{one} ({type(expected).__name__})", f"{other} ({type(observed).__name__})"
    start = _same(one, other) if max(len(one), len(other)) > LONGEST // 2 else 0
    yield f"- {before}{_from(one, start)}"
    yield f"+ {before}{_from(other, start)}"


def _same(one: str, other: str) -> int:
    """How much of two long texts may be left out at their beginning, where they are the same."""
    pairs = zip(one, other)  # noqa: B905 - the shorter one ends it
    return max(next((at for at, (left, right) in enumerate(pairs) if left != right), 0) - _BEFORE, 0)


def _from(text: str, start: int) -> str:
    return f"…{text[start:]}" if start > 1 else text


def _prose(value: Any) -> str:
    """A sentence is told as it stands; any other text is a value."""
    return value if isinstance(value, str) and " " in value else code_of(value)


def _cut(line: str) -> str:
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
