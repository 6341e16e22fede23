"""The bytecode of the app against its files: what state OPcache is in, and script by script whether it holds what is on the disk.

The letters in these files, for one script unless said otherwise (``docs/facts.md#the-letters``):

====== ========================= ==============================================================================================
m      ``Script.mtime``          when the content on the disk was last written
c      ``Script.ctime``          when the inode last changed: content, owner, mode, name or a set mtime
T      ``Script.timestamp``      the m that the file had when it was compiled, in whole seconds
L      ``Script.last_used``      when it was last taken from the cache
W      ``Script.revalidate``     until when PHP runs it without checking the file
S      ``Opcache.since``         when the cache started to hold what it holds, for all scripts
vt     ``validate_timestamps``   whether PHP checks files at all (1) or never (0), for the whole pool
====== ========================= ==============================================================================================
"""
