"""The process that plants defects, spoken with in lines of JSON.

1. It is told the settings, and answers `ready`, or an `error`.
2. It is told an entry, and answers `defects`: which make sense there, and the judge of each.
3. It is told a defect, and answers `tried`.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from functools import partial
from typing import Any

from conformance.catalogue import Catalogue, CatalogueEntry, load_catalogue
from conformance.checks.experiments import Turns
from conformance.worker.explore import explore
from conformance.worker.proof.forks import in_child

# Imported here once, and not again in each of the thousands of children; what the judges and the instruments need comes
# along. Settings have to be known before.
_FOR_EVERY_CHILD = (
    "conformance.checks",
    "conformance.defects.generated",
    "conformance.worker.proof.probe",
    "conformance.worker.proof.trial",
    "django.test",
)


def main() -> int:
    """Do what the parent asks for, until it says no more."""
    orders = (json.loads(line) for line in sys.stdin)
    try:
        process = Process(next(orders))
    except Exception as error:  # noqa: BLE001 - settings are code: they may raise anything
        return _refuse(f"{type(error).__qualname__}: {error}")
    if process.problem:
        return _refuse(process.problem)
    _say({"type": "ready"})
    try:
        for order in orders:
            _say(process.do(order))
    finally:
        process.close()
    return 0


class Process:
    """Has imported everything, and draws each entry's examples once."""

    def __init__(self, setup: dict[str, Any]) -> None:
        os.environ["DJANGO_SETTINGS_MODULE"] = setup["settings"]
        import django

        django.setup()
        from conformance.worker.proof.ground import Ground

        self._setup = setup
        self._catalogue: Catalogue = load_catalogue()
        self._ground = Ground(f"{setup['database']}_{os.getpid()}", setup["runner"])
        self.problem = self._ground.prepare()
        self._entry: CatalogueEntry | None = None
        self._drawn: dict[str, list[Any]] = {}
        self._known: dict[str, dict[str, str]] = {}
        for module in _FOR_EVERY_CHILD:
            importlib.import_module(module)

    def do(self, order: dict[str, Any]) -> dict[str, Any]:
        """What is asked for; a failure of the suite itself is told, and never raised."""
        started = time.process_time(), os.times()
        self._turn_to(order["entry"])
        answer = self._defects(order) if order["type"] == "entry" else self._tried(order)
        self._ground.clean()
        ended = os.times()
        children = ended.children_user + ended.children_system - started[1].children_user - started[1].children_system
        return {**answer, "seconds": round(time.process_time() - started[0] + children, 3)}

    def close(self) -> None:
        """Remove what was kept on the disk."""
        self._ground.close()

    def _turn_to(self, entry_id: str) -> None:
        if self._entry is None or self._entry.id != entry_id:
            self._entry = self._catalogue.entry(entry_id)
            self._drawn = {}

    def _defects(self, order: dict[str, Any]) -> dict[str, Any]:
        self._draw("smoke")
        found = in_child(self._probe, self._setup["timeout"])
        return {"type": "defects", "entry": order["entry"], **found}

    def _probe(self) -> dict[str, Any]:
        from conformance.checks import experiment_of
        from conformance.defects.generated import defects_at
        from conformance.defects.generators.arguments import droppable
        from conformance.worker.proof.probe import Probe

        entry = self._entry
        assert entry is not None
        probe = Probe(entry)
        probe.watch()
        with self._ground.witness() as witness:
            missing = probe.run(witness, experiment_of(entry), self._drawn["smoke"])
        if missing:
            return {"missing": missing, "known": probe.disagreeing, "facts": probe.facts.as_dict(), "defects": []}
        place = probe.places[0]
        made = list(defects_at(entry.id, place, probe.facts))
        function = place.function(place.name)
        return {
            "operation": f"{function.__module__}.{function.__qualname__}",
            "droppable": droppable(place),
            "missing": "",
            "known": probe.disagreeing,
            "facts": probe.facts.as_dict(),
            "defects": [{"defect": str(name), "judge": defect.judge} for name, defect in made],
        }

    def _tried(self, order: dict[str, Any]) -> dict[str, Any]:
        for profile in ("smoke", "ci"):
            self._draw(profile)
            found = in_child(partial(self._try, order, profile), self._setup["timeout"])
            if found.get("killed") or found.get("broken"):
                break
        return {"type": "tried", "entry": order["entry"], "defect": order["defect"], "judge": order["judge"], **found}

    def _try(self, order: dict[str, Any], profile: str) -> dict[str, Any]:
        from conformance.checks import experiment_of
        from conformance.defects.generated import Name, plant_generated
        from conformance.worker.proof.trial import Trial

        entry, name = self._entry, Name.parse(order["defect"])
        assert entry is not None
        assert name is not None
        plant_generated(name)
        trial = Trial(entry, experiment_of(entry), order["judge"], order["known"])
        with self._ground.witness() as witness:
            return trial.run(witness, lambda chosen: self._drawn[chosen], iter([profile])).as_dict()

    def _draw(self, profile: str) -> None:
        """The same examples as the entry's own run has, drawn once for all its defects."""
        if profile in self._drawn:
            return
        from conformance.checks import experiment_of

        assert self._entry is not None
        experiment = experiment_of(self._entry)
        assert experiment is not None
        found: list[Any] = []
        turns = Turns()
        explore(
            experiment.examples,
            lambda drawn: found.append(turns.next(experiment, drawn)),
            self._setup["examples"][profile],
            self._setup["seed"],
            shrink=False,
        )
        self._drawn[profile] = found


def _refuse(problem: str) -> int:
    _say({"type": "error", "message": problem})
    return 1


def _say(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    sys.exit(main())
