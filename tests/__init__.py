"""Tests: unit, contract, wire, property and architecture."""
