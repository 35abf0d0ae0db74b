"""From the log to the bus and from the bus to reactions: in order, once, in batches."""
