"""Plan, confirm, execute, verify: what puts a stale server right."""
