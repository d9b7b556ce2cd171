"""Defects that the generators make, by name: `ENTRY/GENERATOR` or `ENTRY/GENERATOR/VARIANT`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from conformance.catalogue import load_catalogue
from conformance.defects.facts import Anything, Facts
from conformance.defects.generators import GENERATORS, Defect
from conformance.defects.owners import operation_of
from conformance.defects.places import Place, on_first_use
from conformance.defects.sides import on_side


@dataclass(frozen=True)
class Name:
    """The parts of a generated defect's name."""

    entry: str
    generator: str
    variant: str = ""

    def __str__(self) -> str:
        return "/".join(filter(None, (self.entry, self.generator, self.variant)))

    @classmethod
    def parse(cls, text: str) -> Name | None:
        """None for a name that no generator makes."""
        entry, _, rest = text.partition("/")
        generator, _, variant = rest.partition("/")
        return cls(entry, generator, variant) if generator in GENERATORS else None


def defects_at(entry: str, place: Place, facts: Facts) -> Iterator[tuple[Name, Defect]]:
    """Every defect that makes sense at the place of an entry's operation and has a judge there."""
    for generator, make in GENERATORS.items():
        for defect in make(place, facts):
            judges = [judge for judge in defect.judge.split("|") if judge in facts.judges]
            if judges:
                yield Name(entry, generator, defect.variant), replace(defect, judge="|".join(judges))


def plant_generated(name: Name) -> None:
    """Put the defect in where a check first asks for the entry's operation, or around its side if it has none.

    Raises `SuiteError` (usage) for an entry that does not exist.
    """
    chosen: list[Defect] = []

    def put_in(place: Place) -> None:
        # Once: some defects remember what was asked before.
        if not chosen:
            made = GENERATORS[name.generator](place, Anything())
            chosen.extend(defect for defect in made if defect.variant == name.variant)
        if not chosen:
            raise LookupError(f"{name.generator} makes no {name.variant or 'defect'} for {place.owner}.{place.name}")
        chosen[0].put_in(place)

    where(name.entry, put_in)


def where(entry_id: str, put_in: Callable[[Place], None]) -> None:
    """Have `put_in` called with the place of an entry's operation."""
    twin = operation_of(load_catalogue().entry(entry_id))
    if twin:
        on_first_use(twin, put_in)
    else:
        on_side(entry_id, put_in)


def is_generated(name: str) -> bool:
    """Whether a generator of that name makes it; what it makes where is known once it is planted."""
    return Name.parse(name) is not None


def descriptions() -> dict[str, str]:
    """What each generator makes, in a sentence."""
    return {name: (make.__doc__ or "").strip() for name, make in GENERATORS.items()}
