"""What to do about an N+1: each remedy is one sentence, and tried by the corpus of programs."""

from __future__ import annotations

from collections.abc import Sequence


def _query_of(model: str) -> str:
    return f"on the query of {model} before the loop" if model else "on the query before the loop"


def select_related(paths: Sequence[str], model: str) -> str:
    """One row of each: by a join."""
    calls = " or ".join(f'select_related("{path}")' for path in paths)
    return f"Use {calls} {_query_of(model)}."


def prefetch_generic(names: Sequence[str], model: str) -> str:
    """What generic foreign keys lead to: rows of several tables, for which there is no join."""
    calls = " or ".join(f'prefetch_related("{name}")' for name in names)
    return f"Use {calls} {_query_of(model)}."


def prefetch(path: str, model: str) -> str:
    """All related rows of each."""
    return f'Use prefetch_related("{path}") {_query_of(model)}.'


def prefetch_narrowed(path: str, model: str) -> str:
    """Some of the related rows of each, or in an order of their own."""
    return (
        f'Use prefetch_related(Prefetch("{path}", queryset=..., to_attr=...)) {_query_of(model)}, with the filter, '
        "order or slice in that queryset: in the loop it asks the database again, whatever was prefetched."
    )


def annotate(function: str, path: str, model: str, *, narrowed: bool) -> str:
    """A number of each, by the database."""
    condition = ", filter=Q(...)" if narrowed else ""
    return f'Use annotate({function}("{path}"{condition})) {_query_of(model)}.'


def annotate_exists(asked: str, model: str) -> str:
    """Whether there are related rows of each."""
    return f'Use annotate(Exists(...)) {_query_of(model)}, with {asked}.objects.filter(...=OuterRef("pk")) in it.'


def load_field(names: Sequence[str]) -> str:
    """A field that `only` or `defer` left out of the rows."""
    listed = ", ".join(f'"{name}"' for name in names) or "the field"
    return f"Load {listed} with the rows: name it in only(), or take it out of defer(), on the query before the loop."


def read_again() -> str:
    """`refresh_from_db` of each row."""
    return "Read the rows again by one query before the loop, with in_bulk()."


def evaluate_once() -> str:
    """A queryset that is asked for one index after another."""
    return "Evaluate the queryset once before the loop, with list(), and take the rows by their index from that."


def ask_once() -> str:
    """Equal parameters in every turn."""
    return "Every turn asks the same: ask once before the loop, and keep the answer."


def once_for_all(call: str) -> str:
    """A call that takes many rows or keys, and is given one."""
    what = "all rows" if call == "prefetch_related_objects" else "all keys"
    return f"Call {call}() once before the loop, with {what} in one list."


def by_one_query(how: str = "") -> str:
    """Rows by their values."""
    return f"Fetch the rows of all iterations by one query before the loop{f', with {how}' if how else ''}."


def count_by_one_query(field: str) -> str:
    """Numbers by their values."""
    return f'Count for all iterations by one query before the loop, with values("{field}").annotate(Count("pk")).'


def exist_by_one_query(model: str, field: str) -> str:
    """Whether there are rows, by their values."""
    return (
        "Ask for all iterations by one query before the loop, with "
        f'set({model}.objects.filter({field}__in=[...]).values_list("{field}", flat=True)).'
    )


def leave_out(remedy: str, *, by_argument: bool) -> str:
    """What a validation asks for: it asks again unless it is told not to."""
    how = ", with exclude=[...]" if by_argument else ""
    return f"{remedy.removesuffix('.')}, and leave the field out of the validation in the loop{how}."
