"""Plan, confirm, execute, verify: what makes a stale server run the code on its disk.

In: Reports and a Request. Out: a Plan, its progress, and an outcome per step. Never: a command that the plan did not show, or an exit
code taken for proof.
"""
