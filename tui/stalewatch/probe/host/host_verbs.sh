# The verbs of the stalewatch host probe: functions only, sent before host.sh by tui/stalewatch/probe/host/coprocess.py. POSIX sh.
# Each adds its sections to $out; the head of host.sh describes them.

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
  set -- /etc/crontab /etc/cron.d /etc/cron.d/* /var/spool/cron/crontabs /var/spool/cron/crontabs/* /var/spool/cron /var/spool/cron/*
  for path in /etc/systemd/system/*.timer /run/systemd/transient/*.timer; do # enabled, or made by systemd-run
    for line in /etc/systemd/system/*.wants/"${path##*/}" "/run/systemd/transient/${path##*/}"; do
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
      [ -f "$path" ] && [ -r "$path" ] || continue
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

# Pool configuration without what may be secret: only settings that we know what to do with leave the server.
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
    out="$out$(grep -E \
      -e '^[[:space:]]*\[' -e '^[[:space:]]*(include|process_control_timeout|error_log|listen|user|group|chroot|chdir|prefix)[[:space:]]*=' \
      -e '^[[:space:]]*(pm|pm\.[a-z_]+)[[:space:]]*=' -e '^[[:space:]]*env\[(APP_[A-Z]*_CACHE|APP_ENV|APP_CACHE_DIR|VIEW_COMPILED_PATH|LARAVEL_STORAGE_PATH)\]' \
      -e '^[[:space:]]*php_(admin_)?(value|flag)\[(opcache\.[a-z_]+|realpath_cache_[a-z]+|open_basedir|disable_functions|auto_prepend_file|sys_temp_dir|upload_tmp_dir)\]' \
      -e '^[[:space:]]*php_(admin_)?value\[session\.save_path\][[:space:]]*=[[:space:]]*"?[0-7;]*/[^@]*$' <"$path" 2>/dev/null | head -c "$limit")"
  done
}

verb_complete() { # PATH...
  section complete ''
  limit=''
  command -v timeout >/dev/null 2>&1 && limit='timeout 5'
  for path; do
    [ -f "$path" ] && [ -r "$path" ] || continue
    state=cut
    case $(head -c 5 <"$path" 2>/dev/null) in
      '<?php') case $(tail -c 16 <"$path" 2>/dev/null | tr -d ' \n\r\t\000') in *\; | *\}) state=complete ;; esac ;;
    esac
    # Asked of PHP once per change of the file; what it says counts, not its exit code.
    if [ "$state" = complete ] && command -v php >/dev/null 2>&1; then
      case $($limit php -n -l "$path" 2>/dev/null </dev/null) in *'Errors parsing '*) state=cut ;; esac
    fi
    out="$out$state $path$nl"
  done
}

# Two harmless settings out of the cached configuration; the rest of that file never leaves the server.
verb_keys() { # PATH
  [ -r "$1" ] || return 0
  section keys "$1"
  out="$out$(grep -o -e "'check_cache_timestamps' => [a-z]*" -e "'compiled' => '[^']*'" <"$1" 2>/dev/null)"
}

# The roots that cache files were made for, by the paths of Laravel's own folders in them: STATE FOLDER ROOT. No other value leaves the server.
verb_named() { # ROOT PATH...
  top=$1
  shift
  real=$(readlink -f -- "$top" 2>/dev/null)
  for path; do
    [ -f "$path" ] && [ -r "$path" ] || continue
    section named "$path"
    case $(readlink -f -- "$path" 2>/dev/null) in "$real"/*) out="${out}inside$nl" ;; ?*) out="${out}outside$nl" ;; esac
    now=$(grep -o -E "'/[^']*/(resources/views|public/storage|storage/(app|framework|logs))['/]" <"$path" 2>/dev/null | LC_ALL=C sort -u)
    IFS=$nl
    for line in $now; do
      line=${line#\'}
      case $line in
        */resources/views?) folder=resources ;;
        */public/storage?) folder=public ;;
        *) folder=storage ;;
      esac
      line=${line%/"$folder"/*}
      case $line in "$top"/* | "$real"/*) continue ;; esac # a package or a module below our root
      if [ "$line" -ef "$top" ]; then state=own
      elif [ "$folder" = storage ] && [ "$line/storage" -ef "$top/storage" ]; then continue
      elif [ -e "$line" ]; then state=other
      else state=missing
      fi
      out="$out$state $folder $line$nl"
    done
    unset IFS
  done
}

verb_kernel() { # ROOT
  section kernel "$1"
  for path in "$1/src/Kernel.php" "$1/app/AppKernel.php"; do
    [ -f "$path" ] && [ -r "$path" ] || continue
    out="$out$(grep -A 6 -e 'function getCacheDir' <"$path" 2>/dev/null)"
  done
}

verb_sources() { # LIMIT META...: the listed files, then how many are listed
  limit=$1
  shift
  for path; do
    [ -r "$path" ] || continue
    section sources "$path"
    # Serialised by PHP. Other resources (of classes, patterns, files that may not be there) say nothing by their times.
    out="$out$(tr -d '\000' <"$path" 2>/dev/null | grep -a -o -E -e 'FileResource":1:\{[^}]*\}' | grep -o -e '"/[^"]*"' | grep -v -F -e /vendor/ | LC_ALL=C sort -u | sed -n -e "1,$limit p" -e '$=')"
  done
}

verb_absent() { # PATH...: those that are not there; what lies in a folder that this login may not search, or behind a link, is not told
  section absent ''
  for path; do
    [ -e "$path" ] || [ -h "$path" ] && continue
    above=${path%/*}
    while [ -n "$above" ] && [ ! -e "$above" ] && [ ! -h "$above" ]; do above=${above%/*}; done
    [ -x "${above:-/}" ] && out="$out$path$nl"
  done
  return 0
}

verb_autoload() { # ROOT LIMIT
  [ -r "$1/vendor/composer/autoload_real.php" ] && [ -r "$1/vendor/composer/autoload_static.php" ] || return 0
  if ! grep -q -s -F '@generated by Composer' -- "$1/vendor/composer/autoload_static.php"; then section foreign "$1"; return; fi
  section loader "$1"
  out="$out$(grep -o -e 'setClassMapAuthoritative(true)' -e "setApcuPrefix('[^']*')" <"$1/vendor/composer/autoload_real.php")"
  if [ -r "$1/vendor/composer/autoload_psr4.php" ]; then
    section namespaces "$1"
    out="$out$(grep -F -e "\$baseDir . '" <"$1/vendor/composer/autoload_psr4.php")"
  fi
  section classmap "$1"
  out="$out$(grep -E -e "^ +'[^']+' => __DIR__ \. '/\.\./\.\.' \. '/" <"$1/vendor/composer/autoload_static.php" | head -n "$2")"
}

verb_declares() { # PATH...
  [ $# -gt 0 ] || return 0
  section declares ''
  out="$out$(grep -s -H -E -e '^[[:space:]]*(namespace[[:space:]]+[A-Za-z_]|((abstract|final|readonly)[[:space:]]+)*(class|interface|trait|enum)[[:space:]]+[A-Za-z_])' -- "$@")"
  command -v cksum >/dev/null 2>&1 || return 0
  section contents ''
  out="$out$(cksum -- "$@" 2>/dev/null)"
}

# The lines of bootstrap/app.php that say where sources are; the rest of that file never leaves the server.
verb_hints() { # PATH
  [ -f "$1" ] && [ -r "$1" ] || return 0
  section hints "$1"
  out="$out$(grep -E -e Application -e '::[[:space:]]*configure' -e 'withEvents' -e '[cC]onfigPath' \
    -e "__DIR__[[:space:]]*\.[[:space:]]*['\"]/\.\./" -e '(app|base)_path\(' -e '^[[:space:]]*\],?\)' <"$1" 2>/dev/null)"
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

verb_listening() { # SOCKET: 1 if a process listens there
  [ -r "$proc/net/unix" ] || return 0
  section listening "$1"
  while read -r _ _ _ flags _ _ _ path; do
    if [ "$path" = "$1" ] && [ "$flags" = 00010000 ]; then out="${out}1"; break; fi
  done <"$proc/net/unix"
}

# Binary: printed directly, so what was collected is printed first.
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

verb_roots() { # PATTERN...: what is there by exactly that name, and what matches
  section roots ''
  for pattern; do
    path=$pattern
    root_sign
    IFS=''
    set +f
    for path in $pattern; do [ "$path" = "$pattern" ] || root_sign; done
    set -f
    unset IFS
  done
}

root_sign() { # $path
  for sign in artisan bin/console wp-config.php public/index.php composer.json index.php; do
    [ -f "$path/$sign" ] || continue
    case $path in *"$nl"*) out="${out}newline $(printf %s "$path" | tr '\n' '?')$nl" ;; *) out="$out$sign $path$nl" ;; esac
    return
  done
}

own() { # ROOT COMMAND..., in a subshell: COMMAND with the names of all sources below ROOT, without packages and what Laravel generates
  top=$1
  shift
  linked=''
  for path in app bootstrap config routes resources resources/views src lang database packages modules Modules; do
    # find follows a link that ends in a slash, and none below
    [ ! -h "$top/$path" ] || [ ! -d "$top/$path" ] || [ "$top/$path" -ef "$top" ] || linked="$linked$top/$path/$nl"
  done
  IFS=$nl
  exec find "$top/" $linked \( -name node_modules -o -name .git -o -name storage -o -path "$top/bootstrap/cache" -o -path "$top/vendor" -o -name "stalewatch-$uid-*" \) -prune \
    -o \( -type f \( -name '*.php' -o -name composer.json -o -name composer.lock -o -name artisan \) \
    -o -type l \( -path "$top/app" -o -path "$top/bootstrap" -o -path "$top/config" -o -path "$top/routes" -o -path "$top/resources" \
    -o -path "$top/resources/views" -o -path "$top/src" -o -path "$top/lang" -o -path "$top/database" -o -path "$top/packages" \
    -o -path "$top/modules" -o -path "$top/Modules" \) \) \
    ! -name "*$nl*" ! -path "*$nl*" -exec "$@" -- {} + 2>/dev/null
}

# Which variables keep what was told of a directory: the same number whenever it is asked for.
number_of() { # PATH -> $number
  number=0 path=''
  IFS=$nl
  for path in $numbered; do
    [ "$path" != "$1" ] || break
    number=$((number + 1))
  done
  unset IFS
  [ "$path" = "$1" ] || numbered="$numbered$1$nl"
}

verb_walk() { # ROOT LIMIT [new]: also sources that are links: what they lead to, and by ROOT/./PATH the link itself
  root=$1
  now=$(own "$root" stat -c "$format" | head -n "$2")
  number_of "$root"
  [ "${3-}" = new ] && before=new || eval "before=\${walk_$number-}"
  set --
  [ ! -h "$root/vendor" ] || now=$now$nl$(stat -c "$format" -- "$root/vendor" 2>/dev/null)
  set +f
  for path in "$root"/vendor/composer/*.php "$root/vendor/composer/installed.json"; do
    [ ! -f "$path" ] || [ -h "$path" ] || case $path in *"$nl"*) ;; *) set -- "$@" "$path" ;; esac
  done
  linked=$(find "$root/./config/" "$root/./routes/" -type l -name '*.php' ! -path "*$nl*" -print 2>/dev/null)$nl
  for path in "$root"/.env*; do case $path in *"$nl"*) ;; *) [ ! -h "$path" ] || linked="$linked$root/./${path##*/}$nl" ;; esac; done
  set -f
  now=$now$nl$(stats "$@")
  set --
  IFS=$nl
  for path in $linked; do set -- "$@" "$path"; done
  unset IFS
  if [ $# -gt 0 ]; then
    now=$now$nl$(exec stat -c "$format" -- "$@" 2>/dev/null)
    for path; do shift; set -- "$@" "$root/${path#"$root"/./}"; done
    now=$now$nl$(stats "$@")
  fi
  if [ "$now" = "$before" ]; then section same "$root"; return; fi
  eval "walk_$number=\$now"
  section walk "$root"
  out="$out$now"
}

verb_sums() { # ROOT LIMIT
  command -v cksum >/dev/null 2>&1 || return 0
  section sums "$1"
  out="$out$(own "$1" cksum | head -n "$2")"
}

verb_content() { # PATH...
  command -v cksum >/dev/null 2>&1 || return 0
  section content ''
  for path; do
    shift
    [ -f "$path" ] && [ -r "$path" ] && set -- "$@" "$path" # a pipe would keep us waiting
  done
  [ $# -gt 0 ] || return 0
  out="$out$(cksum -- "$@" 2>/dev/null)"
  section files ''
  out="$out$(stats "$@")"
}

verb_views() { # DIR LIMIT
  [ -d "$1" ] || return 0
  section views "$1"
  now=$(find "$1/" -type f -name '*.php' ! -name "*$nl*" -exec stat -c "$format" -- {} + 2>/dev/null | head -n "$2")
  out="$out$now"
  section trailers "$1"
  number_of "$1"
  eval "before=\${views_$number-}"
  if [ "$now" != "$before" ]; then
    eval "views_$number=\$now"
    now=$(find "$1/" -type f -name '*.php' ! -name "*$nl*" -exec grep -H -o '/\*\*PATH .* ENDPATH\*\*/' -- {} + 2>/dev/null | head -n "$2")
    eval "trailers_$number=\$now"
  fi
  eval "out=\$out\${trailers_$number-}"
}

verb_list() { # PATTERN...: most match nothing, and that is found without a process
  IFS=''
  set +f
  for pattern; do
    shift
    for path in $pattern; do break; done
    [ "$path" = "$pattern" ] && [ ! -e "$path" ] || set -- "$@" $pattern
  done
  set -f
  unset IFS
  section files ''
  [ $# = 0 ] || out="$out$(stats "$@")"
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

verb_disk() { section disk "$1"; now=$(exec df -Pk -- "$1" 2>/dev/null); out="$out${now##*"$nl"}"; }

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
  command -v timeout >/dev/null 2>&1 && limit='timeout 10'
  out="$out$($limit "$@" 2>&1 </dev/null | tail -c 4000)"
}

verb_socket() { section files ''; out="$out$(stat -L -c "$format" -- "$1" "${1%/*}" 2>/dev/null)"; }
