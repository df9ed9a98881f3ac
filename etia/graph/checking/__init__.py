"""The checks across entities, a file a subject; `graph.checks` lists them."""
