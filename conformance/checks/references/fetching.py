"""What is fetched when what a queryset left out is asked for, by its fetch mode: values, and how many queries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

BLOCKED, MISSING, GONE = "FieldFetchBlocked", "RelatedObjectDoesNotExist", "DoesNotExist"


@dataclass
class Thing:
    """A row as an instance: its values, what each relation leads to, and which of all that it has already.

    A relation leads to None where a column says so; a relation that another table has leads to `MISSING`.
    """

    values: dict[str, Any]
    relations: dict[str, Thing | str | None] = field(default_factory=dict)
    loaded: set[str] = field(default_factory=set)
    # Those that were fetched with it.
    peers: list[Thing] = field(default_factory=list)
    # Whether its row is gone, so that nothing can be fetched any more.
    deleted: bool = False


@dataclass
class Fetching:
    """Counts the queries that a mode takes."""

    mode: str
    queries: int = 0

    def walk(self, thing: Thing, path: tuple[str, ...]) -> Any:
        """What is at the end of the path, or the name of what is raised on the way."""
        found: Any = thing
        for name in path:
            if not self._fetch(found, name):
                return BLOCKED
            if name not in found.loaded and found.deleted:
                return GONE
            found = found.values[name] if name in found.values else found.relations[name]
            if found is None or found == MISSING:
                return found
        return found

    def _fetch(self, thing: Thing, name: str) -> bool:
        """Have the name loaded. False where the mode forbids it."""
        is_null = name in thing.relations and thing.relations[name] is None
        if name in thing.loaded or is_null:
            return True
        if self.mode == "FETCH_RAISE":
            return False
        self.queries += 1
        together = thing.peers if self.mode == "FETCH_PEERS" else [thing]
        for each in together:
            if not each.deleted:
                each.loaded.add(name)
        self._meet(together, name)
        return True

    def _meet(self, things: list[Thing], name: str) -> None:
        """What was fetched together is fetched together from then on; a thing that is fetched again is another one."""
        found = {id(each): each for thing in things if isinstance(each := thing.relations.get(name), Thing)}
        for each in found.values():
            each.peers = list(found.values())


def together(things: list[Thing]) -> list[Thing]:
    """The things as they come of one queryset."""
    for each in things:
        each.peers = things
    return things
