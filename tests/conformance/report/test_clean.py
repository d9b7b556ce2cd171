"""Text from one machine reads the same on every machine."""

from __future__ import annotations

import pytest

from conformance.report.clean import clean, clean_value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'File "/home/a/e/lib/python3.12/site-packages/django/db/x.py", line 3',
            'File "site-packages/django/db/x.py", line 3',
        ),
        ('File "/usr/lib/python3.12/asyncio/runners.py"', 'File "python3.12/asyncio/runners.py"'),
        ('File "/srv/build/secret/app.py", line 1', 'File "…/app.py", line 1'),
        ("/builds/clone/sample_app/models.py:7", "sample_app/models.py:7"),
        ("<Post object at 0x7f3a5c00d1e0>", "<Post object at 0x…>"),
        ("right\u202eleft\x00\ud83d", "right\\u202eleft\\x00\\ud83d"),
        ("привет 日本 👩\u200d💻\n\t", "привет 日本 👩\u200d💻\n\t"),
        ("https://example.org/a/conformance/b", "https://example.org/a/conformance/b"),
        ("https://docs.djangoproject.com/en/5.2/ a/b 1/2", "https://docs.djangoproject.com/en/5.2/ a/b 1/2"),
    ],
)
def test_what_belongs_to_a_machine_is_taken_out(text: str, expected: str) -> None:
    """Folders, addresses and invisible characters go; everything else stays as it was."""
    assert clean(text) == expected


def test_values_are_cleaned_within() -> None:
    """Every string of a JSON value is cleaned, other values are kept, keys are sorted."""
    value = {"b": [1, None, "at 0x7f3a5c00d1e0"], "a": {"x": True}}
    assert clean_value(value) == {"a": {"x": True}, "b": [1, None, "at 0x…"]}
    assert list(clean_value(value)) == ["a", "b"]
