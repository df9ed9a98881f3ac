"""The model as a directed graph: building, checks across entities, paths, structure."""
