"""Notebooks run from top to bottom, and are stored without outputs."""

from __future__ import annotations

import warnings
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_a_notebook_is_stored_without_outputs(file):
    cells = [cell for cell in nbformat.read(file, as_version=4).cells if cell.cell_type == "code"]
    assert cells
    assert all(cell.outputs == [] and cell.execution_count is None for cell in cells)


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_a_notebook_runs(file):
    """Any error in a cell fails; the fan chart and the what-if leave a picture each."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the kernel's machinery has warnings of its own
        from nbclient import NotebookClient

        book = nbformat.read(file, as_version=4)
        NotebookClient(
            book, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}}
        ).execute()
    pictures = [
        output
        for cell in book.cells if cell.cell_type == "code"
        for output in cell.outputs if "image/png" in output.get("data", {})
    ]  # fmt: skip
    assert len(pictures) >= 2
    assert not [output for cell in book.cells for output in cell.get("outputs", ()) if output.get("name") == "stderr"]
