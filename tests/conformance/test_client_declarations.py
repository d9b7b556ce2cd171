"""Methods of the test client are compared with what the documentation of the measured Django promises of them."""

from __future__ import annotations

import pytest

from conformance.checks.instruments.declarations import declare
from conformance.judges import PANEL
from conformance.observations import Declaration, Observation, Pair

SIDE = Observation()


def full(path: str, data: object = None, follow: bool = False, *, headers: object = None) -> None:
    """A synchronous method, as every Django has it."""


async def older(path: str, data: object = None, *, headers: object = None) -> None:
    """An asynchronous one, before it had `follow`."""


async def narrower(path: str, *, headers: object = None) -> None:
    """One that also lacks what is promised."""


def pair(declared: tuple[Declaration, Declaration]) -> Pair:
    """Two sides that differ in nothing but in how they are declared."""
    return Pair(SIDE, SIDE, declared=declared)


def test_what_is_documented_to_be_absent_is_no_difference() -> None:
    """Without the parameter that the documentation says is not there, both take the same."""
    assert PANEL["signature"](pair((declare(full, without={"follow"}), declare(older)))) is None


@pytest.mark.parametrize(("without", "found"), [(set(), older), ({"follow"}, narrower)])
def test_anything_else_that_is_missing_is_one(without: set[str], found: object) -> None:
    """A parameter that is promised and not taken is a disagreement."""
    ruling = PANEL["signature"](pair((declare(full, without=without), declare(found))))  # type: ignore[arg-type]
    assert ruling is not None
    assert ruling.message == "It takes other arguments than its twin."


@pytest.mark.parametrize("verb", ["get", "trace"])
def test_the_older_test_client_has_something_to_compare(verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in Django 4.2, whose client inherits the factory's methods: compared, and equal but for what is documented."""
    from django.test import AsyncClient, AsyncRequestFactory

    from conformance.checks.subjects import client

    monkeypatch.setattr(AsyncClient, verb, getattr(AsyncRequestFactory, verb))
    example = client.Asking("echo", "", (), verb=verb)
    sides = client._asking(example, _Stage())  # type: ignore[arg-type]
    assert sides.declared is not None
    sync, asynchronous = sides.declared
    assert sync.parameters == asynchronous.parameters
    assert "follow" not in {name for name, _, _ in sync.parameters}


class _Stage:
    """As much of a stage as the making of sides needs."""

    recorder = None
