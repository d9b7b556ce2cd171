"""What a bad argument answers: which values there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def unknown(what: str, value: object, known: Iterable[str]) -> str:
    """`what` is the argument, such as `using`; the values that are meant most likely come first."""
    names = sorted(known)
    close = _close(str(value), names)
    meant = f" Did you mean {_listed(close)}?" if close else ""
    return f"{what} is {value!r}: use one of {_listed(names)}.{meant}"


def unknown_table(table: str, known: Iterable[str]) -> str:
    """Nothing was sent to a table that no model has, so that a number of its queries would say nothing."""
    names = sorted(known)
    close = _close(table, names)
    meant = f"did you mean {_listed(close)}?" if close else f"the models have {_listed(names[:10])}."
    return f"table is {table!r}: no model has a table of that name, and no statement was sent to one; {meant}"


def never_entered(test: str, lines: Sequence[str]) -> str:
    """Assertions that were made and not used as a block."""
    places = ", ".join(lines)
    return (
        f"{test} passed, but an assertion was never entered, so that it checked nothing (made at {places}): use it as "
        "a block, such as `with assert_num_queries(3):` or `async with assert_no_leaks():`."
    )


def _close(value: str, names: Sequence[str]) -> list[str]:
    from difflib import get_close_matches

    by_lower = {name.lower(): name for name in names}
    return [by_lower[found] for found in get_close_matches(value.lower(), list(by_lower), n=3)]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names)) or "none"
