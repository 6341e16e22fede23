#!/bin/sh
# A deploy between two looks: the deploy counts as done only when the servers run what it brought.
#
#   deploy-gate.sh web1 web2 -- ./deploy.sh production
#
# Before the deploy, `mark` remembers what the servers have cached now. With opcache.validate_timestamps=0 one look can
# often only suspect old code; the look after the deploy can prove it, if it is taken by the same user on the same
# machine (the memory is in the state directory, see XDG_STATE_HOME; in CI, keep that directory between the two).
#
# Exit code: the deploy's own if it fails, else that of `check`:
# 0 all fresh; 1 old code runs or may run; 2 wrong arguments or configuration; 3 something could not be looked at.
set -eu

WAIT=60 # seconds that a server has to become fresh by itself (revalidate_freq, workers that restart)

targets=
count=0
for word in "$@"; do
    [ "$word" != -- ] || break
    count=$((count + 1))
    targets="$targets $word"
done
if [ "$count" -eq 0 ] || [ $(($# - count)) -lt 2 ]; then
    echo "usage: $0 TARGET... -- DEPLOY-COMMAND [ARGUMENT...]" >&2
    exit 2
fi
shift "$((count + 1))"

# Targets hold no blanks (stalewatch refuses such names), so they may be split here; globs are stalewatch's to expand.
set -f

code=0
# shellcheck disable=SC2086
stalewatch mark $targets >&2 || code=$?
case $code in
    0) ;;
    2) exit 2 ;;
    *) echo "$0: not everything is remembered: the check after the deploy may only suspect what it could have proven" >&2 ;;
esac

"$@"

code=0
# shellcheck disable=SC2086
stalewatch check --wait "$WAIT" $targets || code=$?
case $code in
    0) ;;
    1) echo "$0: the deploy is on the disks, and not all of it runs. See the plan: stalewatch fix --dry-run ${targets# }" >&2 ;;
    *) echo "$0: not known whether the new code runs" >&2 ;;
esac
exit "$code"
