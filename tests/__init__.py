"""Tests of this distribution."""
