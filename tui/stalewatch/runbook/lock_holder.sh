# Holds the locks that its parents took, and runs one step at a time.  $0 is the lock's mark; WHO SINCE APP WHAT NONCE STEPS ("ID=WORD …": other people read there what is under way)
# Hears: beat [NUMBER] | note TEXT | then COMMAND (after the next step, with its own output: ID.then) | step ID COMMAND | check ID COMMAND (not worth a line in the syslog) | tell ID | end.
# Says, each after NONCE: held DIR | beat [NUMBER] | ended ID CODE | out ID HEX..., some of what the command said | told ID.
# A step has none of the login's variables but what sudo and systemctl go by: the others would be artisan's, too.
# It runs to its end whatever becomes of the link: it writes to a file, and the result goes to the syslog from here. However much a
# command says, the file holds the first and the last 32 kB of it, and the command never writes into a closed pipe.
who=$1 since=$2 app=$3 what=$4 nonce=$5 running='' then='' lease=${STALEWATCH_LEASE:-30}
umask 077
exec 9>&1
say() { logger -t stalewatch -- "$who: $1" >/dev/null 2>&1 9>&-; }
for dir in "${TMPDIR:-/tmp}"/stalewatch-run.* /var/tmp/stalewatch-run.* /dev/shm/stalewatch-run.*; do # what a killed holder of ours left
  left=${dir##*/stalewatch-run.}
  [ ! -O "$dir" ] || [ -L "$dir" ] || kill -0 "${left%%.*}" 2>/dev/null || rm -rf -- "$dir"
done
dir=''
for base in "${TMPDIR:-/tmp}" /var/tmp /dev/shm; do # one may be read-only, full or out of inodes
  dir=$(mktemp -d "$base/stalewatch-run.$$.XXXXXX" 2>/dev/null) || continue
  printf %65536s '' 2>/dev/null >"$dir/room" && rm -f -- "$dir/room" && break
  rm -rf -- "$dir"
  dir=''
done
[ -n "$dir" ] || exit 73
finish() { # CODE
  trap '' HUP INT TERM PIPE
  [ -z "$running" ] || while kill -0 "$running" 2>/dev/null; do wait "$running"; done
  rm -rf -- "$dir"
  say "$what on $app: over"
  exit "$1"
}
trap 'finish 129' HUP
trap 'finish 130' INT
trap 'finish 143' TERM
trap '' PIPE
if command -v setsid >/dev/null 2>&1; then own='setsid'; else own=''; fi
if command -v timeout >/dev/null 2>&1; then
  hear() { line=$(timeout "$lease" sh -c 'IFS= read -r line && printf %s "$line"'); }
else
  hear() { IFS= read -r line; }
fi
runner='trap "" HUP INT PIPE
say() { [ -z "$1" ] || logger -t stalewatch -- "$1: $2" >/dev/null 2>&1 9>&-; }
cd "$3" 2>/dev/null || cd /
say "$1" "$4 on $3 begins: $6"
umask 022
if mkfifo "$5/$4.pipe" 2>/dev/null; then
  { head -c 32768; tail -c 32768; : >"$5/$4.end"; } <"$5/$4.pipe" >"$5/$4.out" 2>/dev/null 9>&- &
  exec 3>"$5/$4.pipe"
else
  exec 3>"$5/$4.out"
fi
env -i ${PATH+"PATH=$PATH"} ${HOME+"HOME=$HOME"} ${USER+"USER=$USER"} ${LOGNAME+"LOGNAME=$LOGNAME"} ${SHELL+"SHELL=$SHELL"} \
  ${XDG_RUNTIME_DIR+"XDG_RUNTIME_DIR=$XDG_RUNTIME_DIR"} ${DBUS_SESSION_BUS_ADDRESS+"DBUS_SESSION_BUS_ADDRESS=$DBUS_SESSION_BUS_ADDRESS"} \
  sh -c "$6" </dev/null >&3 2>&1 3>&- 9>&-
code=$?
exec 3>&-
[ -z "$9" ] || sh -c "$9" </dev/null >"$5/$4.then.out" 2>/dev/null 9>&-
tries=0 # what the command left running may hold the pipe open
while [ -p "$5/$4.pipe" ] && [ ! -e "$5/$4.end" ] && [ "$tries" -lt 20 ]; do
  tries=$((tries + 1))
  sleep 0.05 2>/dev/null || sleep 1
done
say "$1" "$4 on $3 ended with code $code"
kill -0 "$7" 2>/dev/null || rm -rf -- "$5"
echo "$8 ended $4 $code" >&9'
begin() { # WHO ID COMMAND
  $own sh -c "$runner" stalewatch-step "$1" "$since" "$app" "$2" "$dir" "$3" $$ "$nonce" "$then" </dev/null >/dev/null 2>&1 &
  running=$! then=''
}
tell() { # ID; no other channel: a server may permit two sessions only
  tail -c 65536 "$dir/$1.out" | od -An -v -tx1 | sed "s/^/$nonce out $1 /"
  echo "$nonce told $1"
}
say "$what on $app: begins"
echo "$nonce held $dir"
while hear; do
  case $line in
    beat | 'beat '*) echo "$nonce $line" ;;
    'note '*) say "${line#note }" ;;
    'then '*) then=${line#then } ;;
    'tell '*) tell "${line#tell }" ;;
    'step '*) line=${line#step } && begin "$who" "${line%% *}" "${line#* }" ;;
    'check '*) line=${line#check } && begin '' "${line%% *}" "${line#* }" ;;
    end) break ;;
  esac
done 2>/dev/null
finish 0
