"""How a figure is taken: several runs of ours and of the bare thing in turn, the median of each, one JSON line."""

import json
import statistics
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

RUNS = 3


def show(figure: str, **values: Any) -> None:
    """One JSON line on standard output."""
    sys.stdout.write(json.dumps({"figure": figure} | values) + "\n")
    sys.stdout.flush()


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share of them lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


async def against(
    figure: str,
    ours: Callable[[], Awaitable[float]],
    bare: Callable[[], Awaitable[float]],
    *,
    unit: str,
    runs: int = RUNS,
    **targets: Any,
) -> None:
    """Median rates of both, taken in turn so that a busy neighbour hits both, and their ratio."""
    measured: dict[str, list[float]] = {"ours": [], "bare": []}
    for _ in range(runs):
        measured["bare"].append(await bare())
        measured["ours"].append(await ours())
    ratios = [a / b for a, b in zip(measured["ours"], measured["bare"], strict=True)]
    show(
        figure,
        unit=unit,
        ours=round(statistics.median(measured["ours"])),
        bare=round(statistics.median(measured["bare"])),
        ratio=round(statistics.median(ratios), 3),
        runs=[round(ratio, 3) for ratio in ratios],
        **targets,
    )
