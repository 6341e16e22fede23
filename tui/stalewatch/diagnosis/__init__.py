"""Snapshot -> Report. Pure: no I/O, no clock. One small file per layer, one function per rule."""
