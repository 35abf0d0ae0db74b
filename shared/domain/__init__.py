"""What every department's rules are written in: aggregates, lifecycles, refusals, actors, approvals, money, time."""
