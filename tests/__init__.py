"""Tests, a folder for a folder of etia."""
