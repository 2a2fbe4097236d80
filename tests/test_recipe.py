"""What a recipe may say: each number has bounds, on the command line as in Python."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from test_encoder_cli import run

from student_model.encoder.recipe import BOUNDS, CHOICES, HELP, METHODS, Recipe

DEFAULTS: dict[str, Any] = {one.name: one.default for one in fields(Recipe)}
WRONG = [
    ("accumulate", 0), ("batch", 0), ("members", 0), ("held", 2), ("held", 1), ("disguise", 1), ("disguise", 1.5),
    ("dropout", 1.5), ("rank", 0), ("seed", -1), ("epochs", -1), ("epochs", 0), ("warmup", 2), ("layers", 0),
    ("rate", 0), ("rate", -1e-3), ("decay", -1), ("patience", -1), ("pseudo", 1.1), ("rate", "nan"), ("fgm", "inf"),
    ("average", 1), ("seed", 2**32),
]  # fmt: skip


def test_every_number_of_a_recipe_has_bounds_that_its_default_keeps() -> None:
    numbers = {name for name, one in DEFAULTS.items() if isinstance(one, int | float) and not isinstance(one, bool)}
    assert set(BOUNDS) == numbers | {"rate", "head_rate"} and all(DEFAULTS[name] in BOUNDS[name] for name in numbers)
    each = [Recipe(method=method).rates for method in METHODS]
    assert all(rate in BOUNDS["rate"] and head in BOUNDS["head_rate"] for rate, head in each)
    words = {name for name, one in DEFAULTS.items() if isinstance(one, str)}
    assert words <= set(CHOICES) and set(BOUNDS) | set(CHOICES) <= set(HELP)


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_what_is_out_of_bounds_is_refused_in_both_places(name: str, value: Any, tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text("{}\n")
    option = f"--{name.replace('_', '-')}"
    told = run("fit", "--train", tmp_path / "train.jsonl", "--out", tmp_path / "out", f"{option}={value}")
    assert told.exit_code == 2 and (option in told.stderr or f"{name} is {value}" in told.stderr)
    chosen: dict[str, Any] = {name: float(value) if isinstance(value, str) else value}
    with pytest.raises(ValueError, match=rf"^{name} is .+: an? (whole )?number (from|above) .+ is needed$"):
        Recipe(**chosen)


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"held": 2}, "held is 2: a number from 0 up to below 1 is needed"),
        ({"rate": 0.0}, "rate is 0.0: a number above 0 up to 1 is needed"),
        ({"batch": 2.5}, "batch is 2.5: a whole number from 1 is needed"),
        ({"batch": True}, "batch is True: a whole number from 1 is needed"),
        ({"decay": "much"}, "decay is 'much': a number from 0 is needed"),
        ({"schedule": "steep"}, "schedule is 'steep': one of linear, cosine, constant is needed"),
        ({"worth": {"good": 2.0}}, "'good' is worth 2.0: a share from 0 to 1 is needed"),
        ({"layers": 0, "rank": 0}, "layers is 0: a whole number from 1 is needed; rank is 0: a whole number from 1"),
    ],
)
def test_what_came_and_what_is_allowed_is_told(chosen: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError) as error:
        Recipe(**chosen)
    assert str(error.value).startswith(said)


def test_what_lies_on_a_bound_is_taken_and_help_tells_the_bounds() -> None:
    edge = Recipe(held=0.0, disguise=0, warmup=1, rate=1, decay=0, dropout=0.0, patience=0, layers=1, scores="ordinal")
    assert (edge.rate, edge.scores) == (1, "ordinal")
    shown = " ".join(run("fit", "--help").stdout.split())
    assert "[default: 0.2; 0<=x<1]" in shown and "[default: 3; x>=1]" in shown
