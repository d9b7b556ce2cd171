"""Plain facts that pass between the layers: no behaviour, no Django, no pytest."""

from pytest_async_orm.records.connections import Census, ConnectionRecord, Leak, LeakKind, Place
from pytest_async_orm.records.leftovers import Leftover
from pytest_async_orm.records.n_plus_one import NPlusOne
from pytest_async_orm.records.party import Party
from pytest_async_orm.records.query import Kind, Query

__all__ = ["Census", "ConnectionRecord", "Kind", "Leak", "LeakKind", "Leftover", "NPlusOne", "Party", "Place", "Query"]
