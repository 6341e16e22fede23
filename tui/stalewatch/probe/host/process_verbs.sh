# What runs on the server, and what starts it: functions only, sent with host_verbs.sh before host.sh. POSIX sh.

verb_scan() {
  section scan ''
  section cgroup self
  { while IFS= read -r line; do out="$out$line$nl"; done <"$proc/self/cgroup"; } 2>/dev/null
  scan_hidden
  set +f
  set -- $(grep -ls -e php -e artisan -e swoole_http_server -e stalewatch-watch -e nginx -e apache2 -e httpd -e caddy \
    "$proc"/[0-9]*/cmdline "$proc"/[0-9]*/comm)
  set -f
  pids=' '
  for path; do
    path=${path%/*}
    pid=${path##*/}
    case $pids in *" $pid "*) continue ;; esac
    pids="$pids$pid "
    first_line "$path/cmdline" || continue
    case $line in
      php-fpm:\ pool*) [ -e "$proc/$pid/task/$pid/children" ] || process "$pid" ;;
      php-fpm:\ master*) scan_master ;;
      *stalewatch-watch*) scan_args watch ;;
      *stalewatch-relay*) ;;
      /usr/bin/php* | /usr/local/bin/php* | /opt/*/bin/php*) scan_args php ;; # started by "#!", it is called by the script's name
      nginx:\ master*) scan_web nginx ;;
      nginx:\ worker\ process) serving nginx ;; # one that ends says so in its title
      /usr/sbin/apache2* | /usr/sbin/httpd* | /usr/local/apache2/bin/httpd* | httpd-*) scan_web apache ;;
      /usr/bin/caddyrun* | /usr/local/bin/caddyrun* | caddyrun*) scan_web caddy ;;
      *)
        first_line "$path/comm" || continue
        case $line in *php*) scan_args php ;; esac ;;
    esac
  done
}

scan_web() { # KIND; $line is a command line of it, without the marks between its arguments
  section web "$1"
  out="$out$line"
  serving "$1"
}

serving() { # KIND; $pid is it, or a worker of it, and $line its command line
  now=$line
  first_line "$proc/$pid/stat" || return
  section serving "$1"
  out="$out$line$nl$now"
  set -- ${line##*) }
  case $pids in *" $2 "*) ;; *) spaces "$pid" ;; esac
}

# Whose processes /proc shows us: everybody can read the command line of pid 1, but where they are hidden.
scan_hidden() {
  [ "$uid" != 0 ] || [ ! -r "$proc/1/cmdline" ] || return 0
  now=''
  { while read -r _ path kind options _; do
    [ "$path $kind" = '/proc proc' ] && now=$options # the last mount is the one that is seen
  done <"$proc/mounts"; } 2>/dev/null
  group=''
  case ",$now," in
    *,hidepid=[!0o]*,gid=* | *,gid=*,hidepid=[!0o]*) group=${now##*gid=} group=${group%%,*} ;;
    *,hidepid=[!0o]*) group=0 ;;
  esac
  if [ -r "$proc/1/cmdline" ]; then
    [ -n "$group" ] || return 0
    case " $(id -G) " in *" $group "*) return 0 ;; esac
  fi
  section hidden ''
  out="$out$now$nl$(getent group "${group:-0}" 2>/dev/null | cut -d : -f 1)"
}

# The pids of a process in every pid namespace that it is in, down from ours.
spaces() { # PID
  section spaces "$1"
  while read -r key rest; do
    case $key in NSpid:) out="$out$rest"; break ;; esac
  done 2>/dev/null <"$proc/$1/status"
  return 0
}

scan_master() {
  process "$pid"
  spaces "$pid"
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
  section exe "$pid"
  out="$out$(readlink "$proc/$pid/exe" 2>/dev/null)"
  set -- ${line##*) }
  line=''
  first_line "$proc/$2/comm"
  section parent "$pid"
  out="$out$line"
  section cgroup "$pid"
  { while IFS= read -r line; do out="$out$line$nl"; done <"$proc/$pid/cgroup"; } 2>/dev/null
}

# Which files the lines of cron run PHP with: FILE:LINE PATH, or "more FILE". Only paths leave the server. Read once per change; `crontab -l` is logged.
verb_cron() {
  section cron ''
  set +f
  set -- "$etc/crontab" "$etc/cron.d" "$etc/cron.d"/* /var/spool/cron/crontabs /var/spool/cron/crontabs/* /var/spool/cron /var/spool/cron/*
  for path in "$etc"/systemd/system/*.timer /run/systemd/transient/*.timer; do # enabled, or made by systemd-run
    for line in "$etc"/systemd/system/*.wants/"${path##*/}" "/run/systemd/transient/${path##*/}"; do
      [ ! -e "$line" ] || [ ! -f "${path%.timer}.service" ] || set -- "$@" "${path%.timer}.service"
    done
  done
  set -f
  now=$(stats "$@")
  if [ "$now" != "$last_cron" ]; then
    last_cron=$now
    before=$out
    out=''
    for path; do
      readable "$path" || continue
      case $path in *.service) now='^(ExecStart|WorkingDirectory)=' ;; *) now='^[^#]*(php|artisan|console)' ;; esac
      cron_paths "$path" "$(grep -n -E -e "$now" <"$path" | head -n 2001)"
    done
    cron_paths "crontab -l" "$(crontab -l 2>/dev/null </dev/null | grep -n -E '^[^#]*(php|artisan|console)' | head -n 2001)"
    told_cron=$out
    out=$before
  fi
  out="$out$told_cron"
}

cron_paths() { # FILE LINES
  number=0
  IFS=$nl
  for line in $2; do
    unset IFS
    number=$((number + 1))
    if [ "$number" -gt 2000 ]; then out="${out}more $1$nl"; break; fi
    for word in ${line#*:}; do
      case $word in */*) ;; *) continue ;; esac
      word=/${word#*/}
      word=${word%%[\'\"\;\&\|\<\>\)\`]*}
      out="$out$1:${line%%:*} $word$nl"
    done
  done
  unset IFS
}

# What the command line's PHP is set to, and which files say so; of those and their folders only the names leave the server.
verb_phpini() { # PHP
  limit=''
  command -v timeout >/dev/null 2>&1 && limit='timeout 5'
  section phpini "$1"
  out="$out$($limit "$1" -r 'foreach (["enable", "enable_cli", "validate_timestamps", "file_cache"] as $name) {
    echo "opcache.$name=", ini_get("opcache.$name"), "\n";
  }
  foreach (explode(",", php_ini_loaded_file() . "," . php_ini_scanned_files()) as $file) { echo "file=", trim($file), "\n"; }' 2>/dev/null </dev/null)"
}

verb_readable() { section readable "$1"; [ ! -r "$1" ] || [ ! -x "$1" ] || out="${out}yes"; } # FOLDER: whether we may list it

verb_listening() { # SOCKET: 1 if a process listens there
  [ -r "$proc/net/unix" ] || return 0
  section listening "$1"
  while read -r _ _ _ flags _ _ _ path; do
    if [ "$path" = "$1" ] && [ "$flags" = 00010000 ]; then out="${out}1"; break; fi
  done <"$proc/net/unix"
}

verb_unit() {
  command -v systemctl >/dev/null 2>&1 || return 0
  section unit "$1"
  out="$out$(systemctl show -p StatusText -p ActiveState -p SubState -p MainPID -p StateChangeTimestamp -p ExecStart -p ExecReload -- "$1" 2>/dev/null)"
}

verb_backlog() { # ADDRESS...
  command -v ss >/dev/null 2>&1 || return 0
  section backlog ''
  now=''
  for path; do now="${now:+$now$nl} $path "; done
  now=$(ss -axtne 2>/dev/null | grep -F -e "$now")
  before=$nl$(exec stat -L -c '%d %i %n' -- "$@" 2>/dev/null)$nl
  for path; do
    # Containers may share the list of sockets: two of one path differ by what the path leads to.
    key=''
    case $path in
      /*)
        case $before in *" $path$nl"*) ;; *) continue ;; esac
        key=${before%%" $path$nl"*}
        key=${key##*"$nl"}
        number=${key% *} # ss prints the number of the device in these two parts
        key="ino:${key#* } dev:$((number >> 18))/$((number & 262143)) " ;;
    esac
    heard='' held=0
    IFS=$nl
    for line in $now; do
      case $line in *" $path "*) case $line in *"$key"*) ;; *) continue ;; esac ;; *) continue ;; esac
      unset IFS
      set -- $line # kind, state, waiting, most, local address
      IFS=$nl
      [ "$5" = "$path" ] || continue
      state=$2
      case $state in
        LISTEN) heard=${heard:-$line} ;;
        ESTAB) held=$((held + 1)) ;;
      esac
    done
    unset IFS
    [ -z "$heard" ] || out="$out$heard${nl}held ESTAB $held 0 $path $nl"
  done
}

# Ask first whether it is permitted: a refused sudo is logged.
verb_fpmtest() { # BINARY OPTION...
  section fpmtest "$1"
  binary=$1
  shift
  set -- "$binary" -t "$@"
  if [ "$uid" != 0 ]; then
    if ! command -v sudo >/dev/null 2>&1 || ! sudo -n -l -- "$@" >/dev/null 2>&1; then out="${out}may not run"; return; fi
    set -- sudo -n "$@"
  fi
  limit=''
  command -v timeout >/dev/null 2>&1 && limit='timeout 5'
  out="$out$($limit "$@" 2>&1 </dev/null | tail -c 4000)"
}

verb_socket() { section files ''; out="$out$(stat -L -c "$format" -- "$1" "${1%/*}" 2>/dev/null)"; }
