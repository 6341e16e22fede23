# The verbs of the stalewatch host probe: functions only, sent before host.sh by tui/stalewatch/probe/host/coprocess.py. POSIX sh.
# Each adds its sections to $out; the head of host.sh describes them.

# Whether it is a file that we may read: a pipe or a device in its place would keep us waiting, or never end.
readable() { [ -f "$1" ] && [ -r "$1" ]; }

verb_stat() { section files ''; out="$out$(stats "$@")"; }

verb_real() {
  for path; do
    section real "$path"
    out="$out$(readlink -f -- "$path" 2>/dev/null)"
  done
}

# What is mounted below ROOT, as the kernel writes its path, where we are and where these processes are: each may be alone there.
verb_mounts() { # ROOT PID...
  section mounts "$1"
  top=$1
  shift
  now="$proc/self/mountinfo"
  for pid; do now="$now $proc/$pid/mountinfo"; done
  out="$out$(grep -h -s -F -e " $top/" $now)"
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
      -e '^[[:space:]]*\[' -e '^[[:space:]]*(include|process_control_timeout|error_log|listen|user|group|chroot|chdir|prefix|pid)[[:space:]]*=' \
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
    readable "$path" || continue
    state=cut
    case $(head -c 5 <"$path" 2>/dev/null) in
      '<?php') case $(tail -c 16 <"$path" 2>/dev/null | tr -d ' \n\r\t\000') in *\; | *\}) state=complete ;; esac ;;
    esac
    # artisan writes an array, or compiled routes: other PHP runs, and leaves the application without its configuration or its routes.
    [ "$state" = cut ] || grep -q -E 'return[[:space:]]*(array[[:space:]]*\(|\[|unserialize\(|$)|Routes\(' <"$path" 2>/dev/null || state=cut
    # Asked of PHP once per change of the file; what it says counts, not its exit code.
    if [ "$state" = complete ] && command -v php >/dev/null 2>&1; then
      case $($limit php -n -l "$path" 2>/dev/null </dev/null) in *'Errors parsing '*) state=cut ;; esac
    fi
    out="$out$state $path$nl"
  done
}

# Two harmless settings out of the cached configuration; the rest of that file never leaves the server.
verb_keys() { # PATH
  readable "$1" || return 0
  section keys "$1"
  out="$out$(grep -o -e "'check_cache_timestamps' => [a-z]*" -e "'compiled' => '[^']*'" <"$1" 2>/dev/null)"
}

# The lines of bootstrap/app.php that say where sources are; the rest of that file never leaves the server.
verb_hints() { # PATH
  readable "$1" || return 0
  section hints "$1"
  out="$out$(grep -E -e Application -e '::[[:space:]]*configure' -e 'withEvents' -e '[cC]onfigPath' \
    -e "__DIR__[[:space:]]*\.[[:space:]]*['\"]/\.\./" -e '(app|base)_path\(' -e '^[[:space:]]*\],?\)' <"$1" 2>/dev/null)"
}

verb_version() { # ROOT
  file=$1/vendor/laravel/framework/src/Illuminate/Foundation/Application.php
  if [ ! -f "$file" ] && readable "$1/vendor/autoload.php" && grep -qs /usr/share/php/Illuminate "$1/vendor/autoload.php"; then
    file=/usr/share/php/Illuminate/Foundation/Application.php
  fi
  readable "$file" || return 0
  section version "$1"
  out="$out$(grep -m 1 'const VERSION' <"$file" 2>/dev/null)"
}

# Binary: printed directly, so what was collected is printed first.
verb_gz() { # PATH LIMIT
  readable "$1" || return 0
  if command -v gzip >/dev/null 2>&1; then section gz "$1"; else section raw "$1"; fi
  printf %s "$out"
  out=''
  if command -v gzip >/dev/null 2>&1; then head -c "$2" <"$1" | gzip -c; else head -c "$2" <"$1"; fi 2>/dev/null
}

verb_tail() { # PATH LIMIT
  readable "$1" || return 0
  section text "$1"
  out="$out$(tail -c "$2" <"$1" 2>/dev/null | tr -d '\000')"
}

verb_log() { # PATH OFFSET LIMIT
  readable "$1" || return 0
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
  ! leads_nowhere "$path" || out="$out$sign $path$nl"
}

# Whether no file is behind a link, and why as $sign: a link to a release that is a loop or leads to one that is gone (nowhere), none (gone)
# and no other one beside it that leads to a release, or any other link that leads to nothing (dangling). Not where this login may not look.
leads_nowhere() { # PATH
  [ ! -e "$1" ] || return 1
  case $1 in *"$nl"*) return 1 ;; */current) ;; *) [ -h "$1" ] || return 1 ;; esac
  case $(LC_ALL=C ls -Ld -- "$1" 2>&1) in *ermission*) return 1 ;; esac
  sign=dangling
  case $1 in */current) [ -z "$(ls -- "${1%/*}/releases" 2>/dev/null)" ] || sign=nowhere ;; esac
  [ ! -h "$1" ] || return 0
  [ "$sign" = nowhere ] || return 1
  sign=gone
  ! a_link_to_a_release "${1%/*}"
}

a_link_to_a_release() ( # FOLDER: whether one in it leads below its releases/
  set +f
  below=$(cd -P -- "$1/releases" && pwd -P) || exit 0
  for path in "$1"/*; do
    [ ! -h "$path" ] || case $(cd -P -- "$path" 2>/dev/null && pwd -P) in "$below"/?*) exit 0 ;; esac
  done
  exit 1
)

verb_list() { # PATTERN...: most match nothing, and that is found without a process
  IFS=''
  set +f
  for pattern; do
    shift
    case $pattern in /etc/*) pattern=$etc${pattern#/etc} ;; esac
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

verb_held() { # SHA256 PATH LIMIT: whether it has that sum, or why that is not known; when it was modified
  section held ''
  out="$out$(held "$@") $(stat -L -c %Y -- "$2" 2>/dev/null)"
}

held() { # SHA256 PATH LIMIT
  if [ ! -e "$2" ]; then
    above=$2
    while [ -n "$above" ] && [ ! -e "$above" ] && [ ! -h "$above" ]; do above=${above%/*}; done
    if [ "$above" = "$2" ]; then echo dangling; elif [ -x "${above:-/}" ]; then echo missing; else echo denied; fi
  elif [ ! -f "$2" ]; then echo no-file
  elif [ ! -r "$2" ]; then echo denied
  elif [ "$(stat -L -c %s -- "$2" 2>/dev/null || echo 0)" -gt "$3" ]; then echo long
  else
    now=$(sha256 <"$2" 2>/dev/null)
    case ${now%% *} in
      "$1") echo same ;;
      none) echo no-program ;;
      ????????????????????????????????????????????????????????????????) echo other ;;
      *) echo unread ;;
    esac
  fi
}

sha256() { # of stdin: the first word
  if command -v sha256sum >/dev/null 2>&1; then sha256sum
  elif busybox sha256sum </dev/null >/dev/null 2>&1; then busybox sha256sum
  elif command -v openssl >/dev/null 2>&1; then openssl dgst -sha256 -r
  elif command -v shasum >/dev/null 2>&1; then shasum -a 256
  else echo none
  fi
}
