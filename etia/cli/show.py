"""`etia show`: one object as resolved, and the line that set each value."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from etia.cli.options import as_json, print_json, say, verb

if TYPE_CHECKING:
    from etia.files.load import LoadedModel
    from etia.files.showing import Shown
    from etia.schema.model import Model

__all__ = ["command"]


@verb("show")
@click.argument("model", metavar="MODEL")
@click.argument("name", required=False, metavar="[ID]")
@click.option("--scenario", metavar="S", help="A scenario by name or file, laid over the model.")
@click.option("--set", "overrides", multiple=True, metavar="PATH=VALUE", help="Set a value of the model; repeatable.")
@click.option("--numbers", is_flag=True, help="Instead: every number with its source and reason, as Markdown.")
@click.option("--structure", is_flag=True, help="Instead: who drives and depends, loops, what all paths pass.")
@click.option("--figure", type=click.Path(), metavar="FILE", help="With --structure: draw the plane as .svg or .png.")
@as_json
def command(
    model: str,
    name: str | None,
    scenario: str | None,
    overrides: tuple[str, ...],
    numbers: bool,
    structure: bool,
    figure: str | None,
    as_json: bool,
) -> int:
    """Show ID of MODEL (an event, a trend, 'a -> b', a section), or the whole model."""
    from etia.files.load import apply_scenario, load
    from etia.files.showing import find_object, shown

    if structure and (name is not None or numbers):
        raise click.UsageError("--structure shows the whole model: it goes with neither an ID nor --numbers")
    if figure is not None and not structure:
        raise click.UsageError("--figure draws what --structure measures; add --structure")
    loaded = load(model, overrides=overrides)
    if numbers:
        return _numbers(loaded, model, as_json)
    seen = apply_scenario(loaded, scenario) if scenario is not None else loaded
    if structure:
        return _structure(seen.model, figure, as_json)
    path = find_object(seen.root, name) if name is not None else ()
    rows = shown(seen.root, seen.model, loaded.claims, path)
    if as_json:
        node = seen.root.deepest(path)[0]
        print_json({"id": ".".join(map(str, path)), "object": node.resolved(), "values": [_row(row) for row in rows]})
    else:
        click.echo(f"{'.'.join(map(str, path)) or loaded.name}")
        _print(rows, len(path))
    return 0


def _numbers(loaded: LoadedModel, named: str, as_json: bool) -> int:
    from etia.files.review import as_markdown, reviewed

    rows = reviewed(loaded)
    if as_json:
        print_json({"numbers": [{**vars(row), "claims": list(row.claims), "basis": row.basis} for row in rows]})
    else:
        text = as_markdown(rows, loaded.claims, loaded.model.title, f"etia show {named} --numbers")
        click.echo(text, nl=False)
    return 0


def _structure(seen: Model, figure: str | None, as_json: bool) -> int:
    from etia.cli.asking import print_lines, records
    from etia.graph.measures import measures
    from etia.report.structure_lines import structure_lines

    tables = measures(seen)
    if as_json:
        print_json({table: records(rows) for table, rows in tables.items()})
    else:
        print_lines(structure_lines(tables))
    if figure is not None:
        from etia.figures import draw_influence, figure_of
        from etia.figures.style import save_as

        titles = {key: entry.title or key for key, entry in (*seen.events.items(), *seen.trends.items())}
        save_as(figure_of(draw_influence(tables["influence"].set_index("node"), titles=titles)), figure)
        say(f"wrote {figure}")
    return 0


def _row(row: Shown) -> dict[str, Any]:
    return {
        "path": ".".join(map(str, row.path)),
        "written": row.written,
        "meaning": row.meaning,
        "place": row.place,
    }


def _words(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _print(rows: list[Shown], depth: int) -> None:
    """A line a value: its path below the object, the value, what it means, where it was set."""
    if not rows:
        return
    names = [".".join(map(str, row.path[depth:])) for row in rows]
    width = min(max(map(len, names)), 40)
    for name, row in zip(names, rows, strict=True):
        meaning = f"  ({row.meaning})" if row.meaning else ""
        click.echo(f"  {name:{width}}  {_words(row.written)}{meaning}  [{row.place}]")
