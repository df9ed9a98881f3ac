"""YAML with places into the schema, scenarios merged over models."""
