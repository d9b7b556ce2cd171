"""Marks that the tests of sandboxes share."""

import pytest

LEAVES_IT_OPEN = pytest.mark.allow_connection_leaks(reason="what is left open is what the test is about")
