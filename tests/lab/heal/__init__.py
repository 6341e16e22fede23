"""Every stale state of the truth table, fixed for real: what was served before, what the fix said, what is served after it."""
