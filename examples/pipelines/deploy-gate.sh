#!/bin/sh
# A deploy between two looks: the deploy counts as done only when the servers run what it brought.
#
#   deploy-gate.sh web1 web2 -- ./deploy.sh production
#
# Before the deploy, `mark` remembers what the servers have cached now. With opcache.validate_timestamps=0 one look can
# often only suspect old code; the look after the deploy can prove it, if it is taken by the same user on the same
# machine (the memory is in the state directory, see XDG_STATE_HOME; in CI, keep that directory between the two).
#
# From the environment, all of it optional:
#   SSH_PRIVATE_KEY, SSH_KNOWN_HOSTS            the key and the known hosts themselves (secrets of a CI system), or
#   SSH_PRIVATE_KEY_FILE, SSH_KNOWN_HOSTS_FILE  the files that hold them; without: what ssh uses for you anyway
#   GATE_WAIT      seconds that a server has to become fresh by itself: revalidate_freq, workers that restart (60)
#   GATE_CHECK     more options of `check`, such as --format junit
#   GATE_OUTPUT    the file that gets the answer (stdout)
#
# Exit code: the deploy's own if it fails, else that of `check`:
# 0 all fresh; 1 old code runs or may run; 2 wrong arguments or configuration; 3 something could not be looked at.
set -eu

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

# Keys are copied to files of mode 0600, because those of a CI system are often readable for all, and removed at the end.
secrets=
trap '[ -z "$secrets" ] || rm -rf -- "$secrets"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

keep() { # NAME VALUE FILE: $secrets/NAME from VALUE, else from FILE
    if [ -n "$2" ]; then
        printf '%s\n' "$2" | tr -d '\r'
    else
        cat -- "$3"
    fi >"$secrets/$1"
}

given() { # SETTING NAME VALUE FILE: a line of ssh_config, where there is VALUE or FILE
    [ -n "$3$4" ] || return 0
    keep "$2" "$3" "$4"
    printf '    %s "%s"\n' "$1" "$secrets/$2" >>"$secrets/ssh_config"
}

options=
if [ -n "${SSH_PRIVATE_KEY:-}${SSH_PRIVATE_KEY_FILE:-}${SSH_KNOWN_HOSTS:-}${SSH_KNOWN_HOSTS_FILE:-}" ]; then
    umask=$(umask)
    umask 077
    secrets=$(mktemp -d)
    printf 'Host *\n    StrictHostKeyChecking yes\n' >"$secrets/ssh_config"
    given IdentityFile key "${SSH_PRIVATE_KEY:-}" "${SSH_PRIVATE_KEY_FILE:-}"
    given UserKnownHostsFile known_hosts "${SSH_KNOWN_HOSTS:-}" "${SSH_KNOWN_HOSTS_FILE:-}"
    if [ -r "${HOME:-}/.ssh/config" ]; then
        printf 'Include "%s"\n' "$HOME/.ssh/config" >>"$secrets/ssh_config"
    fi
    umask "$umask"
    options="-F $secrets/ssh_config"
fi

code=0
# shellcheck disable=SC2086
stalewatch mark $options $targets >&2 || code=$?
case $code in
    0) ;;
    2) exit 2 ;;
    *) echo "$0: not everything is remembered: the check after the deploy may only suspect what it could have proven" >&2 ;;
esac

"$@"

[ -z "${GATE_OUTPUT:-}" ] || exec >"$GATE_OUTPUT"
code=0
# shellcheck disable=SC2086
stalewatch check --wait "${GATE_WAIT:-60}" ${GATE_CHECK:-} $options $targets || code=$?
case $code in
    0) ;;
    1) echo "$0: the deploy is on the disks, and not all of it runs. See the plan: stalewatch fix --dry-run ${targets# }" >&2 ;;
    *) echo "$0: not known whether the new code runs" >&2 ;;
esac
exit "$code"
