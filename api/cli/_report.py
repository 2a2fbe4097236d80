"""What an evaluation found, as a table and as a folder of plots."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from student_model.curves import ENOUGH

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from student_model.curves import Curve
    from student_model.evaluation import Report

METRICS = ("auc", "log_loss", "brier", "ece")
SLICES = ("first_attempts", "first_five", "unseen_items")
COSTS = ("fit_seconds", "predict_seconds", "peak_memory_mb")


def rows(reports: Mapping[str, Report]) -> dict[str, list[str]]:
    """The lines of the ladder's table: a figure's name, and its value for each model."""
    models = list(reports.values())
    found: dict[str, list[float | None]] = {
        **{metric: [getattr(one.overall, metric) for one in models] for metric in METRICS},
        f"ece, median of concepts with {ENOUGH} rows": [one.concept_ece for one in models],
        **{f"auc, {name}": [one.slices[name].auc for one in models] for name in SLICES},
        **{cost: [getattr(one, cost) for one in models] for cost in COSTS},
    }
    return {
        name.replace("_", " "): ["-" if one is None else f"{one:.4g}" for one in values]
        for name, values in found.items()
    }


def show(reports: Mapping[str, Report]) -> None:
    """A table with a column for each model and a row for each figure."""
    from rich.console import Console
    from rich.table import Table

    count = next(iter(reports.values())).overall.rows
    table = Table("", *reports, title=f"{count:,} responses")
    for name, values in rows(reports).items():
        table.add_row(name, *values)
    Console().print(table)


def write(folder: Path, reports: Mapping[str, Report]) -> None:
    """`reliability.png`, `learning.png` and `ladder.md` in a folder, made if need be.

    Raises:
        ReportError: what draws plots is not installed.
    """
    require("matplotlib")
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["| | " + " | ".join(reports) + " |", "|---" * (len(reports) + 1) + "|"]
    lines += [f"| {name} | {' | '.join(values)} |" for name, values in rows(reports).items()]
    (folder / "ladder.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    _drawn(folder / "reliability.png", reports, _reliability)
    _drawn(folder / "learning.png", reports, _learning)


def curves(folder: Path, reports: Mapping[str, Report]) -> None:
    """The figures and the reliability of models side by side, for TensorBoard."""
    from torch.utils.tensorboard import SummaryWriter

    for name, report in reports.items():
        with SummaryWriter(str(folder / "held-back" / name)) as writer:
            for metric in METRICS:
                value = getattr(report.overall, metric)
                if value is not None:
                    writer.add_scalar(f"held back/{metric}", value, 0)
            for at, odds, outcome in zip(
                report.reliability.at, report.reliability.odds, report.reliability.outcome, strict=True
            ):
                writer.add_scalars("held back/reliability", {"odds": odds, "right": outcome}, round(100 * at))


class ReportError(RuntimeError):
    """Plots cannot be drawn; the message says what to install."""


def require(library: str) -> None:
    """Asked for before hours of fitting and not after.

    Raises:
        ReportError: it is not installed.
    """
    if find_spec(library) is None:
        raise ReportError(f"{library} is not installed: install wayline[training]")


def _drawn(path: Path, reports: Mapping[str, Report], draw: Callable[[Axes, Report], None]) -> None:
    from matplotlib.figure import Figure

    across = min(len(reports), 3)
    down = -(-len(reports) // across)
    figure = Figure(figsize=(4.2 * across, 4.0 * down), layout="constrained")
    panels = figure.subplots(down, across, squeeze=False, sharex=True, sharey=True)
    for panel, report in zip(panels.flat, reports.values(), strict=False):
        draw(panel, report)
    for panel in list(panels.flat)[len(reports) :]:
        panel.set_axis_off()
    figure.savefig(path, dpi=120)


def _reliability(panel: Axes, report: Report) -> None:
    """Odds against outcomes; a point's area is its share of the responses."""
    curve, all_rows = report.reliability, max(report.overall.rows, 1)
    panel.plot([0, 1], [0, 1], color="0.75", linewidth=1, zorder=0)
    panel.plot(curve.odds, curve.outcome, color="tab:blue", linewidth=1)
    panel.scatter(curve.odds, curve.outcome, [900 * n / all_rows + 6 for n in curve.rows], color="tab:blue")
    panel.set(xlim=(0, 1), ylim=(0, 1), xlabel="odds foretold", ylabel="share of right answers")
    ece = report.overall.ece
    panel.set_title(report.model if ece is None else f"{report.model}, ECE {ece:.3f}")


def _learning(panel: Axes, report: Report) -> None:
    """Odds and outcomes by how often the concept was practised."""
    from matplotlib.ticker import MaxNLocator

    curve: Curve = report.learning
    panel.plot(curve.at, curve.outcome, "o", color="0.4", markersize=4, label="share of right answers")
    panel.plot(curve.at, curve.odds, color="tab:blue", label="odds foretold")
    panel.set(xlabel="practice of the concept", ylabel="right", ylim=(0, 1), title=report.model)
    panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    panel.legend(loc="lower right", fontsize="small")
