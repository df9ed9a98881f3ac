"""Measures of the graph's structure, on a model's matrix or on any labelled one (row = source, column = target)."""

from etia.graph.structure import (
    betweenness,
    causal_chains,
    chain_impacts,
    feedback_loops,
    gatekeepers,
    influence_dependence,
    model_matrix,
    orphans,
    passages,
    prominence_relation,
    total_relation,
)

__all__ = [
    "betweenness",
    "causal_chains",
    "chain_impacts",
    "feedback_loops",
    "gatekeepers",
    "influence_dependence",
    "model_matrix",
    "orphans",
    "passages",
    "prominence_relation",
    "total_relation",
]
