"""Tests of risk and of decisions."""
