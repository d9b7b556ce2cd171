"""Commands of the sample app."""
