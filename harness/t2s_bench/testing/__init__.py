"""Doubles for tests of systems: real protocols, no models."""
