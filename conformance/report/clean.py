"""Make text from a machine the same on every machine, and safe to look at."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

_ROOTS = r"site-packages|dist-packages|python3\.\d+|conformance|sample_app|pytest_async_orm"
_INSTALLED = re.compile(rf"(?<![\w./])(?:/[^/\s\"':<>]+)*?/(?=(?:{_ROOTS})/)")
_NESTED = re.compile(r"\bpython3\.\d+/(?=(?:site|dist)-packages/)")
_FRAME = re.compile(r'File "/(?:[^"/]+/)*([^"/]+)"')
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,16}\b", re.IGNORECASE)


def clean(text: str) -> str:
    """The text without folders of this machine, memory addresses and invisible characters.

    A report is compared byte by byte, and committed: where an environment was installed is not a result.
    """
    text = _NESTED.sub("", _INSTALLED.sub("", text))
    text = _ADDRESS.sub("0x…", _FRAME.sub(r'File "…/\1"', text))
    return "".join(map(_visible, text))


def clean_value(value: Any) -> Any:
    """A JSON value with each string in it cleaned, dicts sorted by key."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(key): clean_value(item) for key, item in sorted(value.items())}
    if isinstance(value, list):
        return [clean_value(item) for item in value]
    return value


def _visible(character: str) -> str:
    """Control, format and surrogate characters as escapes: they would hide, reorder or break what is shown."""
    # The joiner belongs to emoji and to several scripts.
    if character in "\n\t\u200d" or unicodedata.category(character) not in ("Cc", "Cf", "Cs"):
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
