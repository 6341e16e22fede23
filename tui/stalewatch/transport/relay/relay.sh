IFS= read -r nonce
trap '' PIPE
trap 'trap "" TERM; kill "$dog" 2>/dev/null; kill -TERM 0; exit' EXIT HUP INT TERM
dog=''
lease() {
  [ -z "$dog" ] || kill "$dog" 2>/dev/null
  (trap 'kill -KILL $! 2>/dev/null; exit' TERM; sleep 30 & wait $!; kill -TERM $$) >/dev/null 2>&1 </dev/null &
  dog=$!
}
tell() { printf '\n%s %s\n' "$nonce" "$1"; }
socat_to() { # HOST PORT, or PATH: what socat takes for more than a name is escaped
  case $# in
    2) set -- "TCP:$1:$2" ;;
    *) set -- "UNIX-CONNECT:$(printf %s "$1" | sed 's/[^A-Za-z0-9_./-]/\\&/g')" ;;
  esac
  socat -t 30 -T 60 - "$1"
}
nc_to() { # HOST PORT, or PATH
  [ $# = 2 ] || set -- -U "$1"
  nc "$@"
}
reach() { # ADDRESS
  case $1 in
    /*) "${program}_to" "$1" ;;
    -* | *[!]A-Za-z0-9.:_[-]*) return 1 ;;
    *)
      host=${1%:*}
      [ "$program" = socat ] || { host=${host#[[]}; host=${host%[]]}; }
      "${program}_to" "$host" "${1##*:}" ;;
  esac
}
one() { # ID ADDRESS REQUEST
  { printf %s "$3" | base64 -d | { reach "$(printf %s "$2" | base64 -d)" 2>/dev/null || tell "$1 !refused" >&3; } | base64 -w 3000 |
    while IFS= read -r line; do tell "$1 +$line" >&3; done; } 3>&1
  tell "$1 ."
}
lease
tell '0 ready'
while IFS=' ' read -r id address request; do
  lease
  [ -z "$request" ] || one "$id" "$address" "$request" </dev/null &
done
