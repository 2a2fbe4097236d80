"""The bars on a real log: figures well below these mean that something broke."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from data.importers.canonical import read_log
from student_model.evaluation import evaluate
from student_model.log import Log
from student_model.tracing.bkt import fit

DATA = Path(__file__).resolve().parents[1] / "../shared/data/knowledge_tracing/assistments2009"


@pytest.fixture(scope="module")
def logs() -> tuple[Log, Log]:
    if not DATA.exists():
        pytest.skip("assistments2009 is not here")
    train = read_log(DATA / "train.csv.gz")
    return train, read_log(DATA / "test.csv.gz", vocabulary=train.vocabulary)


def test_models_clear_their_bars(logs: tuple[Log, Log]) -> None:
    report = evaluate("elo", *logs)
    assert report.overall.rows == 58_266
    bars = {"mean": 0.685, "bkt": 0.714, "elo": 0.755}
    areas = {name: one.overall.auc for name, one in report.baselines.items()}
    assert all((areas[name] or 0.0) > bar for name, bar in bars.items()), areas
    assert all((one.overall.ece or 1.0) < 0.02 for one in report.baselines.values())


def test_fitted_bkt_values_can_be_interpreted(logs: tuple[Log, Log]) -> None:
    prior, learn, guess, slip, forget = fit(logs[0]).values
    assert (1.0 - slip - guess).min() >= 0.2
    assert learn.min() >= 0.01
    assert np.median(forget) < 0.03
    assert prior.min() >= 0.02 and prior.max() <= 0.9
