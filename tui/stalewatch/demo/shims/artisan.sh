# Sourced by php: artisan ROOT/artisan COMMAND [OPTIONS]. Really writes and removes Laravel's cache files, from the sources as they are now.
root=${1%artisan}
root=${root%/}
root=${root:-.}
root=$(cd -- "$root" && pwd) || exit 1
shift
cache=$root/bootstrap/cache
views=$root/storage/framework/views

info() { printf '\n   INFO  %s.  \n\n' "$1"; }

config_cache() {
  rm -f "$cache/config.php"
  {
    printf '<?php return array (\n'
    for file in "$root"/config/*.php; do
      name=${file##*/}
      printf "  '%s' => \n  array (\n" "${name%.php}"
      sed -e '1,/^return \[/d' -e '/^\];/,$d' "$file"
      printf '  ),\n'
    done
    printf ');\n'
  } >"$cache/config.php"
  info 'Configuration cached successfully'
}

route_cache() {
  rm -f "$cache/routes-v7.php"
  {
    printf '<?php\n\napp("router")->setCompiledRoutes(array (\n'
    sed -n 's/^Route::\([a-z]*\)(\(.*\));$/  array (\x27\1\x27, \2),/p' "$root"/routes/api.php "$root"/routes/web.php
    printf '));\n'
  } >"$cache/routes-v7.php"
  info 'Routes cached successfully'
}

view_clear() { rm -f "$views"/*.php; info 'Compiled views cleared successfully'; }

view_cache() {
  view_clear >/dev/null
  mkdir -p "$views"
  find "$root/resources/views" -name '*.blade.php' | while IFS= read -r source; do
    set -- $(printf %s "$source" | cksum)
    { cat "$source"; printf '<?php /**PATH %s ENDPATH**/ ?>' "$source"; } >"$views/$(printf '%032x' "$1").php"
  done
  info 'Blade templates cached successfully'
}

event_cache() { printf '<?php return array (\n);\n' >"$cache/events.php"; info 'Events cached successfully'; }

package_discover() {
  kept=$(cat "$cache/packages.php" 2>/dev/null)
  [ -z "$kept" ] || printf '%s\n' "$kept" >"$cache/packages.php"
  info 'Discovering packages'
}

artisan() {
  case $1 in
    config:cache) config_cache ;;
    route:cache) route_cache ;;
    view:cache) view_cache ;;
    event:cache) event_cache ;;
    config:clear) rm -f "$cache/config.php"; info 'Configuration cache cleared successfully' ;;
    route:clear) rm -f "$cache/routes-v7.php"; info 'Route cache cleared successfully' ;;
    view:clear) view_clear ;;
    event:clear) rm -f "$cache/events.php"; info 'Cached events cleared successfully' ;;
    cache:clear) rm -rf "$root"/storage/framework/cache/data/*; info 'Application cache cleared successfully' ;;
    optimize) config_cache; event_cache; route_cache; view_cache ;;
    package:discover) package_discover ;;
    queue:restart) : >"$root/storage/framework/cache/data/illuminate-queue-restart"; info 'Broadcasting queue restart signal' ;;
    --version | -V) echo 'Laravel Framework 11.31.0' ;;
    *) printf '\n   ERROR  Command "%s" is not defined.  \n\n' "$1"; return 1 ;;
  esac
}

command='' extra=''
for word; do
  case $word in
    --version | -V) command=${command:-$word} ;;
    -*) ;;
    *) if [ -z "$command" ]; then command=$word; else extra=1; fi ;;
  esac
done
if [ -n "$extra" ]; then
  printf '\n  Too many arguments to "%s" command, expected no arguments.  \n\n' "$command"
  exit 1
fi
artisan "${command:---version}"
