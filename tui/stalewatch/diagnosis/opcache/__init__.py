"""The bytecode of the app against its files: what state OPcache is in, and script by script whether it holds what is on the disk."""
