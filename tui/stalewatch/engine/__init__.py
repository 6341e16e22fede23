"""The loop per server: connect, probe, diagnose, publish; back off; never block another server. Knows nothing of screens."""
