"""The departments, each a service of its own; `python -m services <name>` runs one."""
