"""Parts of `tests.strategies`: each drafts a chapter of a small random model, as an analyst would write it."""
