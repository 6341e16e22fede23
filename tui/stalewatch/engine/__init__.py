"""One engine under every face: sessions, the loop per server, the comparison of the fleet, and the board that faces read.

In: a Fleet. Out: Reports and Events, the newest at any time. Never: Textual, or one server's trouble in another server's loop.
"""
