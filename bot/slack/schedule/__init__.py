"""Questions that are asked on a schedule, and alerts."""
