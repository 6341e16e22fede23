"""From the request to the disk: which links were observed, and what a layer may be called where one was not.

In: the context of a look, and what the layers' own rules say. Out: the chain, and verdicts that rest on it. Never: a verdict that is
greener for something that was not observed.
"""
