"""The ladder's table and the plots of an evaluation: each figure stands in its row, its column and its place."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from api.cli import _report
from student_model.curves import Curve
from student_model.evaluation import Report, Scores

RELIABLE = Curve((0.1, 0.5, 0.9), (10, 40, 50), (0.12, 0.48, 0.93), (0.2, 0.5, 0.8))
LEARNT = Curve((1.0, 2.0), (60, 40), (0.4, 0.6), (0.35, 0.7))


def report(name: str, base: float) -> Report:
    """Every figure differs from every other, and from those of a report of another base."""
    slices = {
        "first_attempts": Scores(9, base + 0.05, 9.0, 9.0, 9.0),
        "first_five": Scores(9, base + 0.06, 9.0, 9.0, 9.0),
        "unseen_items": Scores(0, None, None, None, None),
    }
    overall = Scores(1_234, base + 0.01, base + 0.02, base + 0.03, base + 0.04)
    return Report(name, overall, slices, base + 0.07, RELIABLE, LEARNT, base + 8.0, base + 9.0, base + 10.0)


IRT, ELO = report("irt", 0.1), replace(report("elo", 0.5), fit_seconds=None, concept_ece=None)
TABLE = [
    ("auc", "0.11", "0.51"),
    ("log loss", "0.12", "0.52"),
    ("brier", "0.13", "0.53"),
    ("ece", "0.14", "0.54"),
    ("ece, median of concepts with 500 rows", "0.17", "-"),
    ("auc, first attempts", "0.15", "0.55"),
    ("auc, first five", "0.16", "0.56"),
    ("auc, unseen items", "-", "-"),
    ("fit seconds", "8.1", "-"),
    ("predict seconds", "9.1", "9.5"),
    ("peak memory mb", "10.1", "10.5"),
]


def test_the_ladder_has_a_row_for_each_figure_and_a_column_for_each_model(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "down"
    _report.write(folder, {"irt in kept": IRT, "elo": ELO})
    table = (folder / "ladder.md").read_text("utf-8").splitlines()
    assert table[:2] == ["| | irt in kept | elo |", "|---|---|---|"]
    assert table[2:] == [f"| {name} | {one} | {other} |" for name, one, other in TABLE]
    assert {path.name for path in folder.iterdir()} == {"ladder.md", "reliability.png", "learning.png"}


def test_people_are_shown_the_same_table_under_the_number_of_responses(capsys: pytest.CaptureFixture[str]) -> None:
    _report.show({"irt": IRT, "elo": ELO})
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].strip() == "1,234 responses"
    cells = [[cell.strip() for cell in line.strip("│┃ ").replace("┃", "│").split("│")] for line in lines]
    assert ["irt", "elo"] in [row[-2:] for row in cells]
    for row in TABLE:
        assert list(row) in cells


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Figure]:
    """The figures of four models, by file name, caught where they are saved."""
    figures, save = dict[str, Figure](), Figure.savefig

    def caught(figure: Figure, path: Path, **options: Any) -> None:
        figures[path.name] = figure
        save(figure, path, **options)

    empty = Report("none", Scores(0, None, None, None, None), {}, None, Curve((), (), (), ()), LEARNT, None, 0.0, None)
    whole = {name: replace(empty, slices=IRT.slices) if name == "none" else IRT for name in ("a", "b", "c", "none")}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Figure, "savefig", caught)
        _report.write(tmp_path_factory.mktemp("drawn"), whole)
    return figures


def points_of(line: Line2D) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in np.asarray(line.get_xydata())]


def test_reliability_shows_what_was_foretold_across_and_what_came_up(drawn: dict[str, Figure]) -> None:
    panel, *_, last = drawn["reliability.png"].axes[:4]
    ideal, line = panel.lines
    assert points_of(ideal) == [(0.0, 0.0), (1.0, 1.0)]
    assert points_of(line) == list(zip(RELIABLE.odds, RELIABLE.outcome, strict=True))
    (points,) = panel.collections
    assert isinstance(points, PathCollection)
    assert np.asarray(points.get_offsets()).tolist() == [list(point) for point in points_of(line)]
    sizes = [float(size) - 6.0 for size in points.get_sizes()]
    assert [size / sizes[0] for size in sizes] == pytest.approx([1.0, 4.0, 5.0])  # areas go with the rows
    assert (panel.get_title(), last.get_title()) == ("irt, ECE 0.140", "none")


def test_learning_shows_odds_as_a_line_through_what_came(drawn: dict[str, Figure]) -> None:
    shown = {str(line.get_label()): line for line in drawn["learning.png"].axes[0].lines}
    came, told = shown["share of right answers"], shown["odds foretold"]
    assert points_of(came) == list(zip(LEARNT.at, LEARNT.outcome, strict=True))
    assert points_of(told) == list(zip(LEARNT.at, LEARNT.odds, strict=True))
    assert drawn["learning.png"].axes[0].get_title() == "irt"


def test_panels_beyond_the_models_are_not_shown(drawn: dict[str, Figure]) -> None:
    assert [panel.axison for panel in drawn["learning.png"].axes] == [True] * 4 + [False] * 2


@pytest.mark.parametrize(("models", "across", "down"), [(1, 1, 1), (2, 2, 1), (3, 3, 1), (4, 3, 2)])
def test_panels_stand_three_in_a_row(models: int, across: int, down: int, tmp_path: Path) -> None:
    """The size of a picture stands in the bytes 16 to 24 of a PNG file; a panel is 504 by 480 of 120 to an inch."""
    _report.write(tmp_path, {f"m{n}": IRT for n in range(models)})
    for name in ("reliability.png", "learning.png"):
        size = struct.unpack(">II", (tmp_path / name).read_bytes()[16:24])
        assert size == pytest.approx((504 * across, 480 * down), abs=1)


def test_tensorboard_has_the_figures_and_the_reliability_of_each_model(tmp_path: Path) -> None:
    _report.curves(tmp_path, {"irt": IRT, "elo": replace(ELO, overall=replace(ELO.overall, auc=None))})
    told = EventAccumulator(str(tmp_path / "held-back" / "irt")).Reload()
    for name, value in (("auc", 0.11), ("log_loss", 0.12), ("brier", 0.13), ("ece", 0.14)):
        assert [event.value for event in told.Scalars(f"held back/{name}")] == pytest.approx([value])
    for name, values in (("odds", RELIABLE.odds), ("right", RELIABLE.outcome)):
        events = EventAccumulator(str(tmp_path / "held-back" / "irt" / f"held back_reliability_{name}")).Reload()
        points = [(event.step, event.value) for event in events.Scalars("held back/reliability")]
        assert points == [(at, pytest.approx(value)) for at, value in zip((10, 50, 90), values, strict=True)]
    other = EventAccumulator(str(tmp_path / "held-back" / "elo")).Reload()
    assert "held back/auc" not in other.Tags()["scalars"] and other.Scalars("held back/ece")


def test_what_is_not_installed_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    _report.require("matplotlib")
    with pytest.raises(_report.ReportError, match="paintbrush is not installed: install wayline"):
        _report.require("paintbrush")
