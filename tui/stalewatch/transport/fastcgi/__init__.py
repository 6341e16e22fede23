"""FastCGI 1.0 as a web server speaks it: a codec without I/O, and a thin client over any connected stream.

In: a request as values. Out: a response as values. Never: an answer larger than its bound. Own code, because the one client on PyPI
blocks and reads without a bound.
"""
