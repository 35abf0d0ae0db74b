"""Why a penalty is proposed, in words (STF-8)."""

from collections.abc import Sequence

from services.staff.domain.charge import Charge
from services.staff.domain.ruling import Earlier, Reasoning
from services.staff.domain.schedule import Entry, FineRange

SEVERITIES = {"light": "轻微", "ordinary": "一般", "grave": "严重"}
MEASURES = {
    "warning": "警告", "public_criticism": "通报批评", "fine": "罚款", "performance_deduction": "绩效扣减",
    "suspension": "停职", "demerit": "记过", "demotion": "降职", "dismissal": "辞退", "closure": "停业整顿",
}  # fmt: skip


def of(
    charge: Charge, entry: Entry, fines: FineRange | None, earlier: Sequence[Earlier], beside: str | None
) -> Reasoning:
    """What was established, which clause it breaks, what came before, and what may follow."""
    provided = entry.provided(len(earlier))
    return Reasoning(
        zh="".join(_chinese(charge, entry, fines, earlier, provided, beside)),
        en=" ".join(_english(charge, entry, fines, earlier, provided, beside)),
    )


def _chinese(
    charge: Charge,
    entry: Entry,
    fines: FineRange | None,
    earlier: Sequence[Earlier],
    provided: Sequence[str],
    beside: str | None,
) -> list[str]:
    found = f"（{charge.finding}）" if charge.finding else ""
    said = [f"经查实{found}，情节{SEVERITIES.get(charge.severity, charge.severity)}，属“{entry.title}”，"]
    said.append(f"适用 {entry.clause}。")
    numbers = "、".join(before.number for before in earlier)
    said.append(
        f"此前 {entry.repeat_days} 日内有同类处罚 {len(earlier)} 次：{numbers}。"
        if earlier
        else f"此前 {entry.repeat_days} 日内无同类处罚。"
    )
    measures = "、".join(MEASURES[measure] for measure in provided)
    said.append(f"可选措施：{measures}" + (f"；罚款 {fines.low} 至 {fines.high} 元。" if fines else "。"))
    if beside:
        said.append(f"因查实更重情节，在 {beside} 之外补充提出。")
    return said


def _english(
    charge: Charge,
    entry: Entry,
    fines: FineRange | None,
    earlier: Sequence[Earlier],
    provided: Sequence[str],
    beside: str | None,
) -> list[str]:
    found = f" ({charge.finding})" if charge.finding else ""
    said = [f"Established{found}: {entry.violation.replace('_', ' ')}, {charge.severity}, under {entry.clause}."]
    numbers = ", ".join(before.number for before in earlier)
    said.append(
        f"{len(earlier)} earlier of the same kind within {entry.repeat_days} days: {numbers}."
        if earlier
        else f"None of the same kind within {entry.repeat_days} days before."
    )
    measures = ", ".join(measure.replace("_", " ") for measure in provided)
    said.append(f"Provided: {measures}" + (f"; a fine of {fines.low} to {fines.high} yuan." if fines else "."))
    if beside:
        said.append(f"In addition to {beside}, as something graver was established.")
    return said
