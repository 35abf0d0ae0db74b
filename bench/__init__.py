"""Speed, as ratios measured in one run: what the spine costs beside the bare driver and the bare broker."""
