# Takes the locks, then becomes the holder.  sh -c THIS stalewatch WHO APP FPM WHAT HOLDER NONCE STEPS
# Says "unlocked WHY", "busy app|fpm SINCE PID STEP WHO" (STEP "-": none runs), "taken app|fpm PID USER COMMAND" of a program that is not
# ours, "failed CODE", or whatever HOLDER says. Each line begins with NONCE: a login shell may say what looks like one of them.
who=$1 app=$2 fpm=$3 what=$4 holder=$5 nonce=$6 steps=$7 mark=stalewatch
[ -z "$fpm" ] || [ -d "$fpm" ] || fpm=${fpm%/*}
set -- sh -c "$holder" "$mark-lock" "$who" "$(date +%s)" "$app" "$what" "$nonce" "$steps"
if ! command -v flock >/dev/null 2>&1; then
  echo "$nonce unlocked flock is not installed there"
  exec "$@"
fi
if [ -n "$fpm" ] && [ -d "$fpm" ] && [ -r "$fpm" ]; then
  set -- flock -n -E 76 "$fpm" "$@"
else
  echo "$nonce unlocked the configuration of the FPM master is not known or not readable"
fi
if [ -d "$app" ] && [ -r "$app" ]; then
  set -- flock -n -E 75 "$app" "$@"
else
  echo "$nonce unlocked the directory of the application is not readable"
fi
busy() { # NAME DIR
  inode=$(stat -c %i -- "$2") other=''
  while read -r _ _ _ _ pid place _; do
    case $place in *:"$inode") holder_of "$1" "$pid" '' && return || other=$pid ;; esac
  done </proc/locks 2>/dev/null
  words=$(tr '\000\n' '  ' 2>/dev/null <"/proc/${other:-0}/cmdline" | cut -c 1-200)
  if [ -n "$other" ] && [ -n "$words" ]; then
    echo "$nonce taken $1 $other $(stat -c %U "/proc/$other" 2>/dev/null || echo -) $words"
    return
  fi
  # The holder was killed while its step goes on: the step has the lock now.
  for process in $(grep -ls -e "$mark-step" /proc/[0-9]*/cmdline); do
    process=${process%/cmdline}
    if [ "$1" = app ]; then of=$app; else of=''; fi
    holder_of "$1" "${process#/proc/}" "$of" && return
  done
  echo "$nonce busy $1 0 0 - somebody"
}
holder_of() { # NAME PID [APP]; APP: only a holder of that application
  tr '\000\n' '\n ' <"/proc/$2/cmdline" 2>/dev/null | {
    while IFS= read -r word; do
      case $word in
        "$mark-lock" | "$mark-step")
          IFS= read -r other && IFS= read -r since && IFS= read -r place || exit 1
          [ -z "$3" ] || [ "$place" = "$3" ] || exit 1
          echo "$nonce busy $1 $since $2 $(step_of "$other" "$since" "$place") $other"
          exit 0
          ;;
      esac
    done
    exit 1
  }
}
step_of() { # WHO SINCE APP; the step that runs under that holder
  for process in $(grep -ls -e "$mark-step" /proc/[0-9]*/cmdline); do
    tr '\000\n' '\n ' <"$process" 2>/dev/null | {
      while IFS= read -r word; do
        [ "$word" = "$mark-step" ] || continue
        IFS= read -r by && IFS= read -r at && IFS= read -r of && IFS= read -r step && [ "$at $of" = "$2 $3" ] || exit 1
        [ -z "$by" ] || [ "$by" = "$1" ] || exit 1
        echo "$step"
        exit 0
      done
      exit 1
    } && return
  done
  echo -
}
"$@"
code=$?
case $code in
  0) ;;
  75) busy app "$app" ;;
  76) busy fpm "$fpm" ;;
  *) echo "$nonce failed $code" ;;
esac
