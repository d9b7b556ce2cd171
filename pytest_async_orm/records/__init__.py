"""Plain facts that pass between the layers: no behaviour, no Django, no pytest."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_async_orm.records.connections import Cause, Census, ConnectionRecord, Counts, Leak, LeakKind
    from pytest_async_orm.records.leftovers import Leftover
    from pytest_async_orm.records.n_plus_one import NPlusOne
    from pytest_async_orm.records.participant import Participant
    from pytest_async_orm.records.query import Kind, Origin, Query
    from pytest_async_orm.records.source_line import SourceLine

__all__ = [
    "Cause",
    "Census",
    "ConnectionRecord",
    "Counts",
    "Kind",
    "Leak",
    "LeakKind",
    "Leftover",
    "NPlusOne",
    "Origin",
    "Participant",
    "Query",
    "SourceLine",
]

# Imported when first asked for: a session in which nothing leaks, waits or is recorded needs hardly any.
_MODULES = {
    "Leftover": "leftovers",
    "NPlusOne": "n_plus_one",
    "Participant": "participant",
    "SourceLine": "source_line",
    **dict.fromkeys(("Kind", "Origin", "Query"), "query"),
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_MODULES.get(name, 'connections')}")
    found = globals()[name] = getattr(module, name)
    return found
