"""Values for tests. Times are fixed, so that what comes out of them can be compared byte by byte.

``values``         a file, a process, a finding, a report, with what nobody cares about filled in; the other sets are made of these
``snapshots``      one server at one instant, healthy but for what a keyword changes; what diagnosis and the timeline read
``anything``       snapshots drawn at random from their types (``drawn`` draws a value by its annotation)
``runbook``        reports with the findings that a test names; what planning and verifying read
``outputs``        reports and a plan that show every kind of value; what the text and JSON outputs write
``incident``       the incident of 2025-10-24 as a board of three servers; what the dashboard shows
``fake_engine``    an engine for the dashboard that only answers, and keeps what it was asked
``hostile``        the same board, with every text replaced by an attack on the terminal
``laravel_trees``  Laravel applications of every generation as files; ``tree_probe`` looks at one with the real host probe
"""
