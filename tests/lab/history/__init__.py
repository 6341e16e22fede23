"""Three operators fix one fleet while links are cut, programs are killed and frozen, and code is edited; then the history is checked.

``make history SECONDS=600 SEED=1``. A seed is a plan of faults (:mod:`.plan`); operators run the real ``stalewatch fix``
(:mod:`.operators`); what happened is taken from the servers (:mod:`.recorder`): what sudo logged, with the name of the run that sshd gave
the login by its key, what FPM logged of the requests to its pool, what the holder of a lock told the syslog, which processes and files are
there, and what visitors were served. :mod:`.checker` is pure: it takes a :class:`.events.History` and says which rules it breaks.
"""
