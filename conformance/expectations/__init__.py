"""What an implementer knows not to conform: strict both ways. Needs neither Django nor pytest."""

from conformance.expectations.load import expectations_schema, load_expectations
from conformance.expectations.model import Expectation, Expectations, Flaky, Quarantine, Rule
from conformance.expectations.when import When

__all__ = [
    "Expectation",
    "Expectations",
    "Flaky",
    "Quarantine",
    "Rule",
    "When",
    "expectations_schema",
    "load_expectations",
]
