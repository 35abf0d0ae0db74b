"""The live account: what is done, which rule it shows, and whether it came out as it must."""

import time
from typing import NamedTuple

from rich.markup import escape
from rich.table import Table

from deploy.local.display import output


class Expectation(NamedTuple):
    """Something that must hold, and what was seen instead if it does not."""

    chapter: str
    claim: str
    rules: str
    holds: bool
    seen: str


class Account:
    """Prints as it goes, and keeps count."""

    def __init__(self) -> None:
        self.expectations: list[Expectation] = []
        self._chapter = ""
        self._began = time.monotonic()

    def chapter(self, title: str) -> None:
        """A new part of the story."""
        self._chapter = title
        output.print(f"\n[bold]{escape(title)}[/]")

    def tell(self, text: str, rules: str = "") -> None:
        """Something that was done."""
        output.print(
            f"  [dim]{time.monotonic() - self._began:5.1f} s[/]  {escape(text)}{self._tail(rules)}", soft_wrap=True
        )

    def expect(self, claim: str, holds: object, rules: str = "", seen: object = "") -> None:
        """Something that must hold, checked against a service's own answer."""
        fine = bool(holds)
        self.expectations.append(Expectation(self._chapter, claim, rules, fine, "" if fine else str(seen)))
        mark = "[green]✓[/]" if fine else "[bold red]✗[/]"
        output.print(
            f"  [dim]{time.monotonic() - self._began:5.1f} s[/]  {mark} {escape(claim)}{self._tail(rules)}",
            soft_wrap=True,
        )
        if not fine:
            output.print(f"          [red]seen instead: {escape(str(seen))}[/]", soft_wrap=True)

    @staticmethod
    def _tail(rules: str) -> str:
        return f"  [cyan]{escape(rules)}[/]" if rules else ""

    def summary(self) -> int:
        """The table of all parts; 0 only if every expectation held."""
        made = Table(title="What was checked", title_justify="left", box=None, pad_edge=False, header_style="bold")
        for heading in ("part", "rules", "held", "failed"):
            made.add_column(heading)
        parts = dict.fromkeys(expectation.chapter for expectation in self.expectations)
        for part in parts:
            mine = [expectation for expectation in self.expectations if expectation.chapter == part]
            rules = sorted({rule for one in mine for rule in one.rules.split()})
            broken = sum(not one.holds for one in mine)
            made.add_row(part, " ".join(rules), str(len(mine) - broken), f"[red]{broken}[/]" if broken else "0")
        output.print()
        output.print(made)
        failed = [one for one in self.expectations if not one.holds]
        for one in failed:
            output.print(f"[red]✗ {escape(one.claim)}[/] {escape(one.rules)}: {escape(one.seen)}", soft_wrap=True)
        took = time.monotonic() - self._began
        output.print(
            f"{len(self.expectations) - len(failed)} of {len(self.expectations)} expectations held, in {took:.0f} s."
        )
        return 1 if failed or not self.expectations else 0
