"""A model that Elo or Best-LR beats is not registered, and the loss is named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from courses import empty_log

from knowledge_graph.types import ConceptId, ItemId
from knowledge_graph.vocabulary import Vocabulary
from student_model.curves import Curve
from student_model.evaluation import Report, Scores
from student_model.guard import FEWEST, HELD, lost, tried, warnings
from student_model.log import Log
from student_model.tracing import ALONE, Context, Tracer, mean
from student_model.types import LearnerId

NOTHING = Curve((), (), (), ())
A = ConceptId("a")
WORDS = Vocabulary.build([A], {ItemId(f"i{n}"): [A] for n in range(6)})


def log_of(learners: int, rows: int, seed: int = 0) -> Log:
    """Learners of abilities that differ much: the mean of an item is not enough."""
    rng = np.random.default_rng(seed)
    ability = np.repeat(rng.normal(0.0, 2.0, learners), rows)
    item = rng.integers(6, size=learners * rows).astype(np.int32)
    outcome = (rng.random(len(item)) < 1.0 / (1.0 + np.exp(-ability))).astype(np.float64)
    names = [LearnerId(f"l{n}") for n in range(learners) for _ in range(rows)]
    return Log.from_unordered(WORDS, names, item, outcome)


def report(model: str, auc: float | None, **baselines: float | None) -> Report:
    def one(name: str, area: float | None) -> Report:
        return Report(name, Scores(10, area, 0.5, 0.2, 0.1), {}, None, NOTHING, NOTHING, 1.0, 1.0, 1.0)

    beside = {name: one(name, area) for name, area in baselines.items()}
    return replace(one(model, auc), baselines=beside)


def test_losing_to_elo_is_a_warning() -> None:
    assert warnings(report("bkt", 0.71, elo=0.76)) == [
        "bkt loses to elo: AUC 0.7100 against 0.7600; use elo, or find out why"
    ]
    assert warnings(report("bkt", 0.76, elo=0.71)) == []
    assert warnings(report("elo", 0.7, elo=0.7)) == []
    assert warnings(report("bkt", None, elo=None)) == []
    assert warnings(report("bkt", 0.5)) == []


def test_losing_to_best_lr_is_a_warning_too_and_each_guard_is_held_to_the_other() -> None:
    assert warnings(report("bkt", 0.71, elo=0.72, logistic=0.73)) == [
        "bkt loses to elo: AUC 0.7100 against 0.7200; use elo, or find out why",
        "bkt loses to logistic: AUC 0.7100 against 0.7300; use logistic, or find out why",
    ]
    assert warnings(report("logistic", 0.71, elo=0.72)) != []
    assert warnings(report("elo", 0.71, logistic=0.72)) != []


def test_a_model_that_knows_no_learners_loses_to_both_guards() -> None:
    trial = tried("mean", log_of(200, 30), seed=0)
    assert trial is not None
    verdict = trial.verdict
    assert (verdict.learners, verdict.rows) == (200 // HELD, 600)
    assert list(verdict.scores) == ["mean", "elo", "logistic"]
    assert [one.partition(":")[0] for one in verdict.losses] == ["mean loses to elo", "mean loses to logistic"]
    assert verdict.scores["mean"] == trial.reports["mean"].overall


def test_a_guard_is_held_to_the_other_and_not_to_itself() -> None:
    for name, other in (("elo", "logistic"), ("logistic", "elo")):
        trial = tried(name, log_of(200, 30), seed=0)
        assert trial is not None and list(trial.verdict.scores) == [name, other]


def test_too_few_learners_give_no_verdict() -> None:
    assert tried("mean", log_of(FEWEST - 1, 5), seed=0) is None


def test_what_is_judged_was_not_fitted_to_those_who_judge() -> None:
    """The model tried is the one fitted to the other learners, and each fit is told of."""
    log, heard = log_of(100, 10), list[str]()
    trial = tried("mean", log, seed=3, context=Context(tell=heard.append))
    assert trial is not None and heard == [
        f"fitting {one} to nine learners in ten" for one in ("mean", "elo", "logistic")
    ]
    held = np.random.default_rng(3).permutation(100) < 10
    share = log.only_learners(~held).outcome.mean()
    odds = trial.tracer.predict(trial.tracer.initial(), None, None)
    assert odds.mean() == pytest.approx(share, abs=0.02)


def test_a_loss_within_one_standard_error_is_none_worked_out_by_hand() -> None:
    # Two learners of one row each, both right. Model .5 and .5, guard .8 and .4: differences in log loss are
    # ln(.8/.5) = .470 and ln(.4/.5) = -.223, mean .1235, standard error .3466 / sqrt(2) = .2451.
    log = Log.from_unordered(WORDS, [LearnerId("x"), LearnerId("y")], np.zeros(2, np.int32), np.ones(2))
    half = np.array([0.5, 0.5])
    assert lost(log, "m", half, "g", np.array([0.8, 0.4])) is None
    # Guard .8 and .7: .470 and .336, mean .4032, standard error .0668 / sqrt(2) = .0472.
    told = lost(log, "m", half, "g", np.array([0.8, 0.7]))
    assert told == (
        "m loses to g: log loss 0.6931 against 0.2899 on 2 learners held back (worse by 0.4032, standard error 0.0472)"
    )
    assert lost(log, "m", half, "g", half) is None


def test_only_a_greater_auc_is_a_warning() -> None:
    assert warnings(report("bkt", 0.7, elo=0.7, logistic=0.7)) == []
    assert len(warnings(report("bkt", 0.7, elo=0.7001, logistic=0.6999))) == 1


def test_fifty_learners_are_enough_and_five_of_them_judge() -> None:
    trial = tried("mean", log_of(FEWEST, 4), seed=0)
    assert trial is not None and (trial.verdict.learners, trial.verdict.rows) == (5, 20)


def test_the_standard_error_is_over_learners_and_not_over_rows_worked_out_by_hand() -> None:
    # x has three rows, y one, all right. Model .5; guard .8 for x and .4 for y. Differences in log loss are .4700 three
    # times and -.2231: mean (1.4100 - .2231) / 4 = .2967. Sums by learner 1.4100 and -.2231 lie .8166 from their mean:
    # .8166 * sqrt(2) / 4 = .2887, just below the mean. Over rows it would be .1501.
    log = Log.from_unordered(WORDS, [LearnerId(one) for one in "xxxy"], np.zeros(4, np.int32), np.ones(4))
    half, guard = np.full(4, 0.5), np.array([0.8, 0.8, 0.8, 0.4])
    told = lost(log, "m", half, "g", guard)
    assert told is not None and told.endswith("on 2 learners held back (worse by 0.2967, standard error 0.2887)")
    assert (
        lost(replace(log, weight=np.array([1.0, 0.1, 0.1, 1.0])), "m", half, "g", guard) == told
    )  # rows count in full
    assert lost(log, "m", guard, "g", half) is None
    # Guard .78 for x: .4447 three times, mean .2777; sums 1.3340 and -.2231, error .7786 * sqrt(2) / 4 = .2753.
    # Guard .76: .4187 three times, mean .2583; sums 1.2561 and -.2231, error .7396 * sqrt(2) / 4 = .2615: more.
    assert lost(log, "m", half, "g", np.array([0.78, 0.78, 0.78, 0.4])) is not None
    assert lost(log, "m", half, "g", np.array([0.76, 0.76, 0.76, 0.4])) is None


def test_who_is_sure_and_wrong_loses_by_a_number() -> None:
    # Odds 0 count as 1e-15: -ln(1e-15) = 34.5388, and with ln 2 for the other row (34.5388 + .6931) / 2 = 17.6160.
    log = Log.from_unordered(WORDS, [LearnerId("x"), LearnerId("y")], np.zeros(2, np.int32), np.ones(2))
    told = lost(log, "m", np.array([0.0, 0.5]), "g", np.full(2, 0.5))
    assert told is not None and "log loss 17.6160 against 0.6931" in told


def test_nobody_loses_on_no_rows() -> None:
    log = replace(empty_log(WORDS), learners=(LearnerId("x"),))
    assert lost(log, "m", np.zeros(0), "g", np.zeros(0)) is None


def test_the_time_of_each_fit_is_told_by_its_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock that nothing but the fit of the item mean moves."""
    clock, fit = [100.0], mean.fit

    def slow(log: Log, seed: int = 0, context: Context = ALONE) -> Tracer:
        clock[0] += 7.0
        return fit(log, seed, context)

    monkeypatch.setattr(mean, "fit", slow)
    monkeypatch.setattr("student_model.guard.time.perf_counter", lambda: clock[0])
    trial = tried("mean", log_of(FEWEST, 4), seed=0)
    assert trial is not None
    times = {name: (one.fit_seconds, one.predict_seconds) for name, one in trial.reports.items()}
    assert times == {"mean": (7.0, 0.0), "elo": (0.0, 0.0), "logistic": (0.0, 0.0)}


def test_nobody_loses_on_nobody() -> None:
    assert lost(empty_log(WORDS), "m", np.zeros(0), "g", np.zeros(0)) is None
