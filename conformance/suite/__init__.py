"""The suite as pytest tests: `pytest --pyargs conformance`."""
