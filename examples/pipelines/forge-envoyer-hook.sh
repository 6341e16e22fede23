#!/bin/sh
# Laravel Forge and Envoyer run their hooks on the server itself, so no key is needed: the server is `local`.
#
#   Forge, deploy script:   sh forge-envoyer-hook.sh before      as its first line
#                           sh forge-envoyer-hook.sh after       as its last line, after the reload of PHP-FPM
#   Envoyer, two hooks:     before "Activate New Release":  sh forge-envoyer-hook.sh before
#                           after "Activate New Release":   sh forge-envoyer-hook.sh after
#
# Both must run as the same user: what `before` remembers is in the state directory of that user. Exit code of `after`, which
# makes the deployment fail: 1 old code runs or may run; 2 wrong arguments or configuration; 3 something could not be looked at.
set -eu

TARGETS=${TARGETS:-local} # or, from another machine: names of ssh_config
GATE_WAIT=${GATE_WAIT:-60} # seconds that a server has to become fresh by itself

case ${1:-} in
    before)
        # shellcheck disable=SC2086
        stalewatch mark $TARGETS || echo "$0: not everything is remembered: the check may only suspect what it could have proven" >&2
        ;;
    after)
        # shellcheck disable=SC2086
        exec stalewatch check --wait "$GATE_WAIT" $TARGETS
        ;;
    *)
        echo "usage: $0 before|after" >&2
        exit 2
        ;;
esac
