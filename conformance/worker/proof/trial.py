"""One defect: planted, and looked at by the entry's judges until the one that is named disagrees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from conformance.catalogue import CatalogueEntry
from conformance.checks import Absent
from conformance.checks.witness import Witness
from conformance.judges import PANEL, Ruling, refusal

# The examples of a profile, drawn beforehand, by its name.
Drawn = Callable[[str], list[Any]]


@dataclass
class Found:
    """What came of a defect. `killed` says that the named judge disagrees; `also` are others that did before.

    `examples` is how many it took, `profile` whose. `verdict` is `loud` where Django's own guard refused.
    """

    killed: bool = False
    verdict: str = ""
    message: str = ""
    by: str = ""
    profile: str = ""
    examples: int = 0
    also: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


class Trial:
    """Shows examples to the judges."""

    def __init__(self, entry: CatalogueEntry, experiment: Any, judge: str, known: dict[str, str]) -> None:
        self._experiment = experiment
        self._wanted = judge.split("|")
        # What judges have against the operation without any defect.
        self._known = known
        self._judges = [check.name for check in entry.checks if check.name in PANEL]

    def run(self, witness: Witness, drawn: Drawn, profiles: Iterator[str]) -> Found:
        """Until the judge disagrees, or there are no more examples."""
        found = Found()
        for profile in profiles:
            for number, (example, conditions) in enumerate(drawn(profile), start=1):
                found.profile, found.examples = profile, number
                try:
                    pair = witness.pair(self._experiment, example, conditions)
                except Absent as absent:
                    return Found(killed=True, verdict="absent", message=str(absent), profile=profile, examples=number)
                if refused := refusal(pair):
                    return self._refused(found, refused)
                if self._look(found, pair):
                    return found
        return found

    def _look(self, found: Found, pair: Any) -> bool:
        """Whether the named judge disagrees with what it did not disagree with before."""
        rulings = {name: PANEL[name](pair) for name in self._judges}
        for name, ruling in rulings.items():
            if ruling is not None and ruling.message != self._known.get(name):
                self._note(found, name, ruling)
        return found.killed

    def _note(self, found: Found, name: str, ruling: Ruling) -> None:
        if name in self._wanted and not found.killed:
            found.killed, found.verdict, found.message, found.by = True, ruling.verdict, ruling.message, name
        elif name not in self._wanted and name not in found.also:
            found.also.append(name)

    def _refused(self, found: Found, refused: str) -> Found:
        """Every cell of the entry becomes `loud`."""
        found.killed, found.verdict, found.message, found.by = True, "loud", refused, "result"
        return found
