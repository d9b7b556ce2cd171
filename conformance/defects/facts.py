"""What a run of an entry without a defect showed: it decides which defects make sense."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Facts:
    """Filled by the run; `judges` are those of the entry, without those that disagree already.

    `returns` names the kinds of what it gives, `raises` the exceptions; `given` are the parameters that some example
    gives, `omitted` those that some example does not give. `statements` and `writes` are the most that one example had;
    `read_in_chunks` says that rows were not read all at once, and `chunked` that one gave more items than its chunk
    has; `warns` that one gave a warning; `aliases` are the databases that were asked, which are of this `vendor`.
    """

    judges: set[str] = field(default_factory=set)
    returns: set[str] = field(default_factory=set)
    given: set[str] = field(default_factory=set)
    omitted: set[str] = field(default_factory=set)
    raises: set[str] = field(default_factory=set)
    causes: bool = False
    statements: int = 0
    writes: int = 0
    chunked: bool = False
    read_in_chunks: bool = False
    warns: bool = False
    signals: set[str] = field(default_factory=set)
    ordered: bool = False
    sliced: bool = False
    filtered: bool = False
    aliases: set[str] = field(default_factory=set)
    overrides: bool = False
    atomic: bool = False
    autocommit: bool = False
    declared: bool = False
    hops: int = 0
    cancellations: int = 0
    caches: set[str] = field(default_factory=set)
    modelled: bool = False
    through_twin: bool = False
    vendor: str = ""

    @property
    def reads(self) -> bool:
        """Whether it asks the database and changes nothing there."""
        return self.statements > 0 and self.writes == 0

    @property
    def shared(self) -> bool:
        """Whether what is wrong with the twin is wrong on both sides, and a reference model tells."""
        return self.modelled and self.through_twin

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {name: sorted(value) if isinstance(value, set) else value for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, found: dict[str, Any]) -> Facts:
        """The other way round."""
        known: dict[str, Any] = {name: set(each) if isinstance(each, list) else each for name, each in found.items()}
        return cls(**known)


class Anything(Facts):
    """Facts under which every defect makes sense: to plant one by its name."""

    def __getattribute__(self, name: str) -> Any:
        return _Everything() if name != "__class__" else super().__getattribute__(name)


class _Everything:
    """Holds everything, and is more than any number."""

    def __contains__(self, _: object) -> bool:
        return True

    def __bool__(self) -> bool:
        return True

    def __gt__(self, _: object) -> bool:
        return True

    def __ge__(self, _: object) -> bool:
        return True

    def __and__(self, _: object) -> bool:
        return True
