"""Which operation an entry is about, where neither its data nor its id say so."""

from __future__ import annotations

from fnmatch import fnmatchcase

from conformance.catalogue import CatalogueEntry

# Their experiments have the two sides as code, which asks for no method by the adapter.
_WHOLE_SIDES = ("client.*", "http.*", "middleware.*", "signals.send.*", "signals.send_robust.*", "workaround.*")


def operation_of(entry: CatalogueEntry) -> str:
    """The synchronous name of the operation; empty for an entry that is about no single one: its whole side is taken.

    The last part of an id that begins with `a` is the asynchronous name: `model.asave.new` is about `save`.
    """
    if entry.judged is not None and entry.judged.operation is not None:
        return entry.judged.operation.call
    if any(fnmatchcase(entry.id, pattern) for pattern in _WHOLE_SIDES):
        return ""
    names = [part for part in entry.id.split(".")[1:] if part.startswith("a")]
    return {"aiter": "__iter__"}.get(names[-1], names[-1][1:]) if names else ""
