"""Plain facts that pass between the layers: no behaviour, no Django, no pytest."""

from pytest_async_orm.records.connections import Census, ConnectionRecord, Kind, Leak, Place
from pytest_async_orm.records.leftovers import Leftover
from pytest_async_orm.records.party import Party

__all__ = ["Census", "ConnectionRecord", "Kind", "Leak", "Leftover", "Party", "Place"]
