"""What went into runs or scenarios that are compared: values that differ, with where each side has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from etia.describe.comparison import changed_inputs
from etia.files.resolved import resolved_document

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd

    from etia.facade.model import Model
    from etia.facade.running import Run
    from etia.files.places import Node

__all__ = ["compared_inputs", "name_of_run"]


def compared_inputs(runs: Sequence[Run]) -> Iterator[tuple[str, pd.DataFrame]]:
    """By run, the values that differ from the first's; of a single run by scenario, those that the scenario changes.

    Of several runs, what a scenario writes comes as `scenarios.NAME.path`: against the first run's scenario of that
    name, or, where only one side has it, against that side's own model without it.
    """
    import pandas as pd

    first = runs[0]
    if len(runs) == 1:
        known = _places(first)
        for name, under in first.scenarios.items():
            yield name, changed_inputs(_plain(first.model), _plain(under), (known, _under(known, name)))
        return
    for other in runs[1:]:
        model = changed_inputs(_content(first), _content(other), (_places(first), _places(other)))
        names = dict.fromkeys([*first.scenarios, *other.scenarios])
        own = [_of_scenario(first, other, name) for name in names]
        seen = {(str(row.path), str(row.before), str(row.after)) for row in model.itertuples()}
        parts = [model, *(_but(seen, name, table) for name, table in zip(names, own, strict=True))]
        yield name_of_run(other), pd.concat([part for part in parts if len(part)] or [model], ignore_index=True)


def name_of_run(run: Run) -> str:
    """The name of its folder, or the model's."""
    return run.folder.name if run.folder is not None else run.model.name


def _of_scenario(first: Run, other: Run, name: str) -> pd.DataFrame:
    """What differs between two runs under a scenario; a side that lacks it stands for the other's model without it."""
    sides = []
    for run, opposite in ((first, other), (other, first)):
        if name in run.scenarios:
            sides.append((_plain(run.scenarios[name]), _under(_places(run), name)))
        else:
            sides.append((_plain(opposite.model), _places(opposite)))
    (before, at_before), (after, at_after) = sides
    return changed_inputs(before, after, (at_before, at_after))


def _but(seen: set[tuple[str, str, str]], scenario: str, table: pd.DataFrame) -> pd.DataFrame:
    """A scenario's rows under its name, but for what differs in the models without it already."""
    is_new = [(str(row.path), str(row.before), str(row.after)) not in seen for row in table.itertuples()]
    kept = table[is_new]
    return kept.assign(path=[f"scenarios.{scenario}.{path}" for path in kept["path"]])


def _plain(model: Model) -> dict[str, Any]:
    """The model with its scenario merged in, as plain data."""
    root: Node = model.loaded.root if model.scenario is None else model.scenario.root
    found = root.resolved()
    assert isinstance(found, dict)
    if model.scenario is None:
        return found
    taken = {"lens": model.scenario.lens, "policies taken": list(model.scenario.policies)}
    return found | {key: value for key, value in taken.items() if value}


def _under(places: Mapping[str, str], scenario: str) -> dict[str, str]:
    """All places, those that a scenario sets in place of the model's, by the paths of the model."""
    head = f"scenarios.{scenario}."
    own = {path.removeprefix(head): place for path, place in places.items() if path.startswith(head)}
    return {**places, **own}


def _content(run: Run) -> dict[str, Any]:
    options = {key: value for key, value in vars(run.request).items() if value is not None}
    return {**resolved_document(run.model.loaded, {}), "options": options}


def _places(run: Run) -> dict[str, str]:
    """Where the run's values were written: as the folder has kept it, else as the model was loaded."""
    from etia.files.origins import as_origins, origins_rows, read_origins

    kept = {} if run.folder is None else read_origins(run.folder)
    over = {name: model.scenario.root for name, model in run.scenarios.items() if model.scenario}
    return kept or as_origins(origins_rows(run.model.loaded.root, over))
