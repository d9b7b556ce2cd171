"""Plain facts that pass between the layers: no behaviour, no Django, no pytest."""

from pytest_async_orm.records.connections import Cause, Census, ConnectionRecord, Counts, Leak, LeakKind, SourceLine
from pytest_async_orm.records.leftovers import Leftover
from pytest_async_orm.records.n_plus_one import NPlusOne
from pytest_async_orm.records.participant import Participant
from pytest_async_orm.records.query import Kind, Origin, Query

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
