"""Test Django's async ORM with pytest."""

__all__: list[str] = []
