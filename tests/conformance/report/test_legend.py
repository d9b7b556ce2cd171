"""Every verdict can be told from every other, by eye and by ear."""

from __future__ import annotations

import re
from dataclasses import fields
from importlib.resources import files

import pytest

from conformance.case.verdict import SEVERITY
from conformance.catalogue.words import WORDS
from conformance.environment import Environment
from conformance.report.columns import AXES
from conformance.report.legend import LEGEND, WORD_MARKS

CSS = (files("conformance.report") / "assets" / "report.css").read_text("utf-8")
COLOUR = re.compile(r"--([a-z-]+): (#[0-9a-f]{3,6});")


def schemes() -> dict[str, dict[str, str]]:
    light, dark = CSS.split("@media (prefers-color-scheme: dark)", 1)
    return {"light": dict(COLOUR.findall(light)), "dark": dict(COLOUR.findall(dark.split("\n}\n", 1)[0]))}


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_every_verdict_has_its_own_letter_and_a_meaning() -> None:
    """The legend has each verdict of the vocabulary once, from worst to best, with a letter of its own."""
    assert tuple(mark.verdict for mark in LEGEND) == SEVERITY
    assert len({mark.letter for mark in LEGEND}) == len(LEGEND)
    assert all(mark.meaning.endswith(".") for mark in LEGEND)


def test_every_word_has_its_own_letter_and_its_rule() -> None:
    """The legend has each word of the catalogue once, with the rule that is applied."""
    assert {mark.verdict: mark.meaning for mark in WORD_MARKS} == WORDS
    assert len({mark.letter for mark in WORD_MARKS}) == len(WORD_MARKS)


def test_every_verdict_has_a_colour_in_the_pages() -> None:
    """The style sheet knows the class of each verdict, and of each word."""
    assert set(re.findall(r"\.(v-[a-z-]+)", CSS)) == {mark.css for mark in (*LEGEND, *WORD_MARKS)}


def test_every_axis_of_an_environment_is_shown() -> None:
    """An axis that the environment gains must be named here, or two columns could look alike."""
    assert {field for field, _, _ in AXES} == {field.name for field in fields(Environment)}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_on_every_colour(scheme: str) -> None:
    """Each letter on its colour, and each text on the page, has the contrast that WCAG AA asks for."""
    colours = schemes()[scheme]
    pairs = {(name.removesuffix("-ink"), name) for name in colours if name.endswith("-ink") and name != "unknown-ink"}
    pairs |= {("hatch-a", "unknown-ink"), ("hatch-b", "unknown-ink"), ("warn-page", "text"), ("raised", "soft")}
    pairs |= {("page", name) for name in ("text", "soft", "link", "warn", "good", "bad")}
    weak = {pair: round(contrast(colours[pair[0]], colours[pair[1]]), 1) for pair in pairs}
    assert {pair: value for pair, value in weak.items() if value < 4.5} == {}
