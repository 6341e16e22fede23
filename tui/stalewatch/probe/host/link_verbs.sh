# Symbolic links of an application: functions only, sent with host_verbs.sh before host.sh. POSIX sh.

verb_link() { # PATH: the link itself; when what it leads to was made, where the file system keeps that
  [ -h "$1" ] || return 0
  section link "$1"
  out="$out$(stat -c "$format" -- "$1" 2>/dev/null)"
  section born "$1"
  out="$out$(stat -L -c %W -- "$1" 2>/dev/null)"
}

verb_linked() { # PATH...: those that are links, themselves
  for path; do
    shift
    [ ! -h "$path" ] || set -- "$@" "$path"
  done
  section files ''
  [ $# = 0 ] || out="$out$(stat -c "$format" -- "$@" 2>/dev/null)"
}

# Links below ROOT that code can be reached through: to directories, or PHP files. Then those in the directories that they lead to. "more":
# there are others, beyond a limit.
verb_links() { # ROOT LIMIT
  section links "$1"
  more=''
  limit=$2
  now=$(links_in "$1/")
  code_links "$now" "$limit"
  set --
  IFS=$nl
  for path in $folders; do case $path in */storage | */storage/*) ;; *) [ $# -ge 100 ] && more=more || set -- "$@" "$path/" ;; esac; done
  unset IFS
  [ $# = 0 ] || code_links "$(links_in "$@")" "$limit"
  out="$out$more$nl"
}

links_in() { # FOLDER/...: none of them has a double slash, so none of the links has
  find "$@" -maxdepth 4 \( -name node_modules -o -name .git -o -type d \( -name storage -o -name uploads \) \) -prune -o -type l ! -name "*$nl*" -print 2>/dev/null | head -n 5001
}

code_links() { # PATHS LIMIT
  folders=''
  number=0
  looked=0
  IFS=$nl
  for path in $1; do
    looked=$((looked + 1))
    [ "$looked" -le 5000 ] || { more=more; break; }
    if [ -d "$path" ]; then folders="$folders$path$nl"
    else
      case $path in *.php) [ -f "$path" ] || continue ;; *) continue ;; esac
    fi
    number=$((number + 1))
    out="$out$path$nl"
    [ "$number" -le "$2" ] || { more=more; break; }
  done
  unset IFS
}

# On overlayfs a file is made when it is first changed, be it by chmod.
verb_born() { # PATH...
  for path; do
    case $(stat -f -c %T -- "$path" 2>/dev/null) in overlayfs) continue ;; esac
    section born "$path"
    out="$out$(stat -L -c %W -- "$path" 2>/dev/null)"
  done
}
