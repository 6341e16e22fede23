"""Never worse: what a fix must not change for the worse on a real host, recorded before and after every fix in the same way.

:mod:`.seen` records a host, :mod:`.worse` compares two records (pure), :mod:`.never_worse` does both around a real ``stalewatch fix``, and
:mod:`.table` is what ``make harm`` prints at its end.
"""
