"""`etia new`: a worked example that runs, to begin with."""

from __future__ import annotations

import click

from etia.cli.options import as_json, print_json, say, verb

__all__ = ["command"]


@verb("new")
@click.argument("folder", required=False, metavar="DIR")
@click.option("--template", default="minimal", show_default=True, metavar="NAME", help="Which example.")
@click.option("--list", "list_them", is_flag=True, help="Name the examples.")
@as_json
def command(folder: str | None, template: str, list_them: bool, as_json: bool) -> int:
    """Copy a worked example into DIR, a folder that does not exist yet."""
    from etia.files.templates import copy_template, templates

    if list_them:
        known = templates()
        if as_json:
            print_json({"templates": [{"name": name, "title": title} for name, title in known.items()]})
        else:
            for name, title in known.items():
                click.echo(f"{name}  {title}")
        return 0
    if folder is None:
        raise click.UsageError("name the folder to make, as in: etia new study")
    written = copy_template(template, folder)
    if as_json:
        print_json({"folder": folder, "template": template, "files": written})
    else:
        say(f"wrote {', '.join(written)}. Next: etia check {folder}, then etia run {folder}")
    return 0
