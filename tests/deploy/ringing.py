"""When an alert rings, where promtool is not to be had: as much of PromQL as the alerts of this repository use.

Rates are taken between the first and the last sample of their window, without Prometheus's extrapolation: thresholds on
shares, quantiles and "any at all" do not depend on it. What is not known here is an error, not a guess.
"""

import re
from collections import defaultdict
from datetime import timedelta
from typing import Any

import promql_parser as promql

type Labels = frozenset[tuple[str, str]]
type Vector = dict[Labels, float]
type Series = list[tuple[str, Labels, list[float]]]

UNITS = {"s": 1, "m": 60, "h": 3600}


def seconds(text: str) -> int:
    return sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)([smh])", text))


def samples(notation: str) -> list[float]:
    """`1 0x3 0+5x2` as promtool reads it: the value, and then as many more as stand behind the x."""
    found: list[float] = []
    for part in notation.split():
        start, step, times = re.fullmatch(r"([\d.]+)(?:\+([\d.]+))?(?:x(\d+))?", part).groups()  # type: ignore[union-attr]
        found += [float(start) + float(step or 0) * n for n in range(int(times or 0) + 1)]
    return found


def series(entries: list[dict[str, str]]) -> Series:
    parsed = [(promql.parse(entry["series"]), samples(entry["values"])) for entry in entries]
    return [(one.name, frozenset((m.name, m.value) for m in one.matchers.matchers), values) for one, values in parsed]


class Evaluation:
    """Expressions over series that have one sample a minute."""

    def __init__(self, known: Series) -> None:
        self._known = known

    def rings(self, rule: dict[str, Any], minute: int) -> set[Labels]:
        """The labels with which the rule's alert rings: its expression has held for as long as it asks for."""
        waits, expression = seconds(rule.get("for", "0s")) // 60, promql.parse(rule["expr"])
        held = [set(self.value(expression, at)) for at in range(max(minute - waits, 0), minute + 1)]
        lasting = set.intersection(*held) if len(held) == waits + 1 else set()
        return {without(labels, "__name__") | set(rule["labels"].items()) for labels in lasting}

    def value(self, node: Any, at: int) -> Any:
        match node:
            case promql.NumberLiteral():
                return node.val
            case promql.ParenExpr():
                return self.value(node.expr, at)
            case promql.VectorSelector():
                return {labels: values[at] for labels, values in self._chosen(node) if at < len(values)}
            case promql.Call():
                return self._called(node, at)
            case promql.AggregateExpr():
                return aggregated(str(node.op), node.modifier.labels, self.value(node.expr, at))
            case promql.BinaryExpr():
                return combined(node, self.value(node.lhs, at), self.value(node.rhs, at))
        raise NotImplementedError(str(node))

    def _chosen(self, node: Any) -> list[tuple[Labels, list[float]]]:
        def fits(labels: dict[str, str]) -> bool:
            return all(
                re.fullmatch(m.value, labels.get(m.name, ""))
                if m.op == promql.MatchOp.Re
                else labels.get(m.name, "") == m.value
                for m in node.matchers.matchers
            )

        return [(labels, values) for name, labels, values in self._known if name == node.name and fits(dict(labels))]

    def _called(self, node: Any, at: int) -> Vector:
        name = node.func.name
        if name == "histogram_quantile":
            return quantile(node.args[0].val, self.value(node.args[1], at))
        (window,) = node.args
        length: timedelta = window.range
        first = max(at - int(length.total_seconds()) // 60, 0)
        grown = {labels: values[at] - values[first] for labels, values in self._chosen(window.vector_selector)}
        divisor = {"rate": length.total_seconds(), "increase": 1.0}[name]
        return {labels: growth / divisor for labels, growth in grown.items()} if at > first else {}


def without(labels: Labels, *names: str) -> Labels:
    return frozenset(pair for pair in labels if pair[0] not in names)


def aggregated(op: str, by: list[str], vector: Vector) -> Vector:
    groups: dict[Labels, list[float]] = defaultdict(list)
    for labels, value in vector.items():
        groups[frozenset(pair for pair in labels if pair[0] in by)].append(value)
    return {labels: {"sum": sum, "max": max}[op](values) for labels, values in groups.items()}


def combined(node: Any, left: Vector, right: Any) -> Vector:
    op = str(node.op)
    matching = node.modifier.matching if node.modifier else None
    ignored = matching.labels if matching else []
    partners = (
        right if isinstance(right, float) else {without(labels, *ignored): value for labels, value in right.items()}
    )
    pairs = [
        (labels, value, partners if isinstance(partners, float) else partners.get(without(labels, *ignored)))
        for labels, value in left.items()
    ]
    known = [(labels, value, other) for labels, value, other in pairs if other is not None]
    match op:
        case "and":
            return {labels: value for labels, value, _ in known}
        case ">" | "==":
            return {labels: value for labels, value, other in known if (value > other if op == ">" else value == other)}
        case "/":
            return {without(labels, *ignored): value / other for labels, value, other in known if other}
    raise NotImplementedError(op)


def quantile(wanted: float, buckets: Vector) -> Vector:
    """Linear inside a bucket, as Prometheus has it."""
    groups: dict[Labels, list[tuple[float, float]]] = defaultdict(list)
    for labels, value in buckets.items():
        groups[without(labels, "le")].append((float(dict(labels)["le"]), value))
    found = {}
    for labels, group in groups.items():
        bounds = sorted(group)
        rank, below, under = wanted * bounds[-1][1], 0.0, 0.0
        for bound, count in bounds:
            if count >= rank and count > under:
                found[labels] = (
                    below if bound == float("inf") else below + (bound - below) * (rank - under) / (count - under)
                )
                break
            below, under = bound, count
    return found
