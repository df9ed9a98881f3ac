"""Figures, a file a kind: data and axes in, axes out."""
