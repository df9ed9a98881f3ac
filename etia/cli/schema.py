"""`etia schema`: the JSON Schemas of the formats, for editors."""

from __future__ import annotations

import click

from etia.cli.options import print_json, say, verb

__all__ = ["command"]


@verb("schema")
@click.argument("folder", default=".", metavar="[DIR]")
@click.option("--install", is_flag=True, help="Write the schemas into DIR, and the modeline into its YAML files.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object (it is one anyway).")
def command(folder: str, install: bool, as_json: bool) -> int:  # noqa: ARG001 - printed as JSON either way
    """Print the JSON Schemas of models, scenarios and source cards, or install them for the editor in DIR."""
    from etia.files.editor import install_schemas, json_schemas

    if not install:
        print_json({"schemas": json_schemas()})
        return 0
    for line in install_schemas(folder):
        say(line)
    return 0
