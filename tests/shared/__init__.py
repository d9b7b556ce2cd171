"""What suites with configurations of their own have in common."""
