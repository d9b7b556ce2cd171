"""The process that measures: needs Django and Hypothesis, and nothing of what a parent needs."""
