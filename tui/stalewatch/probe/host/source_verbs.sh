# The sources of an application: functions only, sent with host_verbs.sh before host.sh. POSIX sh.

# The roots that cache files were made for, by the paths of Laravel's own folders in them: STATE FOLDER ROOT; and of a configuration the
# default cache store: store NAME DRIVER PLACE, and the environment where .env names another. No other value leaves the server.
verb_named() { # ROOT PATH...
  top=$1
  shift
  real=$(readlink -f -- "$top" 2>/dev/null)
  for path; do
    readable "$path" || continue
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
    case $path in */config.php) default_store "$path"; environments "$path" "$top" ;; esac
  done
}

default_store() { # PATH, as PHP's var_export lays it out
  now=$(LC_ALL=C awk -F"'" '
    /^  \047/ { top = $2; one = two = "" }
    /^    \047/ { one = $2; two = "" }
    /^      \047/ { two = $2 }
    !/^ +\047[a-z]+\047 => / { next }
    { value = $4; if (value == "" && match($0, /=> [0-9]+,$/)) value = substr($0, RSTART + 3, RLENGTH - 4) }
    top == "cache" && /^    \047default\047/ { name = value }
    top == "database" && /^    \047default\047/ { base = value }
    top == "cache" && one == "stores" && /^        \047/ { store[two, $2] = value }
    top == "database" && (one == "redis" || one == "connections") && /^        \047(host|port)\047/ { at[one, two, $2] = value }
    END {
      driver = store[name, "driver"]
      if (driver == "") exit
      link = store[name, "connection"]
      place = driver == "file" ? store[name, "path"] : link
      if (driver == "redis") { kind = "redis"; if (link == "") link = "default" }
      if (driver == "database") { kind = "connections"; if (link == "") link = base }
      if (kind != "" && at[kind, link, "host"] != "") place = at[kind, link, "host"] ":" at[kind, link, "port"]
      if (index(name driver, " ") || index(place, "@")) exit
      print name " " driver " " place
    }' <"$1" 2>/dev/null)
  case $now in
    *' file /'*) now="${now%% /*} $(readlink -f -- "/${now#* /}" 2>/dev/null)" ;;
    '') return 0 ;;
  esac
  out="${out}store $now$nl"
}

# "environment CACHED OWN": the names of the one that PATH was made in and of the one that ROOT's .env names, where that is another.
environments() { # PATH ROOT
  readable "$2/.env" && readable "$2/config/app.php" || return 0
  grep -q -E "'env'[[:space:]]*=>[[:space:]]*env[(]['\"]APP_ENV['\"]" <"$2/config/app.php" || return 0
  was=$(LC_ALL=C awk -F"'" '/^  \047/ { top = $2 } top == "app" && /^    \047env\047 => \047/ { print $4; exit }' <"$1" 2>/dev/null)
  own=$(sed -n -e 's/^[[:space:]]*\(export[[:space:]][[:space:]]*\)\{0,1\}APP_ENV[[:space:]]*=[[:space:]]*//p' <"$2/.env" 2>/dev/null | sed -n -e '$p')
  own=${own#[\"\']} own=${own%%[!A-Za-z0-9_-]*}
  case $was$own in *[!A-Za-z0-9_-]*) return 0 ;; esac
  [ -z "$was" ] || [ -z "$own" ] || [ "$was" = "$own" ] || out="${out}environment $was $own$nl"
}

verb_kernel() { # ROOT
  section kernel "$1"
  for path in "$1/src/Kernel.php" "$1/app/AppKernel.php"; do
    readable "$path" || continue
    out="$out$(grep -A 6 -e 'function getCacheDir' <"$path" 2>/dev/null)"
  done
}

verb_sources() { # LIMIT META...: the listed files, then how many are listed
  limit=$1
  shift
  for path; do
    readable "$path" || continue
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
  readable "$1/vendor/composer/autoload_real.php" && readable "$1/vendor/composer/autoload_static.php" || return 0
  if ! grep -q -s -F '@generated by Composer' -- "$1/vendor/composer/autoload_static.php"; then section foreign "$1"; return; fi
  section loader "$1"
  out="$out$(grep -o -e 'setClassMapAuthoritative(true)' -e "setApcuPrefix('[^']*')" <"$1/vendor/composer/autoload_real.php")"
  if readable "$1/vendor/composer/autoload_psr4.php"; then
    section namespaces "$1"
    out="$out$(grep -F -e "\$baseDir . '" <"$1/vendor/composer/autoload_psr4.php")"
  fi
  section classmap "$1"
  out="$out$(grep -E -e "^ +'[^']+' => __DIR__ \. '/\.\./\.\.' \. '/" <"$1/vendor/composer/autoload_static.php" | head -n "$2")"
}

# Which files sources read or load, which classes they use, and what they ask that is no file: the code that says so; no other text of
# theirs leaves the server.
verb_refers() { # PATH...
  for path; do
    readable "$path" || continue
    section refers "$path"
    out="$out$(grep -o -E \
      -e "(require|include|require_once|include_once|file_get_contents|file|parse_ini_file|parseFile|simplexml_load_file|group|loadRoutesFrom|mergeConfigFrom)[[:space:](]+(__DIR__|dirname[(]|[A-Za-z_>$-]*[pP]ath[(])[^'\";]*['\"][^'\"]*['\"]" \
      -e '^[[:space:]]*use[[:space:]]+[A-Z][A-Za-z0-9_\]*([[:space:]]+as[[:space:]]+[A-Za-z0-9_]+)?;' \
      -e "\<(shell_exec|exec|passthru|system|popen|proc_open|file_get_contents|file|fopen|readfile|parse_ini_file|glob|scandir|opendir|gethostname|gethostbyname|php_uname|curl_exec|date|time|now|uniqid|random_bytes|random_int|rand|mt_rand)[[:space:]]*[(]([[:space:]]*['\"]git )?" \
      -e "\<(config|env|(Config|Env)::get)[[:space:]]*[(][[:space:]]*['\"][A-Za-z0-9_.-]+" \
      -e 'APP_[A-Z]+_CACHE|getCached[A-Z][a-z]+Path|useBootstrapPath' -e 'new[[:space:]]+[A-Za-z0-9_\]+' -e '[A-Za-z0-9_\]*[A-Z][A-Za-z0-9_]*::[A-Za-z_][A-Za-z0-9_]*' <"$path" 2>/dev/null)"
  done
}

verb_declares() { # PATH...
  for path; do
    shift
    readable "$path" && set -- "$@" "$path"
  done
  [ $# -gt 0 ] || return 0
  section declares ''
  out="$out$(grep -s -H -E -e '^[[:space:]]*(namespace[[:space:]]+[A-Za-z_]|((abstract|final|readonly)[[:space:]]+)*(class|interface|trait|enum)[[:space:]]+[A-Za-z_])' -- "$@")"
  command -v cksum >/dev/null 2>&1 || return 0
  section contents ''
  out="$out$(cksum -- "$@" 2>/dev/null)"
}

# Folders of code outside of ROOT that links in its own folders lead to, and packages that are links (Composer's path repositories), without
# what an operating system brings. Each with a slash at its end: find follows it then.
behind() { # ROOT, in a subshell
  root=$1 real=$(readlink -f -- "$1" 2>/dev/null)
  set --
  for path in app bootstrap config routes src lang database packages modules Modules; do
    [ ! -d "$root/$path" ] || set -- "$@" "$root/$path/"
  done
  {
    [ $# = 0 ] || find "$@" -maxdepth 4 \( -name node_modules -o -name .git \) -prune -o -type l ! -name "*$nl*" -print
    [ -h "$root/vendor" ] || find "$root/vendor/" -maxdepth 2 -type l ! -name "*$nl*" -print
  } 2>/dev/null | head -n 501 | while IFS= read -r path; do
    [ -d "$path" ] || continue
    leads=$(readlink -f -- "$path" 2>/dev/null)
    case $leads/ in /usr/* | / | "$real"/*) continue ;; esac
    case $(readlink -f -- "${path%/*}")/ in "$leads"/*) continue ;; esac # it leads to where it lies
    printf '%s/\n' "$path"
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
  linked=$linked$(behind "$top")
  IFS=$nl
  exec find "$top/" $linked \( -name node_modules -o -name .git -o -name storage -o -path "$top/bootstrap/cache" -o -path "$top/vendor" \
    -o -path "$top/vendor/*/*/vendor" -o -name "stalewatch-$uid-*" \) -prune \
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
  number_of "$1"
  [ "${3-}" = new ] && before=new || eval "before=\${walk_$number-}"
  named=$format format=$numbers
  walk_now "$1" "$2"
  format=$named
  if [ "$now" = "$before" ]; then section same "$1"; return; fi
  eval "walk_$number=\$now"
  walk_now "$1" "$2" # what changes in between is told by the next one
  section walk "$1"
  out="$out$now"
}

walk_now() { # ROOT LIMIT -> $now, in $format
  root=$1
  now=$(own "$root" stat -c "$format" | head -n "$2")
  set --
  [ ! -h "$root/vendor" ] || now=$now$nl$(stat -c "$format" -- "$root/vendor" 2>/dev/null)
  set +f
  for path in "$root"/vendor/composer/*.php "$root/vendor/composer/installed.json" "$root"/vendor/*/*/config/*.php "$root"/vendor/*/*/routes/*.php \
    "$root"/vendor/*/*/routes.php "$root"/vendor/*/*/src/config/*.php "$root"/vendor/*/*/src/routes/*.php "$root"/vendor/*/*/src/routes.php; do
    [ ! -f "$path" ] || [ -h "$path" ] || case $path in *"$nl"*) ;; *) set -- "$@" "$path" ;; esac
  done
  linked=$(find "$root/./config/" "$root/./routes/" "$root/./app/" "$root/./src/" "$root/./packages/" "$root/./modules/" "$root/./Modules/" \
    -type l -name '*.php' ! -path "*$nl*" -print 2>/dev/null)$nl
  for path in "$root"/.env*; do case $path in *"$nl"*) ;; *) [ ! -h "$path" ] || linked="$linked$root/./${path##*/}$nl" ;; esac; done
  set -f
  now=$now$nl$(stats "$@")
  set --
  IFS=$nl
  for path in $(behind "$root"); do path=${path%/}; set -- "$@" "$root/./${path#"$root"/}"; done
  [ $# = 0 ] || now=$now$nl$(exec stat -c "$format" -- "$@" 2>/dev/null)
  set --
  for path in $linked; do set -- "$@" "$path"; done
  unset IFS
  if [ $# -gt 0 ]; then
    now=$now$nl$(exec stat -c "$format" -- "$@" 2>/dev/null)
    for path; do shift; set -- "$@" "$root/${path#"$root"/./}"; done
    now=$now$nl$(stats "$@")
  fi
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
    readable "$path" && set -- "$@" "$path"
  done
  [ $# -gt 0 ] || return 0
  out="$out$(cksum -- "$@" 2>/dev/null)"
  section files ''
  out="$out$(stats "$@")"
}

verb_views() { # DIR LIMIT
  [ -d "$1" ] || return 0
  number_of "$1"
  eval "before=\${views_$number-}"
  now=$(views_now "$1" "$2" "$numbers")
  if [ "$now" != "$before" ]; then
    eval "views_$number=\$now"
    now=$(views_now "$1" "$2" "$format")
    eval "named_$number=\$now"
    now=$(find "$1/" -type f -name '*.php' ! -name "*$nl*" -exec grep -H -o '/\*\*PATH .* ENDPATH\*\*/' -- {} + 2>/dev/null | head -n "$2")
    eval "trailers_$number=\$now"
  fi
  section views "$1"
  eval "out=\$out\${named_$number-}"
  section trailers "$1"
  eval "out=\$out\${trailers_$number-}"
}

views_now() { # DIR LIMIT FORMAT, in a subshell
  find "$1/" -type f -name '*.php' ! -name "*$nl*" -exec stat -c "$3" -- {} + 2>/dev/null | head -n "$2"
}
