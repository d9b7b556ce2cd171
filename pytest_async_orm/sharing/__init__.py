"""One connection for all threads of a test: who gets which, whose turn it is, and what is left when the test ends."""
