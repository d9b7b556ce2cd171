"""Django's signals, in the order in which they are sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from conformance.checks.instruments.probe import touch
from conformance.checks.plain import plain
from conformance.observations import SignalSent

# Of what a receiver is told, these say nothing of the call but whether they were given at all.
_ONLY_GIVEN = {"signal", "request"}


class SignalWatch:
    """Listens only while it is asked to: a model without receivers is deleted in another way than one with."""

    def __init__(self, known_keys: frozenset[int]) -> None:
        self._known_keys = known_keys

    @contextmanager
    def listening(self, wanted: bool) -> Iterator[list[SignalSent]]:
        """Collect what is sent while the block runs; nothing, where it is not wanted."""
        sent: list[SignalSent] = []
        connected = []
        try:
            for name, signal in _signals() if wanted else ():
                receiver = self._receiver(name, sent)
                signal.connect(receiver, weak=False)
                connected.append((signal, receiver))
            yield sent
        finally:
            for signal, receiver in connected:
                signal.disconnect(receiver)

    def _receiver(self, name: str, sent: list[SignalSent]) -> Any:
        def receive(sender: Any, **arguments: Any) -> None:
            touch()
            shown = {key: self._shown(key, value) for key, value in arguments.items()}
            sent.append(SignalSent(name, _label(sender), tuple(sorted(shown.items()))))

        return receive

    def _shown(self, key: str, value: Any) -> Any:
        if key in _ONLY_GIVEN:
            return None if value is None else "given"
        shown = plain(value, self._known_keys)
        return shown if _is_plain(shown) else type(value).__qualname__


def _signals() -> tuple[tuple[str, Any], ...]:
    from django.contrib.auth import signals as auth
    from django.core import signals as core
    from django.db.models import signals as models

    return (
        *((name, getattr(models, name)) for name in ("pre_save", "post_save", "pre_delete", "post_delete")),
        ("m2m_changed", models.m2m_changed),
        *((name, getattr(auth, name)) for name in ("user_logged_in", "user_logged_out", "user_login_failed")),
        ("got_request_exception", core.got_request_exception),
    )


def _label(sender: Any) -> str:
    """A class by its name, which receivers are connected to; what is none, as what it is."""
    if isinstance(sender, str):
        return repr(sender)
    if not isinstance(sender, type):
        return f"an instance of {_label(type(sender))}"
    meta = getattr(sender, "_meta", None)
    return str(meta.label) if meta is not None else sender.__qualname__


def _is_plain(value: Any) -> bool:
    """Whether its text is the same in every run."""
    return " at 0x" not in repr(value)
