"""Responses that are compressed: what a client reads of them, and when."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

# In the fourth byte of the format, that a file's name follows.
_NAMED = 8


def same_lengths() -> AbstractContextManager[object]:
    """Compression hides how long a secret is by a name of random length (from Django 4.2 on): always the longest."""
    from django.utils import text

    if not hasattr(text, "secrets"):
        return nullcontext()
    return patch.object(text, "secrets", SimpleNamespace(randbelow=lambda most: most - 1))


def unpacked(body: bytes) -> dict[str, Any]:
    """What the whole body says. Raises `EOFError` where its end is missing."""
    return {"body": gzip.decompress(body), "length hidden": bool(body[3] & _NAMED)}


def readable(parts: list[bytes]) -> Iterator[bytes]:
    """What a client can read of each part when it comes, where it is anything."""
    packed = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    for part in parts:
        found, rest = packed.decompress(part), packed.unused_data
        while rest:
            # Another file, joined to the first: in some releases each part is one.
            packed = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
            found, rest = found + packed.decompress(rest), packed.unused_data
        if found:
            yield found
