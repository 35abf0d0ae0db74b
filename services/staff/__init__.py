"""Staff: who holds which post, and what follows for a person from an established responsibility.

Owns employees, the penalty schedule (`domain/schedule.toml`) and every penalty, from proposal to notice.
Announces EmployeeJoined (never with a wage) and what becomes of a penalty, above all PenaltyDecided.
Hears complaints and quality (who is responsible) and notifications (the notice has reached the employee).
"""
