"""A run of an entry without a defect: where its operation is, what it does, and which defects make sense there."""

from __future__ import annotations

import inspect
from typing import Any

from conformance.catalogue import CatalogueEntry
from conformance.checks import Absent
from conformance.checks.witness import Witness
from conformance.defects.calls import Call, around, in_twin, passing
from conformance.defects.facts import Facts
from conformance.defects.generated import where
from conformance.defects.generators.caches import caches_held_by
from conformance.defects.generators.items import chunk_size
from conformance.defects.kinds import kind_of
from conformance.defects.owners import operation_of
from conformance.defects.places import Place
from conformance.judges import PANEL, refusal
from conformance.observations import Pair

_READS = (
    "SELECT",
    "EXPLAIN",
    "SAVEPOINT",
    "RELEASE",
    "BEGIN",
    "SET",
    "SHOW",
    "PRAGMA",
    "VALUES",
    "(SELECT",
    "WITH",
    "ROLLBACK",
    "COMMIT",
)

_CONTROL = ("BEGIN", "SAVEPOINT", "RELEASE", "COMMIT", "ROLLBACK")


class Probe:
    """Runs the examples and keeps account."""

    def __init__(self, entry: CatalogueEntry) -> None:
        self._entry = entry
        self._judges = [check.name for check in entry.checks if check.name in PANEL]
        self.facts = Facts(judges=set(self._judges), vendor=_vendor())
        self.places: list[Place] = []
        self.disagreeing: dict[str, str] = {}
        # How many asynchronous calls are under way.
        self._within = 0
        # Of the iteration that was begun last.
        self._items, self._chunk = 0, 0

    def watch(self) -> None:
        """Look at every call of the entry's operation from now on."""
        where(self._entry.id, self._put_in)

    def run(self, witness: Witness, experiment: Any, examples: list[Any]) -> str:
        """Run the examples; why there is nothing to plant, where that is so."""
        for example, conditions in examples:
            try:
                pair = witness.pair(experiment, example, conditions)
            except Absent as absent:
                return f"absent: {absent}"
            if refused := refusal(pair):
                return f"refused: {refused}"
            self._look(pair)
        self.facts.judges -= self.disagreeing.keys()
        return "" if self.places else "no operation of the entry's was asked for through the adapter"

    def _look(self, pair: Pair) -> None:
        found, facts = pair.asynchronous, self.facts
        for name in self._judges:
            if (ruling := PANEL[name](pair)) is not None:
                self.disagreeing.setdefault(name, ruling.message)
        facts.statements = max(facts.statements, len(found.statements))
        writes = [sent for sent in found.statements if not sent.sql.lstrip().startswith(_READS)]
        facts.writes = max(facts.writes, len(writes))
        facts.aliases.update(sent.alias for sent in found.statements)
        facts.atomic = facts.atomic or any(sent.in_atomic_block for sent in found.statements)
        alone = [sent for sent in found.statements if not sent.in_atomic_block and not sent.sql.startswith(_CONTROL)]
        facts.autocommit = facts.autocommit or bool(alone)
        facts.declared = facts.declared or (pair.declared is not None and bool(operation_of(self._entry)))
        facts.signals.update(sent.name for sent in found.signals)
        facts.overrides = facts.overrides or bool(pair.sync.overridden)
        facts.hops = max(facts.hops, found.hops)
        facts.warns = facts.warns or bool(found.leftovers.warnings)
        facts.read_in_chunks = facts.read_in_chunks or any(sent.chunk for sent in found.statements)
        facts.cancellations += pair.cancelled is not None
        facts.modelled = facts.modelled or bool(pair.model)

    def _put_in(self, place: Place) -> None:
        self.places.append(place)
        (passing(self._asked, self._gave_item) if place.iterates else around(self._recorded))(place)
        if place.has(place.twin):
            in_twin(self._through)(place)

    def _through(self, call: Call) -> Any:
        self.facts.through_twin = self.facts.through_twin or self._within > 0
        return call.real(*call.args, **call.kwargs)

    def _gave_item(self, item: Any) -> None:
        self.facts.returns.add(kind_of(item))
        self._items += 1
        self.facts.chunked = self.facts.chunked or self._items > (self._chunk or self._items)

    async def _recorded(self, call: Call) -> Any:
        self._asked(call)
        before = [dict(cache) for cache in caches_held_by(call.target)]
        self._within += 1
        try:
            found = await call.result()
        except Exception as error:
            self.facts.raises.add(type(error).__qualname__)
            self.facts.causes = self.facts.causes or error.__cause__ is not None
            raise
        finally:
            self._within -= 1
        self.facts.returns.add(kind_of(found))
        for name, was, cache in zip(("prefetched", "related"), before, caches_held_by(call.target), strict=True):
            self.facts.caches.update([name] if cache else [])
            self.facts.caches.update([f"{name} changed"] if was.keys() - cache.keys() else [])
        return found

    def _asked(self, call: Call) -> None:
        self._items, self._chunk = 0, chunk_size(call) or 0
        given = _given(call)
        self.facts.given |= given
        self.facts.omitted |= {each.name for each in call.place.parameters} - given
        query = getattr(call.target, "query", None) if call.place.on_queryset else None
        if query is not None and hasattr(query, "where"):
            self.facts.sliced = self.facts.sliced or query.is_sliced
            self.facts.ordered = self.facts.ordered or bool(query.order_by or query.get_meta().ordering)
            self.facts.filtered = self.facts.filtered or bool(query.where)


def _vendor() -> str:
    from django.db import connection

    return connection.vendor


def _given(call: Call) -> set[str]:
    """The names of the parameters that the call gives something; none of a call that is refused."""
    try:
        bound = inspect.signature(call.real).bind(*call.args, **call.kwargs)
    except (TypeError, ValueError):
        return set()
    return set(bound.arguments)
