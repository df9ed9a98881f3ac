"""A run's figures, drawn from its tables on new axes or on given ones, and returned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etia.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from etia.facade.running import Run

__all__ = ["Plot"]


class Plot:
    """Figures of one run."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def _rows(self, table: str, scenario: str, lens: str | None) -> pd.DataFrame:
        """A table's rows of one scenario, and of one lens where it holds several."""
        found = self._run.tables[table]
        found = found[found["scenario"] == scenario]
        return found if lens is None else found[found["lens"] == lens]

    def _history(self, trend: str) -> pd.DataFrame | None:
        """The measured values of a trend."""
        import pandas as pd

        data = self._run.model.trends[trend].history
        if not data:
            return None
        return pd.DataFrame({"date": [str(datum.at) for datum in data], "value": [datum.value for datum in data]})

    def _known(self, trend: str) -> None:
        if trend not in self._run.model.trends:
            raise UsageError(f"there is no trend {trend!r}; the model has {', '.join(self._run.model.trends)}")

    def trend(
        self, trend: str, *, scenario: str = "reference", lens: str | None = None, axes: Axes | None = None
    ) -> Axes:
        """A trend's past, its surprise-free course, and the 50 and 90 % bands of what is projected."""
        from etia.figures import draw_fan

        self._known(trend)
        rows = self._rows("trend_projections", scenario, lens)
        told, calendar = self._run.model.trends[trend], self._run.model.calendar
        found: Axes = draw_fan(
            rows[rows["trend"] == trend],
            title=told.title,
            unit=told.unit or "",
            as_of=calendar.label(calendar.as_of),
            history=self._history(trend),
            levels=told.levels or None,
            bounds=told.bounds,
            axes=axes,
        )
        return found

    def scenarios(self, trend: str, *, axes: Axes | None = None) -> Axes:
        """One trend under every scenario of the run, side by side."""
        from etia.figures import draw_scenarios

        self._known(trend)
        rows = self._run.tables["trend_projections"]
        told, calendar = self._run.model.trends[trend], self._run.model.calendar
        found: Axes = draw_scenarios(
            rows[rows["trend"] == trend],
            title=told.title,
            unit=told.unit or "",
            as_of=calendar.label(calendar.as_of),
            levels=told.levels or None,
            bounds=told.bounds,
            history=self._history(trend),
            axes=axes,
        )
        return found

    def probabilities(self, *, scenario: str = "reference", lens: str | None = None, axes: Axes | None = None) -> Axes:
        """How likely each prospective event has come by each date."""
        from etia.figures import draw_probabilities

        events = self._run.model.events
        found: Axes = draw_probabilities(
            self._rows("event_probabilities", scenario, lens),
            titles={name: event.title for name, event in events.items()},
            levels={name: event.level for name, event in events.items()},
            axes=axes,
        )
        return found

    def explanation(
        self,
        trend: str,
        at: str | None = None,
        *,
        scenario: str = "reference",
        lens: str | None = None,
        by: str = "cause",
        top: int = 12,
        axes: Axes | None = None,
    ) -> Axes:
        """Why a trend stands where it does: bars from its baseline to its value.

        A bar is all that goes back to an event (`by="cause"`) or a single path (`by="path"`).
        """
        from etia.figures import draw_waterfall

        account = self._run.explain(trend, at, scenario=scenario, lens=lens)
        model = self._run.model
        titles = {name: entry.title or name for name, entry in (*model.events.items(), *model.trends.items())}
        found: Axes = draw_waterfall(
            account.waterfall(top, by=by, title=lambda name: titles.get(name, name)),
            start=account.baseline,
            title=f"{titles[trend]} at {account.date}",
            unit=account.unit or "",
            most=top + 3,
            axes=axes,
        )
        return found

    def structure(self, *, axes: Axes | None = None) -> Axes:
        """Who drives and who depends: events and trends on the plane of influence and dependence."""
        from etia.figures import draw_influence

        model = self._run.model
        titles = {name: entry.title or name for name, entry in (*model.events.items(), *model.trends.items())}
        found: Axes = draw_influence(model.structure()["influence"].set_index("node"), titles=titles, axes=axes)
        return found

    def __repr__(self) -> str:
        return "Plot(trend, scenarios, probabilities, explanation, structure)"
