"""A model, a scenario, a lens and one draw of the judgements become the engine's arrays."""
