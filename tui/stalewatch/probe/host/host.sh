# stalewatch host probe. POSIX sh: dash, bash, busybox ash. Read from stdin by a bootstrap that sets $nonce, after the functions of
# host_verbs.sh and its like; "$@" is WHO SINCE.
#
# Request: "SEQ VERB ARGS" (ARGS are shell words; a space follows VERB also without any). Answer: sections between "\n$nonce begin SEQ\n" and "\n$nonce end SEQ\n".
#   hello                our login, the clock's rate and zone, tools
#   files P...           files that every tick stats (follows links)      sockets P...   sockets that every tick tests
#   masters PID...       FPM masters whose children every tick lists
#   tick                 clock; what changed since the last tick of: files, sockets, children, locks
#   scan                 processes: FPM, PHP, other stalewatches      cron           the files that cron runs PHP with
#   stat P...            stat of these files (follows links)              real P...      real paths
#   link P               stat of a symbolic link itself, and the birth of what it leads to
#   linked P...          stat of those that are symbolic links, themselves
#   links ROOT LIMIT     links below it to directories and PHP files
#   born P...            when these files were made, where the file system keeps that
#   text P LIMIT         one file                                         web KIND PATTERN...  statements of web servers
#   conf PATTERN LIMIT   FPM configuration without secrets
#   complete P...        whether a cache file is whole, and what artisan writes keys P               harmless keys of a cached config.php
#   named ROOT P...      the roots that the paths in cache files name, and whether those files are below ROOT
#   autoload ROOT LIMIT  of Composer's autoloader: its settings, its namespaces, the class map's entries of the app itself
#   kernel ROOT          the lines of a Symfony kernel that say where its cache directory is
#   sources LIMIT META...  the files that the .meta of a compiled Symfony file lists, and how many
#   absent P...          which of these are not there
#   declares P...        the namespaces and classes that PHP files declare, and their cksum
#   hints P              lines of a bootstrap that say where sources are  refers P...    the files and classes that sources name in their code
#   version ROOT         the line with Laravel's version                  listening SOCKET     whether a process listens there
#   test SOCKET...       what test -e, -S and -w say
#   gz P LIMIT           one file, compressed by gzip where it is there
#   tail P LIMIT         the end of a file                                log P OFFSET LIMIT   a part of a file
#   roots PATTERN...     directories that hold a PHP application          readable DIR         whether we may list it
#   mounts ROOT PID...   what is mounted below ROOT, here and where these processes are
#   phpini PHP           what this PHP of the command line is set to, and by which files
#   walk ROOT LIMIT [new]  every source below ROOT; "same" when nothing changed since the last walk, unless who asks is new
#   sums ROOT LIMIT      cksum of every source below ROOT, without packages
#   content P...         cksum of these files, then their stat
#   held SHA256 PATH LIMIT  whether a file has that sum, or why that is not known, and its mtime
#   views DIR LIMIT      compiled views and the trailers that name their sources
#   list PATTERN...      stat of what matches
#   dirty ROOT           number of changed files by git status            disk P         free and total kilobytes
#   backlog ADDRESS...   what ss says of these listening sockets
#   fpmtest BINARY OPTION...  what php-fpm -t OPTION... says, where this user or sudo may run it
#   unit NAME            what systemd says about a unit                   socket P       owner and mode as this user finds it
#   private BASE NAME STAMP FILE...   a private directory; then lines up to one that holds only $nonce are the first FILE in it, and so on
#   programs NAME...     which of these programs there are, one a line       may USER ARG...   1 if sudo lets us run this as USER
#   beat                 nothing: the lease goes on

proc=${STALEWATCH_PROC:-/proc}
etc=${STALEWATCH_ETC:-/etc}
LC_ALL=C GIT_OPTIONAL_LOCKS=0
export LC_ALL GIT_OPTIONAL_LOCKS
nl='
'
umask 077
set -f

uid=$(id -u)
hz=$(getconf CLK_TCK 2>/dev/null || echo 100)
fine=%.9Y\ %.9Z
case $(stat -c %.9Y / 2>/dev/null) in
  *[!0-9.]* | '') fine=%Y\ %Z ;;
  *.*) ;;
  *) fine=%Y\ %Z ;;
esac
format="$fine %s %i %f %d %U %G %n"
numbers="$fine %s %i %f %d %u %g %n" # without names: stat looks into passwd and group again for each file, which is most of what it costs
case $(date +%s.%N) in
  *[!0-9.]* | *.) clock=+%s ;;
  *) clock=+%s.%N ;;
esac

# The directory of a process is as old in /proc as the first look at it, so the process that stats the files tells the time too.
timed=$(stat -L -c %Y /proc/self 2>/dev/null)
timed=$(($(date +%s) - ${timed:-0}))
case $timed in 0 | 1) ;; *) timed='' ;; esac

mine=''        # private directories, one a line
files=''       # shell words
sockets=''
masters=''
dog=''
last_stats='?' last_sockets='?' last_children='?' last_locks='?' last_told_locks='?' lock_entries='' last_cron='?' told_cron='' numbered=''
out=''

section() { # NAME ARGUMENT
  out="$out$nl$nonce $1 $2$nl"
}

tidy() {
  trap '' HUP INT TERM
  trap - EXIT
  kill "$dog" 2>/dev/null
  drop
}

drop() {
  IFS=$nl
  for dir in $mine; do
    case $dir in */stalewatch-"$uid"-*) rm -rf -- "$dir" ;; esac
  done
  unset IFS
}

# Without a pty no SIGHUP comes, and a sleeping laptop leaves us waiting: no line for 30 s means that the client is gone.
watchdog() {
  quiet=0 nap=''
  trap 'quiet=0' USR1
  trap 'kill -KILL $! 2>/dev/null; exit 0' TERM HUP INT # nap may not be set yet, and what is not sleep yet would lose a TERM
  exec >/dev/null
  while :; do
    sleep 10 &
    nap=$!
    until wait "$nap" || ! kill -0 "$nap" 2>/dev/null; do :; done
    quiet=$((quiet + 1))
    kill -0 "$$" 2>/dev/null || break
    [ "$quiet" -lt 3 ] || break
  done
  gone_dirs
  trap '' TERM
  kill -TERM "$$" 2>/dev/null
  sleep 1
  # What it waits for would stay after it (a disk that does not answer), so all of its group is ended, this one too.
  kill -s KILL -- "-$$" 2>/dev/null || kill -KILL "$$" 2>/dev/null
  exit 0
}

guard() { # a watchdog that knows all of $mine
  [ -z "$dog" ] || kill "$dog" 2>/dev/null
  dog=$(watchdog </dev/null 2>/dev/null & echo "$!") # comes back when the watchdog has closed its stdout: then it hears USR1
}

# It knows the directories that there were when it was forked, and what has come since by their names, which hold our pid.
gone_dirs() {
  drop
  set +f
  for dir in /tmp/stalewatch-"$uid"-"$space"-$$-* /var/tmp/stalewatch-"$uid"-"$space"-$$-* /dev/shm/stalewatch-"$uid"-"$space"-$$-*; do
    [ -d "$dir" ] && [ -O "$dir" ] && rm -rf -- "$dir"
  done
  set -f
}

# Removes what a killed watch left: same user, same pid namespace, and no such watch any more.
sweep() { # BASE
  set +f
  for dir in "$1"/stalewatch-"$uid"-"$space"-*; do
    [ -d "$dir" ] && [ ! -h "$dir" ] && [ -O "$dir" ] || continue
    holder=${dir##*/stalewatch-"$uid"-"$space"-}
    holder=${holder%%-*}
    case $holder in '' | *[!0-9]*) continue ;; esac
    if kill -0 "$holder" 2>/dev/null; then
      [ ! -r "$proc/$holder/cmdline" ] || grep -qs stalewatch-watch "$proc/$holder/cmdline" && continue
    elif grep -qs stalewatch-watch "$proc/$holder/cmdline"; then
      continue # alive, but another user's: not ours to signal
    fi
    rm -rf -- "$dir"
  done
  set -f
}

stats() { # PATH...; in a subshell
  [ $# -eq 0 ] || exec stat -L -c "$format" -- "$@" 2>/dev/null
}

first_line() { # FILE -> $line
  line=''
  { IFS= read -r line <"$1"; } 2>/dev/null
  [ -n "$line" ]
}

verb_hello() {
  section hello ''
  out="${out}login $(id -un)${nl}hz $hz${nl}pid $$${nl}zone $(date +%z)${nl}"
  command -v systemctl >/dev/null 2>&1 && out="${out}tool systemctl${nl}"
  return 0
}

verb_files() { files=$words; last_stats='?'; }
verb_sockets() { sockets=$words; last_sockets='?'; }
verb_masters() { masters=$words; last_children='?'; }
verb_beat() { :; }

verb_tick() {
  up=''
  { read -r up _ <"$proc/uptime"; } 2>/dev/null
  [ -n "$up" ] || uptime_of "$(cat "$proc/self/stat" 2>/dev/null)"
  eval "set -- $files"
  tick_stats "$numbers" "$@"
  moved=''
  if [ "$now" != "$last_stats" ]; then
    last_stats=$now moved=1
    tick_stats "$format" "$@" # what changes in between is told by the next tick
  fi
  section clock ''
  out="$out$line $up"
  if [ -n "$moved" ]; then
    section files ''
    out="$out$now"
  fi
  tick_sockets
  tick_children
  tick_locks
}

# Where /proc holds nothing but processes (subset=pid): a process that has just begun tells how long the machine has been up.
uptime_of() { # LINE OF STAT -> $up
  set -- ${1##*) }
  [ $# -ge 20 ] || return 0
  fraction=$((${20} % hz * 100 / hz + 100))
  up=$((${20} / hz)).${fraction#1}
}

tick_stats() { # FORMAT PATH... -> $now, and the time before it in $line
  if [ -n "$timed" ]; then
    now=$(format=$1; shift; stats /proc/self "$@")
    line=${now%%"$nl"*}
    now=${now#"$line"}
    now=${now#"$nl"}
    line=${line%% *}
  else
    line=$(date "$clock")
    now=$(format=$1; shift; stats "$@")
  fi
}

tick_sockets() {
  eval "set -- $sockets"
  test_sockets "$@"
  [ "$now" = "$last_sockets" ] && return
  last_sockets=$now
  section sockets ''
  out="$out$now"
}

verb_test() { # SOCKET...
  test_sockets "$@"
  section sockets ''
  out="$out$now"
}

test_sockets() { # SOCKET... -> $now
  now=''
  for path; do
    [ -e "$path" ] && state=file || state=missing
    [ -S "$path" ] && state=socket
    [ -w "$path" ] && state="$state writable"
    now="$now$state $path$nl"
  done
}

tick_children() {
  now=''
  for master in $masters; do
    if [ -e "$proc/$master/stat" ]; then
      children=''
      { read -r children <"$proc/$master/task/$master/children"; } 2>/dev/null
      now="$now$master $children$nl"
    else
      now="$now$master gone$nl"
    fi
  done
  [ "$now" = "$last_children" ] && return
  last_children=$now
  section children ''
  out="$out$now"
  for pid in $now; do
    case $pid in *[!0-9]*) ;; *) process "$pid" ;; esac
  done
}

# One process as a section "process PID" of lines: stat, title (NULs dropped by read; FPM's titles have none but at the end).
process() { # PID
  first_line "$proc/$1/stat" || return
  section process "$1"
  out="$out$line$nl"
  first_line "$proc/$1/cmdline" && out="$out$line"
  return 0
}

tick_locks() {
  now=''
  while read -r _ kind _ _ pid inode _; do
    case $kind in FLOCK) now="$now$pid $inode$nl" ;; esac
  done 2>/dev/null <"$proc/locks"
  if [ "$now" != "$last_locks" ]; then
    last_locks=$now last_told_locks='?' lock_entries=''
    IFS=$nl
    for entry in $now; do
      unset IFS
      ! grep -qs stalewatch-lock "$proc/${entry% *}/cmdline" || lock_entries="$lock_entries$entry$nl"
    done
    unset IFS
  fi
  steps=''
  [ -z "$lock_entries" ] || lock_steps
  [ "$lock_entries$steps" = "$last_told_locks" ] && return
  last_told_locks=$lock_entries$steps
  section locks ''
  IFS=$nl
  for entry in $lock_entries; do
    unset IFS
    section lock "$entry"
    out="$out$(tr '\000' '\n' <"$proc/${entry% *}/cmdline" 2>/dev/null)"
  done
  unset IFS
  section steps ''
  out="$out$steps"
}

# What runs under the locks: the step's name, then SINCE and APP of its holder, as its process has them in its arguments.
lock_steps() {
  set +f
  for path in $(grep -ls -e stalewatch-step "$proc"/[0-9]*/cmdline); do
    line=$(tr '\000\n' '\n ' <"$path" 2>/dev/null)
    case $line in *"${nl}stalewatch-step$nl"*) ;; *) continue ;; esac
    line=${line#*"${nl}stalewatch-step$nl"}
    line=${line#*"$nl"}
    place=${line#*"$nl"}
    step=${place#*"$nl"}
    steps="$steps${step%%"$nl"*} ${line%%"$nl"*} ${place%%"$nl"*}$nl"
  done
  set -f
}

verb_private() { # BASE NAME STAMP FILE...
  sweep "$1"
  base=$1 stamp=$3
  dir=$1/stalewatch-$uid-$space-$$-$2
  shift 3
  if now=$(mkdir -m 0711 -- "$dir" 2>&1); then
    mine="$mine$nl$dir"
    guard
    ok=1
  else
    ok=''
  fi
  for path; do private_file "$dir/$path" "$stamp"; done
  section private "${ok:-0}"
  if [ -n "$ok" ]; then out="$out$dir"; else out="$out$(why_not "$base" "${now##*: }")"; fi
}

private_file() { # PATH STAMP; $ok
  [ -n "$ok" ] && printf '' >"$1" 2>/dev/null && exec 3>"$1" || { ok=''; exec 3>/dev/null; }
  while IFS= read -r line && [ "$line" != "$nonce" ]; do printf '%s\n' "$line" >&3 || ok=''; done
  exec 3>&-
  [ -n "$ok" ] && chmod 0644 "$1" && touch -t "$2" "$1" || ok=''
}

why_not() { # BASE WORDS: a full file system does not say what it is full of
  case $2 in '' | *'No space left'*) ;; *) echo "$2"; return ;; esac
  set -- $(df -Pi -- "$1" 2>/dev/null | tail -n 1)
  case ${2:-0}:${4:-1} in 0:*) ;; *:0) echo 'No inodes left'; return ;; esac
  echo 'No space left on device'
}

verb_programs() { # NAME...: nc only where it can open unix sockets
  section programs ''
  for path; do
    command -v "$path" >/dev/null 2>&1 || continue
    [ "$path" != nc ] || nc -h 2>&1 </dev/null | grep -q -e '-[A-Za-z0-9]*U' || continue
    out="$out$path$nl"
  done
}

verb_may() { # USER ARG...
  section may ''
  user=$1
  shift
  command -v sudo >/dev/null 2>&1 && sudo -n -l -u "$user" -- "$@" >/dev/null 2>&1 && out="${out}1"
  return 0
}

answer() { # SEQ VERB ARGS
  out="$nl$nonce begin $1$nl"
  case $2 in
    hello | cron | conf | web | complete | keys | named | kernel | sources | absent | autoload | declares | refers | hints | version | phpini | readable | listening | test | files | sockets | masters | tick | scan | stat | real | link | linked | links | mounts | text | gz | tail | log | roots | walk | sums | content | held | views | list \
      | born | dirty | disk | backlog | fpmtest | unit | socket | private | programs | may | beat)
      verb=$2
      sequence=$1
      shift 2
      "verb_$verb" "$@"
      set -- "$sequence" ;;
  esac
  printf '%s\n%s end %s\n' "$out" "$nonce" "$1"
}

space=$(readlink "$proc/self/ns/pid" 2>/dev/null | tr -cd 0-9)
space=${space:-0}
guard
trap tidy EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 141' PIPE
trap 'exit 143' TERM
while IFS= read -r request; do
  kill -USR1 "$dog" 2>/dev/null
  seq=${request%% *}
  case $seq in '' | *[!0-9]*) continue ;; esac
  words=${request#* }
  words=${words#* }
  eval "set -- $request"
  answer "$@"
done
