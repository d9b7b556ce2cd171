"""Signals that are lost, doubled or told something else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

from conformance.defects.calls import Call, surrounded
from conformance.defects.facts import Facts
from conformance.defects.generators.registry import Defect, generator
from conformance.defects.kinds import altered, kind_of
from conformance.defects.places import Place

# What sends in the place of a signal: given the real one, the signal, the sender and what it tells.
Sending = Callable[[Callable[..., Any], Any, Any, dict[str, Any]], Any]


@generator
def signal_lost(place: Place, facts: Facts) -> Iterator[Defect]:
    """A signal is not sent."""
    yield from _defects(facts, lambda send, signal, sender, told: [])


@generator
def signal_doubled(place: Place, facts: Facts) -> Iterator[Defect]:
    """A signal is sent twice."""

    def twice(send: Callable[..., Any], signal: Any, sender: Any, told: dict[str, Any]) -> Any:
        send(signal, sender, **told)
        return send(signal, sender, **told)

    yield from _defects(facts, twice)


@generator
def signal_argument_changed(place: Place, facts: Facts) -> Iterator[Defect]:
    """A signal tells something else, or not all of it."""

    def changed(send: Callable[..., Any], signal: Any, sender: Any, told: dict[str, Any]) -> Any:
        name = next((name for name, value in told.items() if kind_of(value) in ("bool", "str", "set")), None)
        return send(signal, sender, **({**told, name: altered(told[name])} if name else {**told, "surplus": True}))

    yield from _defects(facts, changed, "changed")
    yield from _defects(facts, lambda send, signal, _, told: send(signal, object, **told), "sender")


def _defects(facts: Facts, sending: Sending, variant: str = "") -> Iterator[Defect]:
    for name in _known():
        if name in facts.signals:
            yield Defect("signals", surrounded(_sending(name, sending)), "-".join(filter(None, (name, variant))))


def _sending(name: str, sending: Sending) -> Callable[[Call], Any]:
    @asynccontextmanager
    async def block(_: Call) -> AsyncIterator[None]:
        from django.dispatch import Signal

        chosen, send = _known()[name], Signal.send

        def sent(self: Any, sender: Any, **told: Any) -> Any:
            return sending(send, self, sender, told) if self is chosen else send(self, sender, **told)

        async def asent(self: Any, sender: Any, **told: Any) -> Any:
            from asgiref.sync import sync_to_async

            return await sync_to_async(sent)(self, sender, **told)

        real = {method: getattr(Signal, method) for method in ("send", "asend") if hasattr(Signal, method)}
        for method in real:
            setattr(Signal, method, sent if method == "send" else asent)
        try:
            yield
        finally:
            for method, function in real.items():
                setattr(Signal, method, function)

    return block


def _known() -> dict[str, Any]:
    """The signals that the suite listens to, by name."""
    from conformance.checks.instruments.signals import _signals

    return dict(_signals())
