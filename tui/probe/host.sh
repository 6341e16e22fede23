# stalewatch host probe. POSIX sh: dash, bash, busybox ash. Read from stdin by a bootstrap that sets $nonce; "$@" is WHO SINCE.
#
# Request: "SEQ VERB ARGS" (ARGS are shell words; a space follows VERB also without any). Answer: sections between "\n$nonce begin SEQ\n" and "\n$nonce end SEQ\n".
#   hello                who we are and what this machine has
#   files P...           files that every tick stats (follows links)      sockets P...   sockets that every tick tests
#   masters PID...       FPM masters whose children every tick lists
#   tick                 clock; what changed since the last tick of: files, sockets, children, locks
#   again                makes the next tick tell everything
#   scan                 processes: FPM, PHP, other stalewatches
#   stat P...            stat of these files (follows links)              real P...      real paths
#   text P LIMIT         one file                                         glob PATTERN LIMIT   every file that matches
#   conf PATTERN LIMIT   FPM configuration without secrets                nginx PATTERN...     roots and fastcgi_pass lines
#   complete P...        whether a cache file begins and ends as PHP does keys P               harmless keys of a cached config.php
#   version ROOT         the line with Laravel's version                  listening SOCKET     whether somebody listens there
#   test SOCKET...       what test -e, -S and -w say
#   gz P LIMIT           one file, compressed by gzip where it is there
#   tail P LIMIT         the end of a file                                log P OFFSET LIMIT   a part of a file
#   roots PATTERN...     directories that hold a PHP application
#   walk ROOT LIMIT      every source below ROOT; "same" when nothing changed since the last walk
#   views DIR LIMIT      compiled views and the trailers that name their sources
#   list PATTERN         stat of what matches
#   dirty ROOT           number of changed files by git status            disk P         free and total kilobytes
#   unit NAME            what systemd says about a unit                   socket P       owner and mode as this user finds it
#   private BASE NAME STAMP     a private directory; then lines up to one that holds only $nonce are its runtime.php
#   discard DIR          remove a private directory again
#   beat                 nothing: the lease goes on

proc=${STALEWATCH_PROC:-/proc}
LC_ALL=C GIT_OPTIONAL_LOCKS=0
export LC_ALL GIT_OPTIONAL_LOCKS
nl='
'
umask 077
set -f

uid=$(id -u)
fine=%.9Y\ %.9Z
case $(stat -c %.9Y / 2>/dev/null) in
  *[!0-9.]* | '') fine=%Y\ %Z ;;
  *.*) ;;
  *) fine=%Y\ %Z ;;
esac
format="$fine %s %i %f %U %G %n"
case $(date +%s.%N) in
  *[!0-9.]* | *.) clock=+%s ;;
  *) clock=+%s.%N ;;
esac

mine=''        # private directories, one a line
files=''       # shell words
sockets=''
masters=''
last_stats='?' last_sockets='?' last_children='?' last_locks='?'
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

# Without a pty no SIGHUP comes, and a sleeping laptop leaves us waiting: who is not heard for 30 s is gone.
watchdog() {
  quiet=0 nap=''
  trap 'quiet=0' USR1
  trap 'kill $nap 2>/dev/null; exit 0' TERM HUP INT
  while :; do
    sleep 10 &
    nap=$!
    until wait "$nap" || ! kill -0 "$nap" 2>/dev/null; do :; done
    quiet=$((quiet + 1))
    kill -0 "$$" 2>/dev/null || break
    [ "$quiet" -lt 3 ] || break
  done
  gone_dirs
  kill -TERM "$$" 2>/dev/null
  sleep 1
  kill -KILL "$$" 2>/dev/null
  exit 0
}

# The watchdog was forked before anything was written: it finds our directories by their names, which hold our pid.
gone_dirs() {
  set +f
  for dir in /tmp/stalewatch-"$uid"-"$space"-$$-* /var/tmp/stalewatch-"$uid"-"$space"-$$-* /dev/shm/stalewatch-"$uid"-"$space"-$$-*; do
    [ -d "$dir" ] && [ -O "$dir" ] && rm -rf -- "$dir"
  done
  set -f
}

# What a killed one left: our user, our process numbering, and no such watch any more.
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

stats() { # PATH...
  [ $# -eq 0 ] || stat -L -c "$format" -- "$@" 2>/dev/null
}

first_line() { # FILE -> $line
  line=''
  { IFS= read -r line <"$1"; } 2>/dev/null
  [ -n "$line" ]
}

verb_hello() {
  section hello ''
  out="${out}host $(uname -n)${nl}login $(id -un)${nl}uid $uid${nl}groups $(id -Gn)${nl}hz $(getconf CLK_TCK 2>/dev/null || echo 100)${nl}"
  out="${out}pid $$${nl}space $space${nl}fine $fine${nl}zone $(date +%z)${nl}"
  for tool in git systemctl sudo gzip flock timeout; do
    command -v "$tool" >/dev/null 2>&1 && out="${out}tool $tool${nl}"
  done
}

verb_files() { files=$words; last_stats='?'; }
verb_sockets() { sockets=$words; last_sockets='?'; }
verb_masters() { masters=$words; last_children='?'; }
verb_again() { last_stats='?' last_sockets='?' last_children='?' last_locks='?'; }
verb_beat() { :; }

verb_tick() {
  up=''
  { read -r up _ <"$proc/uptime"; } 2>/dev/null
  section clock ''
  out="$out$(date "$clock") $up"
  eval "set -- $files"
  now=$(stats "$@")
  if [ "$now" != "$last_stats" ]; then
    last_stats=$now
    section files ''
    out="$out$now"
  fi
  tick_sockets
  tick_children
  tick_locks
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
    if first_line "$proc/$master/stat"; then
      begun=${line##*) }
      begun=${begun#* }
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
  [ "$now" = "$last_locks" ] && return
  last_locks=$now
  section locks ''
  IFS=$nl
  for entry in $now; do
    unset IFS
    if grep -qs stalewatch-lock "$proc/${entry% *}/cmdline"; then
      section lock "$entry"
      out="$out$(tr '\000' '\n' <"$proc/${entry% *}/cmdline" 2>/dev/null)"
    fi
  done
  unset IFS
}

verb_scan() {
  section scan ''
  set +f
  now=$(grep -ls -e php -e artisan -e stalewatch-watch "$proc"/[0-9]*/cmdline)
  set -f
  for path in $now; do
    pid=${path%/cmdline}
    pid=${pid##*/}
    first_line "$path" || continue
    case $line in
      php-fpm:\ pool*) [ -e "$proc/$pid/task/$pid/children" ] || process "$pid" ;;
      php-fpm:\ master*) scan_master ;;
      *stalewatch-watch*) scan_args watch ;;
      *php* | *artisan*)
        first_line "$proc/$pid/comm" || continue
        case $line in php*) scan_args php ;; esac ;;
    esac
  done
}

scan_master() {
  process "$pid"
  section cgroup "$pid"
  now=''
  { while IFS= read -r line; do now="$now$line$nl"; done <"$proc/$pid/cgroup"; } 2>/dev/null
  out="$out$now"
  section exe "$pid"
  out="$out$(readlink "$proc/$pid/exe" 2>/dev/null)"
}

scan_args() { # KIND; $pid
  first_line "$proc/$pid/stat" || return
  section "$1" "$pid"
  out="$out$line$nl$(tr '\000\n' '\n ' <"$proc/$pid/cmdline" 2>/dev/null)"
  [ "$1" = php ] || return
  section cwd "$pid"
  out="$out$(readlink "$proc/$pid/cwd" 2>/dev/null)"
  section owner "$pid"
  out="$out$(stat -c %U "$proc/$pid" 2>/dev/null)"
}

verb_stat() { section files ''; out="$out$(stats "$@")"; }

verb_real() {
  for path; do
    section real "$path"
    out="$out$(readlink -f -- "$path" 2>/dev/null)"
  done
}

verb_text() { # PATH LIMIT
  [ -f "$1" ] || return 0
  if [ -r "$1" ]; then section text "$1"; out="$out$(head -c "$2" <"$1" 2>/dev/null)"; else section denied "$1"; fi
}

verb_glob() { # PATTERN LIMIT
  limit=$2
  IFS=''
  set +f
  set -- $1
  set -f
  unset IFS
  for path; do
    case $path in *"$nl"*) continue ;; esac
    verb_text "$path" "$limit"
  done
}

# Pool and nginx configuration without what may be secret: only settings that we know what to do with leave the server.
verb_conf() { # PATTERN LIMIT
  limit=$2
  IFS=''
  set +f
  set -- $1
  set -f
  unset IFS
  for path; do
    case $path in *"$nl"*) continue ;; esac
    [ -f "$path" ] || continue
    if [ ! -r "$path" ]; then section denied "$path"; continue; fi
    section text "$path"
    out="$out$(head -c "$limit" <"$path" 2>/dev/null | grep -E \
      -e '^[[:space:]]*\[' -e '^[[:space:]]*(include|process_control_timeout|listen|user|group|chroot|chdir|prefix)[[:space:]]*=' \
      -e '^[[:space:]]*(pm|pm\.[a-z_]+)[[:space:]]*=' -e '^[[:space:]]*env\[(APP_[A-Z]*_CACHE|APP_ENV|VIEW_COMPILED_PATH)\]' \
      -e '^[[:space:]]*php_(admin_)?(value|flag)\[(opcache\.[a-z_]+|realpath_cache_[a-z]+|open_basedir|disable_functions|auto_prepend_file)\]')"
  done
}

verb_nginx() { # PATTERN... (words)
  section nginx ''
  set +f
  for path in $*; do
    [ -f "$path" ] && [ -r "$path" ] || continue
    out="$out$nl$(head -c 262144 <"$path" 2>/dev/null | grep -E -e '[{}]' -e '^[[:space:]]*(root|fastcgi_pass)[[:space:]]')"
  done
  set -f
}

verb_complete() { # PATH...
  section complete ''
  for path; do
    [ -f "$path" ] && [ -r "$path" ] || continue
    state=cut
    case $(head -c 5 <"$path" 2>/dev/null) in
      '<?php') case $(tail -c 16 <"$path" 2>/dev/null | tr -d ' \n\r\t\000') in *\; | *\}) state=complete ;; esac ;;
    esac
    out="$out$state $path$nl"
  done
}

# Two harmless settings out of the cached configuration; the rest of that file never leaves the server.
verb_keys() { # PATH
  [ -r "$1" ] || return 0
  section keys "$1"
  out="$out$(grep -o -e "'check_cache_timestamps' => [a-z]*" -e "'compiled' => '[^']*'" <"$1" 2>/dev/null | head -n 10)"
}

verb_version() { # ROOT
  file=$1/vendor/laravel/framework/src/Illuminate/Foundation/Application.php
  if [ ! -f "$file" ] && grep -qs /usr/share/php/Illuminate "$1/vendor/autoload.php"; then
    file=/usr/share/php/Illuminate/Foundation/Application.php
  fi
  [ -r "$file" ] || return 0
  section version "$1"
  out="$out$(grep -m 1 'const VERSION' <"$file" 2>/dev/null)"
}

verb_listening() { # SOCKET: 1 when somebody listens there
  [ -r "$proc/net/unix" ] || return 0
  section listening "$1"
  while read -r _ _ _ flags _ _ _ path; do
    if [ "$path" = "$1" ] && [ "$flags" = 00010000 ]; then out="${out}1"; break; fi
  done <"$proc/net/unix"
}

# Binary: written at once, in order, so what was gathered goes first.
verb_gz() { # PATH LIMIT
  [ -r "$1" ] && [ -f "$1" ] || return 0
  if command -v gzip >/dev/null 2>&1; then section gz "$1"; else section raw "$1"; fi
  printf %s "$out"
  out=''
  if command -v gzip >/dev/null 2>&1; then head -c "$2" <"$1" | gzip -c; else head -c "$2" <"$1"; fi 2>/dev/null
}

verb_tail() { # PATH LIMIT
  [ -f "$1" ] && [ -r "$1" ] || return 0
  section text "$1"
  out="$out$(tail -c "$2" <"$1" 2>/dev/null | tr -d '\000')"
}

verb_log() { # PATH OFFSET LIMIT
  [ -f "$1" ] && [ -r "$1" ] || return 0
  section log "$1"
  printf %s "$out"
  out=''
  tail -c "+$(($2 + 1))" <"$1" 2>/dev/null | head -c "$3" | tr '\000' ' '
}

verb_roots() { # PATTERN...
  section roots ''
  patterns=$*
  set +f
  for path in $patterns; do
    case $path in *"$nl"*) continue ;; esac
    for sign in artisan public/index.php wp-config.php bin/console index.php; do
      if [ -f "$path/$sign" ]; then out="$out$sign $path$nl"; break; fi
    done
  done
  set -f
}

verb_walk() { # ROOT LIMIT
  now=$(find "$1/" \( -name node_modules -o -name .git -o -name storage -o -path "$1/bootstrap/cache" -o -path "$1/vendor" \) -prune \
    -o -type f \( -name '*.php' -o -name composer.json -o -name composer.lock -o -name artisan \) ! -name "*$nl*" ! -path "*$nl*" \
    -exec stat -c "$format" -- {} + 2>/dev/null | head -n "$2")
  now="$now$nl$(find "$1/vendor/composer/" ! -name "*$nl*" -name '*.*' -type f \( -name '*.php' -o -name installed.json \) -exec stat -c "$format" -- {} + 2>/dev/null | head -n 200)"
  key=$(printf %s "$1" | cksum)
  key=walk_${key% *}
  eval "before=\$$key"
  if [ "$now" = "$before" ]; then section same "$1"; return; fi
  eval "$key=\$now"
  section walk "$1"
  out="$out$now"
}

verb_views() { # DIR LIMIT
  [ -d "$1" ] || return 0
  section views "$1"
  out="$out$(find "$1/" -type f -name '*.php' ! -name "*$nl*" -exec stat -c "$format" -- {} + 2>/dev/null | head -n "$2")"
  section trailers "$1"
  out="$out$(find "$1/" -type f -name '*.php' ! -name "*$nl*" -exec grep -H -o '/\*\*PATH .* ENDPATH\*\*/' -- {} + 2>/dev/null | head -n "$2")"
}

verb_list() { # PATTERN
  IFS=''
  set +f
  set -- $1
  set -f
  unset IFS
  section files ''
  out="$out$(stats "$@")"
}

# git runs programs that a repository's own config names: only where git itself trusts the owner (no safe.directory from us).
verb_dirty() { # ROOT
  command -v git >/dev/null 2>&1 || return 0
  limit=''
  command -v timeout >/dev/null 2>&1 && limit='timeout 5'
  now=$($limit git -c core.fsmonitor=false -c core.hooksPath=/dev/null -C "$1" status --porcelain --untracked-files=no 2>/dev/null && echo ok)
  case $now in *ok) ;; *) return 0 ;; esac
  section dirty "$1"
  out="$out$(printf '%s\n' "$now" | grep -c -v '^ok$')"
}

verb_disk() { section disk "$1"; out="$out$(df -Pk -- "$1" 2>/dev/null | tail -n 1)"; }

verb_unit() {
  command -v systemctl >/dev/null 2>&1 || return 0
  section unit "$1"
  out="$out$(systemctl show -p StatusText -p ActiveState -p SubState -p MainPID -p StateChangeTimestamp -- "$1" 2>/dev/null)"
}

verb_socket() { section files ''; out="$out$(stat -L -c "$format" -- "$1" "${1%/*}" 2>/dev/null)"; }

verb_private() { # BASE NAME STAMP
  sweep "$1"
  dir=$1/stalewatch-$uid-$space-$$-$2
  if mkdir -m 0711 -- "$dir" 2>/dev/null; then
    mine="$mine$nl$dir"
    ok=1
    exec 3>"$dir/runtime.php" || ok=''
  else
    ok='' dir=''
    exec 3>/dev/null
  fi
  while IFS= read -r line && [ "$line" != "$nonce" ]; do printf '%s\n' "$line" >&3 || ok=''; done
  exec 3>&-
  [ -n "$ok" ] && chmod 0644 "$dir/runtime.php" && touch -t "$3" "$dir/runtime.php" || ok=''
  section private "${ok:-0}"
  out="$out$dir"
}

verb_discard() {
  case $nl$mine$nl in *"$nl$1$nl"*) ;; *) return 0 ;; esac
  rm -rf -- "$1"
}

answer() { # SEQ VERB ARGS
  out="$nl$nonce begin $1$nl"
  case $2 in
    hello | conf | nginx | complete | keys | version | listening | test | files | sockets | masters | tick | again | scan | stat | real | text | glob | gz | tail | log | roots | walk | views | list \
      | dirty | disk | unit | socket | private | discard | beat)
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
watchdog </dev/null >/dev/null 2>&1 &
dog=$!
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
