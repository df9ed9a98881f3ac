"""`etia test`: the model's own tests, each with what was found."""

from __future__ import annotations

from dataclasses import replace

import click

from etia.cli.asking import asked_run, print_lines, save_if_asked
from etia.cli.options import RunOptions, print_json, run_options, say, verb
from etia.cli.progress import busy

__all__ = ["command"]


@verb("test")
@click.argument("model", metavar="MODEL")
@run_options
def command(model: str, options: RunOptions) -> int:
    """Run the tests that MODEL states of its results; one fails if outside by more than 3 standard errors."""
    from etia.facade import load
    from etia.facade.testing import test_results

    stated = load(model, overrides=options.overrides, as_of=options.as_of).tests
    needed = [test.scenario for test in stated.values() if test.scenario and test.scenario not in options.scenarios]
    run = asked_run(model, replace(options, scenarios=(*options.scenarios, *dict.fromkeys(needed))))
    with busy("testing"):
        results = test_results(run)
    n_failed = sum(not result.holds for result in results)
    if options.as_json:
        print_json({"tests": [result.as_row() for result in results]})
    else:
        for result in results:
            verdict = "holds" if result.holds else "FAILS"
            told = f"{result.what} = {result.found:.4g} ± {result.se:.2g}"
            print_lines([f"{verdict}  {result.test}: {told}, wanted {result.low:g} … {result.high:g}"])
            if result.note and not result.holds:
                print_lines([f"       {result.note}"])
    say(f"{model}: {len(results)} tests, {n_failed or 'none'} failed" if results else f"{model} states no tests")
    save_if_asked(run, options)
    return 1 if n_failed else 0
