"""Django's own hashers of passwords, with so little work that hundreds of hashes cost nothing."""

from __future__ import annotations

from django.contrib.auth.hashers import PBKDF2PasswordHasher, PBKDF2SHA1PasswordHasher


class CheapPBKDF2(PBKDF2PasswordHasher):
    """One round."""

    iterations = 1


class CheapPBKDF2SHA1(PBKDF2SHA1PasswordHasher):
    """One round."""

    iterations = 1
