"""Marks that several files of the suite share."""

from importlib.metadata import version

import pytest
from packaging.version import Version

since_asgiref_38 = pytest.mark.skipif(
    Version(version("asgiref")) < Version("3.8"), reason="tasks below async_to_sync hang before asgiref 3.8"
)
