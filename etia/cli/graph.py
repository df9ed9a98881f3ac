"""`etia graph`: the event–trend graph drawn or written."""

from __future__ import annotations

import click

from etia.cli.options import as_json, print_json, say, verb

__all__ = ["command"]


@verb("graph")
@click.argument("model", metavar="MODEL")
@click.option("-o", "--output", metavar="FILE", help="Where to: .svg .png .dot .graphml .json .mmd")
@click.option("--most", type=click.IntRange(min=1), default=60, show_default=True, metavar="N", help="Relations drawn.")
@as_json
def command(model: str, output: str | None, most: int, as_json: bool) -> int:
    """Draw or export the event–trend graph of MODEL; the file's ending decides the form."""
    from etia.files.load import load
    from etia.graph.build import build
    from etia.graph.export import export

    if output is None and not as_json:
        raise click.UsageError("name the file to write, as in: etia graph MODEL -o graph.svg")
    found = load(model).model
    graph = build(found) if output is None else export(found, output, most=most)
    if as_json:
        from etia.files.formats import node_link

        print_json({"file": output, **node_link(graph)})
    else:
        say(f"wrote {output}: events and trends: {graph.number_of_nodes()}, relations: {graph.number_of_edges()}")
    return 0
