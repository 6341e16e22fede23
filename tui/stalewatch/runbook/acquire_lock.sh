# Takes the locks, then becomes the holder.  sh -c THIS stalewatch WHO APP FPM WHAT HOLDER
# Says "unlocked WHY", "busy app|fpm SINCE WHO", "failed CODE", or whatever HOLDER says.
who=$1 app=$2 fpm=$3 what=$4 holder=$5 mark=stalewatch
[ -z "$fpm" ] || [ -d "$fpm" ] || fpm=${fpm%/*}
set -- sh -c "$holder" "$mark-lock" "$who" "$(date +%s)" "$app" "$what"
if ! command -v flock >/dev/null 2>&1; then
  echo 'unlocked flock is not installed there'
  exec "$@"
fi
if [ -n "$fpm" ] && [ -d "$fpm" ] && [ -r "$fpm" ]; then
  set -- flock -n -E 76 "$fpm" "$@"
else
  echo 'unlocked the configuration of the FPM master is not known or not readable'
fi
if [ -d "$app" ] && [ -r "$app" ]; then
  set -- flock -n -E 75 "$app" "$@"
else
  echo 'unlocked the directory of the application is not readable'
fi
busy() { # NAME DIR
  inode=$(stat -c %i -- "$2")
  while read -r _ _ _ _ pid place _; do
    case $place in *:"$inode") holder_of "$1" "/proc/$pid" && return ;; esac
  done </proc/locks 2>/dev/null
  # The holder was killed while its step goes on: the step has the lock now.
  for process in $(grep -ls -e "$mark-step" /proc/[0-9]*/cmdline); do
    holder_of "$1" "${process%/cmdline}" && return
  done
  echo "busy $1 0 somebody"
}
holder_of() { # NAME PROCESS
  tr '\000\n' '\n ' <"$2/cmdline" 2>/dev/null | {
    while IFS= read -r word; do
      case $word in "$mark-lock" | "$mark-step") IFS= read -r other && IFS= read -r since && echo "busy $1 $since $other" && exit 0 ;; esac
    done
    exit 1
  }
}
"$@"
code=$?
case $code in
  0) ;;
  75) busy app "$app" ;;
  76) busy fpm "$fpm" ;;
  *) echo "failed $code" ;;
esac
