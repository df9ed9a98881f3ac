"""Whether every trend has what its kind needs, within its scale (method §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etia.graph.checking.subject import found, values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from etia.graph.checking.subject import Subject
    from etia.schema.fault import Fault, Path
    from etia.schema.trend import Trend

__all__ = [
    "baseline_keys",
    "bounds",
    "data_before_start",
    "mixed_precision",
    "no_data",
    "no_history_or_level",
    "outside_scale",
]


def no_history_or_level(subject: Subject) -> Iterator[Fault]:
    """A trend is measured or constructed, not neither and not both."""
    for name, trend in subject.model.trends.items():
        measured = "history" in trend.model_fields_set
        if not measured and trend.constructed is None:
            hint = (
                "Add history: data/FILE.csv if it is measured, constructed: {from: 2000-01, value: 30} if it is judged."
            )
            yield found(("trends", name), "has neither history nor constructed", hint, on_key=True)
        elif measured and trend.constructed is not None:
            hint = "Keep the history if it is measured, `constructed` if it is judged."
            yield found(("trends", name, "constructed"), "both history and constructed", hint, on_key=True)


def bounds(subject: Subject) -> Iterator[Fault]:
    """A logit trend has bounds, others have none."""
    for name, trend in subject.model.trends.items():
        if trend.scale == "logit" and trend.bounds is None:
            hint = "Add bounds: [0, 100], the values that it never passes."
            yield found(("trends", name), "a logit trend without bounds", hint, on_key=True)
        elif trend.scale != "logit" and trend.bounds is not None:
            hint = "Write scale: logit, or take the bounds away."
            yield found(("trends", name, "bounds"), f"bounds on a {trend.scale} trend", hint, on_key=True)
        elif trend.bounds is not None and trend.bounds[0] == trend.bounds[1]:
            yield found(("trends", name, "bounds"), "bounds that leave no room", "Write two different numbers.")


def _levels_of(name: str, trend: Trend) -> Iterator[tuple[Path, list[float]]]:
    """Every value of a trend that must lie on its scale."""
    for index, datum in enumerate(trend.history):
        yield ("trends", name, "history", index, "value"), [datum.value]
    if trend.constructed is not None:
        yield ("trends", name, "constructed", "value"), values(trend.constructed.value)
    if trend.baseline is not None:
        for index, point in enumerate(trend.baseline.points):
            yield ("trends", name, "baseline", "points", index, "value"), values(point.value)


def outside_scale(subject: Subject) -> Iterator[Fault]:
    """Values above 0 on a log scale, within the bounds on a logit scale."""
    for name, trend in subject.model.trends.items():
        for path, numbers in _levels_of(name, trend):
            for value in numbers:
                if trend.scale == "log" and value <= 0:
                    hint = "A log trend's values are above 0; write another scale, or correct the value."
                    yield found(path, f"{value:g} on a log trend", hint)
                    break
                if trend.scale == "logit" and trend.bounds and not trend.bounds[0] < value < trend.bounds[1]:
                    low, high = trend.bounds
                    message = f"{value:g} is not between the bounds {low:g} and {high:g}"
                    yield found(path, message, "Widen the bounds, or correct the value.")
                    break


def baseline_keys(subject: Subject) -> Iterator[Fault]:
    """A baseline is a measured trend's; its points are the method points'."""
    for name, trend in subject.model.trends.items():
        baseline = trend.baseline
        if baseline is None:
            continue
        path = ("trends", name, "baseline")
        if trend.constructed is not None and "history" not in trend.model_fields_set:
            hint = "The surprise-free course of a constructed trend is its value and drift."
            yield found(path, "a baseline of a trend without history", hint, on_key=True)
        if baseline.method == "points" and not baseline.points:
            yield found(path, "method points without points", "Add points: [{at: 2030, value: [4, 6, 9]}].")
        if baseline.method != "points" and baseline.points:
            hint = "Write method: points, or take the points away."
            yield found((*path, "points"), f"points for method {baseline.method}", hint, on_key=True)
        for index, (before, point) in enumerate(zip(baseline.points, baseline.points[1:], strict=False), 1):
            if point.at.first <= before.at.first:
                message = f"{point.at} is not after the point before ({before.at})"
                yield found((*path, "points", index, "at"), message, "Order the points.")


def mixed_precision(subject: Subject) -> Iterator[Fault]:
    """The data of one series are of one precision: all years, or all months."""
    for name, trend in subject.model.trends.items():
        for index, datum in enumerate(trend.history):
            first = trend.history[0].at
            if datum.at.precision != first.precision:
                path = ("trends", name, "history", index, "at")
                message = f"{datum.at} is a {datum.at.precision}, the data before are {first.precision}s"
                yield found(path, message, f"Write every date of the series as {first} is written.")
                break


def no_data(subject: Subject) -> Iterator[Fault]:
    """A measured trend has data between `start` and `as_of`."""
    steps = subject.timeline
    if steps is None:
        return
    for name, trend in subject.model.trends.items():
        read = [d for d in trend.history if steps.first_step(d.at) >= 0 and steps.last_step(d.at) <= steps.as_of]
        if trend.history and not read:
            message = f"no data between start ({steps.label(0)}) and as_of ({steps.label(steps.as_of)})"
            yield found(("trends", name, "history"), message, "Data outside are not read; move start, or add data.")


def data_before_start(subject: Subject) -> Iterator[Fault]:
    """Data before `start` are never read."""
    steps = subject.timeline
    if steps is None:
        return
    for name, trend in subject.model.trends.items():
        early = sum(steps.first_step(datum.at) < 0 for datum in trend.history)
        if early:
            hint = "Move calendar.start back if they should count."
            message = f"{early} of {len(trend.history)} data lie before start and are not read"
            yield found(("trends", name, "history"), message, hint, on_key=True)
