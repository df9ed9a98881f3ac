"""How fast the engine is, as ratios measured in one run: `python -m benchmarks.speed [--small]`.

All ways take turns, round by round, and the median round counts. The plain ways are tried with blocks of several sizes
first: what counts is each at its best, and the table says at which. Times on one thread are processor seconds of the
thread (`time.thread_time`), so that other work on the machine counts little; those on two are by the clock. The
table is kept in `benchmarks/results/speed.csv` and `speed.md`.
"""

from __future__ import annotations

import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from benchmarks.plain import LoopJob, PlainJob
from benchmarks.standard import Job, job, model, streams
from benchmarks.tables import MISSED, Row, write
from etia.engine.lanes import load, store, width
from etia.engine.paths import _fill, courses, fill_paths, room
from etia.engine.plan import prepare
from etia.engine.propagation import noise_paths
from etia.engine.sampler import felt_factors, sample
from etia.engine.streams import normals, thresholds_by_event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BLOCK, CHUNK = 128, 4096
"""runs whose trajectories are held in the reused buffer, and runs sampled at once"""
PLAIN_BLOCKS = (512, 2048, 4096, 8192, 16384)
"""runs that a plain way takes at once; what we are held against is the fastest of them"""
CLEARLY = 0.8
"""share of a target below which it is missed by more than what chance does on a busy machine"""


@njit(nogil=True)
def _paths_by_blocks(steps, n_events, parts, numbers, scratch, out):  # type: ignore[no-untyped-def]
    """Every run's trajectories into one buffer, block after block."""
    for begin in range(0, len(steps), BLOCK * n_events):
        _fill(steps[begin : begin + BLOCK * n_events], *parts, *numbers, scratch, out)


@njit(nogil=True)
def _write_blocks(n_runs, out):  # type: ignore[no-untyped-def]
    """The least that writing costs: the buffer filled with a number for every block of runs."""
    w = width(out)
    one = load(out, np.uint64(0))
    for _ in range(0, n_runs, BLOCK):
        for i in range(np.uint64(0), np.uint64(len(out)), w):
            store(out, i, one)


class Ours:
    """Thresholds, steps and float32 trajectories by the library."""

    def __init__(self, given: Job) -> None:
        program = given.program
        self.given, self.plan = given, prepare(program)
        shared = program.trends.baseline + self.plan.deviation
        response = program.trends.response
        moving = self.plan.open
        self.laid_out = courses(
            shared[:, 1:], response, moving, program.trends.response_row[moving], 1, 0, kind=np.float32
        )

    def buffer(self) -> np.ndarray:
        blocks = 1 if self.given.program.trends.noise is None else 2
        return np.zeros(blocks * BLOCK * self.laid_out.n_trends * self.laid_out.n_steps, dtype=np.float32)

    def run(self, n_runs: int, first: int = 0, out: np.ndarray | None = None) -> None:
        """All three for runs first … first + n_runs − 1, trajectories into a reused buffer."""
        out = self.buffer() if out is None else out
        laid_out = self.laid_out
        assert np.array_equal(laid_out.event, np.arange(self.given.program.n_events))  # so that steps need no choosing
        strides = laid_out.n_steps, laid_out.n_steps * laid_out.n_trends
        parts, numbers = laid_out[:6], tuple(np.uint64(number) for number in (*laid_out[6:], *strides))
        scratch = room(laid_out)
        for begin in range(first, first + n_runs, CHUNK):
            here, n = self.given.streams.starting_at(begin), min(CHUNK, first + n_runs - begin)
            factors = felt_factors(self.plan, here, n) if self.plan.feels_noise.any() else None
            steps = sample(self.plan, here, n, factors=factors)
            if self.given.program.trends.noise is None:
                _paths_by_blocks(steps.reshape(-1), steps.shape[1], parts, numbers, scratch, out)
            else:
                self._with_noise(steps, begin, out)

    def _with_noise(self, steps: np.ndarray, begin: int, out: np.ndarray) -> None:
        program = self.given.program
        for at in range(0, len(steps), 2 * BLOCK):
            near = steps[at : at + 2 * BLOCK]
            block = out[: len(near) * self.laid_out.n_trends * self.laid_out.n_steps]
            block = block.reshape(len(near), self.laid_out.n_trends, self.laid_out.n_steps)
            fill_paths(self.laid_out, near, block)
            found = noise_paths(
                program.trends.noise, program.n_trends, self.given.streams.starting_at(begin + at), len(near)
            )
            assert found is not None
            block += found[1]

    def limit(self, n_runs: int, first: int = 0, out: np.ndarray | None = None) -> None:
        """Drawing what the job draws, and writing its trajectories once, both by the library's own vectors.

        Nothing that draws and writes so can be faster.
        """
        out = self.buffer() if out is None else out
        noise = self.given.program.trends.noise
        for begin in range(first, first + n_runs, CHUNK):
            n = min(CHUNK, first + n_runs - begin)
            thresholds_by_event(self.given.streams.threshold[self.plan.open], begin, n)
            if noise is not None:
                for key in self.given.streams.noise:
                    normals(key, begin, n, noise.weight.shape[2])
            _write_blocks(n, out)

    def numpy_limit(self, n_runs: int, out: np.ndarray | None = None) -> None:
        """The same drawn and written by numpy."""
        out, rng = self.buffer() if out is None else out, np.random.default_rng(0)
        noise = self.given.program.trends.noise
        for begin in range(0, n_runs, CHUNK):
            n = min(CHUNK, n_runs - begin)
            rng.standard_exponential((len(self.plan.open), n))
            if noise is not None:
                for _ in self.given.streams.noise:
                    rng.standard_normal((n, noise.weight.shape[2]))
            for _ in range(0, n, BLOCK):
                out.fill(1.0)


class Plain(NamedTuple):
    """A plain way, runs in each of its blocks, and how many of them it is timed on."""

    run: Callable[[int], None]
    block: int

    @property
    def timed(self) -> tuple[Callable[[int], None], int]:
        return self.run, max(self.block, 4096)


def fastest(ways: list[Plain], small: bool) -> Plain:
    """The plain way that takes the least time, tried by turns."""
    n = max(way.block for way in ways)
    found = by_turns({str(i): (way.run, n) for i, way in enumerate(ways)}, 1 if small else 3)
    return ways[int(min(found, key=lambda i: found[i]))]


def _sparse(given: Job, small: bool) -> Plain:
    """The fastest of the sparse plain ways: with lists or a table of links, in blocks of all sizes."""
    way = PlainJob(given.program)
    blocks, finders = _plain_blocks(small), (way.steps_by_links, way.steps_by_lists)
    return fastest([_sparse_in(given, way, find, block) for find in finders for block in blocks], small)


def _sparse_in(given: Job, way: PlainJob, find: Callable[[np.ndarray], np.ndarray], block: int) -> Plain:
    out = np.empty((256, given.program.n_trends, given.n_months), dtype=np.float32)

    def run(n_runs: int) -> None:
        for _ in range(0, n_runs, block):
            steps = find(way.draw(block))
            for begin in range(0, block, len(out)):
                way.trajectories_by_event(steps[begin : begin + len(out)], out)

    return Plain(run, block)


def _loop(given: Job, small: bool) -> Plain:
    """The plain loop over months in blocks of the fastest size."""
    return fastest([_loop_in(given, block) for block in _plain_blocks(small)], small)


def _loop_in(given: Job, block: int) -> Plain:
    way, rng = LoopJob(given.program), np.random.default_rng(0)
    program = given.program
    out = np.empty((program.n_trends, given.n_months, block), dtype=np.float32)
    threshold = np.empty((program.n_events, block))
    shape = (program.n_trends, block)

    def run(n_runs: int) -> None:
        for _ in range(0, n_runs, block):
            shocks = _shocks(rng, shape) if program.trends.noise is not None else None
            way.run(rng.standard_exponential(out=threshold), shocks, out)

    return Plain(run, block)


def _shocks(rng: np.random.Generator, shape: tuple[int, int]) -> Iterator[np.ndarray]:
    """The noise of the variant with noise, month by month."""
    kept, new = np.zeros(shape), np.empty(shape)
    while True:
        kept *= 0.9
        rng.standard_normal(out=new)
        new *= 0.2
        kept += new
        yield kept


def _plain_blocks(small: bool) -> tuple[int, ...]:
    return PLAIN_BLOCKS[1:3] if small else PLAIN_BLOCKS


def check(given: Job) -> None:
    """All ways give the same steps and trajectories on the same thresholds and noise; raises AssertionError else."""
    ours, n = Ours(given), 512
    threshold = thresholds_by_event(given.streams.threshold[ours.plan.open], 0, n)
    steps = sample(ours.plan, given.streams, n)
    out = np.empty((n, ours.laid_out.n_trends, ours.laid_out.n_steps), dtype=np.float32)
    fill_paths(ours.laid_out, steps, out)
    noise = noise_paths(given.program.trends.noise, given.program.n_trends, given.streams, n)
    shocks = None if noise is None else iter(noise[1].transpose(2, 1, 0))
    by_loop = np.empty((out.shape[1], out.shape[2], n))
    assert np.array_equal(LoopJob(given.program).run(threshold, shocks, by_loop), steps)
    assert np.allclose(by_loop.transpose(2, 0, 1), out if noise is None else out + noise[1], atol=1e-4)
    if noise is None and not ours.plan.varying.varies.any():
        plain, again = PlainJob(given.program), np.empty_like(out)
        for way in (plain.steps_by_lists, plain.steps_by_links):
            assert np.array_equal(way(threshold), steps)
        for make in (plain.trajectories_by_event, plain.trajectories_by_trend):
            make(steps, again)
            assert np.allclose(again, out, atol=1e-4)


def by_turns(ways: dict[str, tuple[Callable[[int], None], int]], rounds: int) -> dict[str, float]:
    """Median nanoseconds a run of each way (with its number of runs), all of them taking turns."""
    for run, n in ways.values():
        run(n)
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, (run, n) in ways.items():
            start = time.thread_time()
            run(n)
            found[name].append((time.thread_time() - start) / n * 1e9)
    return {name: float(np.median(times)) for name, times in found.items()}


def chunks(run: Callable[[], object]) -> Callable[[int], None]:
    """What does some runs by doing CHUNK of them again and again."""

    def again(n_runs: int) -> None:
        for _ in range(0, n_runs, CHUNK):
            run()

    return again


def on_two_threads(run: Callable[..., None], n: int, out: Callable[[], np.ndarray], rounds: int) -> float:
    """How many times as fast two threads are as one, by the clock; the median over rounds that take turns."""
    buffers = [out(), out()]
    gains = []
    with ThreadPoolExecutor(2) as pool:
        for _ in range(rounds):
            start = time.perf_counter()
            run(2 * n, 0, buffers[0])
            alone = time.perf_counter() - start
            start = time.perf_counter()
            list(pool.map(lambda i: run(n, i * n, buffers[i]), range(2)))
            gains.append(alone / (time.perf_counter() - start))
    return float(np.median(gains))


def _ema(given: Job, n: int = 40) -> float:
    """Nanoseconds a run of the ema_workbench running the plain loop as a Python function, a run at a time."""
    import logging
    from contextlib import redirect_stderr
    from io import StringIO

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from ema_workbench import ArrayOutcome, Model, RealParameter, SequentialEvaluator
    logging.getLogger("EMA").setLevel(logging.ERROR)
    way, program = LoopJob(given.program), given.program
    out = np.empty((program.n_trends, given.n_months, 1), dtype=np.float32)

    def study(**uniform: float) -> dict[str, np.ndarray]:
        u = np.array([uniform[f"u{b}"] for b in range(program.n_events)])
        way.run(-np.log(u)[:, None], None, out)
        return {f"t{k}": out[k, :, 0].copy() for k in range(program.n_trends)}

    asked = Model("standard", function=study)
    asked.uncertainties = [RealParameter(f"u{b}", 1e-12, 1.0) for b in range(program.n_events)]
    asked.outcomes = [ArrayOutcome(f"t{k}") for k in range(program.n_trends)]
    with redirect_stderr(StringIO()), SequentialEvaluator(asked) as evaluator:  # its progress bar is not asked for
        start = time.thread_time()
        evaluator.perform_experiments(scenarios=n)
        return (time.thread_time() - start) / n * 1e9


def _calibrating() -> float:
    """Processor seconds of the joint calibration, compiled before."""
    from etia.compile.judgements import Judgements
    from etia.compile.lens import lens_weights
    from etia.compile.program import compile_model
    from etia.engine.calibration import calibrate

    written = model()
    compiled = compile_model(written, lens_weights(written), Judgements(0, 1, central=True))
    keyed = streams(list(compiled.index.names), len(written.trends), "calibration")
    program, curves = compiled.program(0), compiled.curves.draw(0)
    start = time.thread_time()
    calibrate(program, curves, keyed, 20_000)
    return time.thread_time() - start


def _variant(name: str, given: Job, n: int, rounds: int, small: bool) -> list[Row]:
    ours, loop = Ours(given), _loop(given, small)
    ways = {
        "ours": (ours.run, n),
        "limit": (ours.limit, n),
        "numpy": (ours.numpy_limit, n),
        "loop": loop.timed,
    }
    found = by_turns(ways, rounds)
    return [
        Row(f"{name}: nanoseconds a run", found["ours"]),
        Row(f"{name}: times as fast as the plain loop over months", found["loop"] / found["ours"]),
        Row(f"{name}: runs in that loop's fastest block", loop.block),
        Row(f"{name}: share of its limit as numpy draws and fills", found["numpy"] / found["ours"]),
        Row(f"{name}: share of its limit as our own vectors draw and write", found["limit"] / found["ours"]),
    ]


def _normal(rounds: int) -> list[Row]:
    """What a normal costs."""
    n, key, rng = 256, streams([], 1).noise[0], np.random.default_rng(0)

    def ours(k: int) -> None:
        for begin in range(0, k, n * n):
            normals(key, begin, n, n)

    def numpy(k: int) -> None:
        for _ in range(0, k, n * n):
            rng.standard_normal((n, n))

    found = by_turns({"ours": (ours, 8 * n * n), "numpy": (numpy, 8 * n * n)}, rounds)
    return [
        Row("a normal: nanoseconds", found["ours"]),
        Row("a normal: times as fast as numpy's", found["numpy"] / found["ours"]),
    ]


def missed(rows: list[Row], leeway: float = 1.0) -> list[Row]:
    """Those that miss their target, `at least …` or `at most …`, by more than the leeway, a share of it."""
    found = []
    for row in rows:
        kind, bound = row.target[:8].strip(), row.target[8:]
        if (kind == "at least" and row.value < leeway * float(bound)) or (
            kind == "at most" and row.value > float(bound) / leeway
        ):
            found.append(row)
    return found


def _two_threads(limit: float) -> str:
    """What the second thread should bring, where the machine gives enough of one to tell."""
    return f"at least {min(1.7, 0.9 * limit):.2f}" if limit > 1.3 else ""


def main(small: bool = False) -> int:
    """Measure, print and keep the table; `MISSED` where a target is clearly missed."""
    rounds, n = (3, 8_192) if small else (15, 65_536)
    standard = job()
    noisy, sensitive, fading = job(noise=True), job(sensitive=3), job(half_life=24)
    for given in (standard, noisy, sensitive, fading):
        check(given)
    ours = Ours(standard)
    out = ours.buffer()
    loop, sparse = _loop(standard, small), _sparse(standard, small)
    found = by_turns(
        {
            "ours": (lambda k: ours.run(k, 0, out), n),
            "limit": (lambda k: ours.limit(k, 0, out), n),
            "numpy": (lambda k: ours.numpy_limit(k, out), n),
            "sampling": (chunks(lambda: sample(ours.plan, standard.streams, CHUNK)), n),
            "drawing": (chunks(lambda: thresholds_by_event(standard.streams.threshold, 0, CHUNK)), n),
            "plain": sparse.timed,
            "loop": loop.timed,
        },
        rounds,
    )  # fmt: skip
    times = {name: value / found["ours"] for name, value in found.items()}
    ours_two = on_two_threads(ours.run, n, ours.buffer, rounds)
    limit_two = on_two_threads(ours.limit, 4 * n, ours.buffer, rounds)
    rows = [
        Row("ours: nanoseconds a run, one thread", found["ours"]),
        Row("of it thresholds", found["drawing"]),
        Row("of it thresholds and event steps", found["sampling"]),
        Row("limit as numpy draws and fills: nanoseconds a run", found["numpy"]),
        Row("limit as our own vectors draw and write: nanoseconds a run", found["limit"]),
        Row("share of the limit as numpy draws and fills", times["numpy"], "at least 0.30"),
        Row("share of the limit as our own vectors draw and write", times["limit"]),
        Row("plain, a loop over months: nanoseconds a run", found["loop"]),
        Row("plain, a loop over months: runs in its fastest block", loop.block),
        Row("plain, the fastest numpy found: nanoseconds a run", found["plain"]),
        Row("plain, the fastest numpy found: runs in its fastest block", sparse.block),
        Row("times as fast as the loop over months", times["loop"], "at least 70"),
        Row("times as fast as the fastest numpy found", times["plain"]),
        Row("gain from a second thread", ours_two, "" if small else _two_threads(limit_two)),
        Row("the limit's gain from a second thread", limit_two),
        *_variant("with noise", noisy, n // 8, rounds, small),
        *_variant("three trend-sensitive events", sensitive, n // 4, rounds, small),
        *_variant("half-lives on all links", fading, n // 4, rounds, small),
        *_normal(rounds),
        Row("calibrating 20 events with two points on 20,000 runs: seconds", _calibrating(), "at most 2"),
        Row("times as fast as ema_workbench with a Python function", _ema(standard) / found["ours"]),
    ]
    write("speed", rows, small)
    for row in missed(rows):
        print(f"missed: {row.what} is {row.value:.4g}, not {row.target}")
    return MISSED if missed(rows, CLEARLY) else 0


if __name__ == "__main__":
    sys.exit(main("--small" in sys.argv))
