"""Password hashers that cost nothing, and tell Python's audit hooks of each time that a real one would be slow."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from typing import Any

# The event that is told; a watch of the event loop's thread listens to it.
HASHING = "conformance.hashing"
# What was hashed, by the side that runs.
_HASHED: list[str] = []


def hashed_from_now() -> Callable[[], list[str]]:
    """Gives the passwords that were hashed since: what is not hashed tells by its time that nobody has that name."""
    _HASHED.clear()
    return lambda: list(_HASHED)


def hashers() -> list[str]:
    """For the setting `PASSWORD_HASHERS`: the preferred one, and one whose hashes are to be upgraded."""
    return [f"{__name__}.CurrentHasher", f"{__name__}.OutdatedHasher"]


def encoded(algorithm: str, password: str, salt: str = "salt", rounds: int = 2) -> str:
    """What such a hasher stores."""
    digest = hashlib.sha256(f"{rounds}{salt}{password}".encode()).hexdigest()
    return f"{algorithm}${rounds}${salt}${digest}"


def __getattr__(name: str) -> Any:
    """The hashers' classes, made when Django is there."""
    if name not in ("CurrentHasher", "OutdatedHasher"):
        raise AttributeError(name)
    return _hasher(name.removesuffix("Hasher").lower())


def _hasher(name: str) -> type[Any]:
    from django.contrib.auth.hashers import BasePasswordHasher

    class Hasher(BasePasswordHasher):
        algorithm = name

        def encode(self, password: str, salt: str, rounds: int = 2) -> str:
            sys.audit(HASHING)
            _HASHED.append(f"{password!r} in {rounds} rounds")
            return encoded(name, password, salt, rounds)

        def decode(self, given: str) -> dict[str, Any]:
            algorithm, rounds, salt, digest = given.split("$", 3)
            return {"algorithm": algorithm, "rounds": int(rounds), "salt": salt, "hash": digest}

        def verify(self, password: str, given: str) -> bool:
            decoded = self.decode(given)
            return self.encode(password, decoded["salt"], decoded["rounds"]) == given

        def must_update(self, given: str) -> bool:
            return bool(self.decode(given)["rounds"] != 2)

        def harden_runtime(self, password: str, given: str) -> None:  # noqa: ARG002 - Django's signature
            sys.audit(HASHING)
            _HASHED.append(f"{password!r} in the rounds that are missing")

    return Hasher
