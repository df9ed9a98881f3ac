"""Tests of etia.engine."""
