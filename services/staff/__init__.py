"""Staff: who holds which post, and what follows for a person from an established responsibility.

Owns employees and absences, the penalty schedule and its editions (the first is `domain/schedule.toml`), conduct cases,
every penalty from proposal to execution, and rewards.
Announces who joins, moves, leaves or is away (never with a wage), and what becomes of penalties and rewards.
Hears complaints and quality (who is responsible), orders (prices people named themselves), notifications (the notice
has reached the employee) and itself (what was established about somebody's conduct).
"""
