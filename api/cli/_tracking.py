"""What was fitted, told to MLflow: parameters, figures of all models beside each other, the folder and the plots."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from api.cli._fitting import Registered

EXPERIMENT = "wayline"
METRICS = ("auc", "log_loss", "brier", "ece")


class TrackingError(RuntimeError):
    """MLflow is not here or cannot be told; the message says what to do."""


def require() -> Any:
    """MLflow, imported; asked for before hours of fitting and not after.

    Raises:
        TrackingError: it is not installed.
    """
    try:
        import mlflow
    except ImportError:
        raise TrackingError("--track needs MLflow: install wayline[tracking]") from None
    return mlflow


def track(done: Registered, report: Path | None) -> str:
    """Tell MLflow, where `MLFLOW_TRACKING_URI` says it is; the id of the run.

    Raises:
        TrackingError: it refuses.
    """
    mlflow, origin = require(), done.origin
    try:
        mlflow.set_experiment(EXPERIMENT)
        with mlflow.start_run(run_name=f"{done.model} {done.version}") as run:
            data = {f"data_{name}": value for name, value in origin.to_json()["data"].items()}
            mlflow.log_params({"model": done.model, "version": done.version, "seed": origin.seed, **data})
            mlflow.set_tags({"code": origin.code, "forced": origin.forced})
            mlflow.log_metrics({"fit_seconds": origin.fit_seconds, **_figures(done)})
            mlflow.log_artifacts(str(done.out), "model")
            if report is not None:
                mlflow.log_artifacts(str(report), "report")
    except mlflow.exceptions.MlflowException as error:
        raise TrackingError(f"the model is in {done.out}, but MLflow was not told: {error}") from error
    return str(run.info.run_id)


def _figures(done: Registered) -> dict[str, float]:
    """The figures on learners held back: the model's own by name, those of others with theirs before."""
    verdict = done.origin.verdict
    found = {
        (metric if name == done.model else f"{name}_{metric}"): getattr(scores, metric)
        for name, scores in (verdict.scores.items() if verdict else ())
        for metric in METRICS
    }
    return {name: value for name, value in found.items() if value is not None}
