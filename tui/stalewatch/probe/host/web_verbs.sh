# What web servers are told: functions only, sent before host.sh by tui/stalewatch/probe/host/coprocess.py. POSIX sh and awk.
# Only statements that say where PHP requests go leave the server, one a line, their words divided by tabs, the mark that ends them last.

verb_web() { # nginx|apache|caddy PATTERN...
  command -v awk >/dev/null 2>&1 || return 0
  kind=$1
  shift
  for pattern; do
    # A directory that may not be listed matches nothing: it is told, else its files would be passed over.
    case $pattern in
      *[]*?[]*/*) ;;
      */*) dir=${pattern%/*}; if [ -d "$dir" ] && ! { [ -x "$dir" ] && [ -r "$dir" ]; } && [ ! -r "$pattern" ]; then section denied "$dir/"; fi ;;
    esac
    IFS=''
    set +f
    for path in $pattern; do
      if [ "$kind" = apache ] && [ -d "$path" ]; then for path in "$path"/*; do web_file; done; else web_file; fi
    done
    set -f
    unset IFS
  done
}

web_file() { # $path, $kind
  [ -f "$path" ] || return
  case $path in *"$nl"*) return ;; esac
  if [ ! -r "$path" ]; then section denied "$path"; return; fi
  section text "$path"
  case $kind in
    nginx) out="$out$(head -c 1048576 <"$path" 2>/dev/null | told_nginx)" ;;
    apache) out="$out$(head -c 1048576 <"$path" 2>/dev/null | told_apache)" ;;
    caddy) out="$out$(head -c 1048576 <"$path" 2>/dev/null | told_caddy)" ;;
  esac
}

# A word of a value may be a secret, so of a variable's values only addresses and paths are told; any other one is "?". Of what is passed to
# PHP, beside the script, only the name of the environment and whether it debugs.
told_nginx() {
  LC_ALL=C awk '
    function take() { if (some) words[++n] = word; word = ""; some = 0 }
    function place(value) { return value ~ /^(unix:)?\// || value ~ /^[A-Za-z0-9_.-]+:[0-9]+$/ ? value : "?" }
    function say(mark,    line, i, first, most) {
      take()
      first = words[1]
      most = n
      if (mark == "}") { if (maps == depth) maps = 0; depth--; print "}"; n = 0; return }
      if (mark == "{") {
        depth++
        if (first == "map" && n == 3) { maps = depth; line = "map\t" words[3] }
        else if (first == "location" || first == "upstream" || first == "server" || first == "http") {
          for (i = 1; i <= n; i++) line = line (i > 1 ? "\t" : "") words[i]
        } else line = "block"
        print line "\t{"
        n = 0
        return
      }
      if (maps) { if (first == "include") print "include\t" words[2] "\t;"; else if (n == 2) print "value\t" place(words[2]) "\t;" }
      else if (first == "set" && n == 3) print "set\t" words[2] "\t" place(words[3]) "\t;"
      else if (first == "fastcgi_param" && (words[2] == "SCRIPT_FILENAME" || words[2] == "DOCUMENT_ROOT")) print "fastcgi_param\t" words[2] "\t" words[3] "\t;"
      else if (first == "fastcgi_param" && words[2] ~ /^APP_(ENV|DEBUG)$/ && words[3] ~ /^[A-Za-z0-9_.-]+$/ && n < 5) print "fastcgi_param\t" words[2] "\t" words[3] "\t;"
      else if (first == "root" || first == "alias" || first == "fastcgi_pass" || first == "include") print first "\t" words[2] "\t;"
      else if (first == "server_name") { line = first; for (i = 2; i <= n && i < 9; i++) line = line "\t" words[i]; print line "\t;" }
      else if (first == "server" && n > 1) { line = "server\t" words[2]; for (i = 3; i <= n; i++) if (words[i] == "down") line = line "\tdown"; print line "\t;" }
      n = 0
    }
    {
      gsub(/\t/, " ")
      for (i = 1; i <= length($0); i++) {
        c = substr($0, i, 1)
        if (c == "\\") { word = word substr($0, ++i, 1); some = 1 }
        else if (quote) { if (c == quote) quote = ""; else word = word c }
        else if ((c == "\"" || c == "\047") && !some) { quote = c; some = 1 }
        else if (c == "#" && !some) break
        else if (c == " " || c == "\r") take()
        else if (c == ";" || c == "}") say(c)
        else if (c == "{" && substr(word, length(word), 1) == "$") { while (i <= length($0) && substr($0, i, 1) != "}") word = word substr($0, i++, 1); word = word "}" }
        else if (c == "{") say(c)
        else { word = word c; some = 1 }
      }
      if (quote) word = word " "; else take()
    }'
}

# Apache: one line, one statement; names of directives in small letters. A condition is told as what it asks for: the file, or something else.
told_apache() {
  LC_ALL=C awk '
    function place(value) { return value ~ /^(unix:)?\// || value ~ /^[A-Za-z0-9_.-]+:[0-9]+$/ || value ~ /^[0-9.]+$/ ? value : "?" }
    function passed(value) { return value == "!" || value ~ /fcgi:\/\// || value ~ /^balancer:\/\// ? value : "?" }
    function split_up(text,    i, c, quote, word, some) {
      n = 0
      for (i = 1; i <= length(text); i++) {
        c = substr(text, i, 1)
        if (c == "\\" && index("\"\047", substr(text, i + 1, 1)) && i < length(text)) { word = word substr(text, ++i, 1); some = 1 }
        else if (quote) { if (c == quote) quote = ""; else word = word c }
        else if ((c == "\"" || c == "\047") && !some) { quote = c; some = 1 }
        else if (c == " ") { if (some) words[++n] = word; word = ""; some = 0 }
        else { word = word c; some = 1 }
      }
      if (some) words[++n] = word
    }
    function opened(name,    i, line) {
      if (name ~ /^(virtualhost|directory|directorymatch|location|locationmatch|files|filesmatch|ifmodule|ifdefine|proxy)$/) {
        line = name
        for (i = 2; i <= n && i < 9; i++) line = line "\t" words[i]
      } else if (name ~ /^(if|elseif|else)$/) line = "if\t" (name == "if" && $0 ~ /-f |REQUEST_FILENAME/ && $0 !~ /HTTP|req\(/ ? "file" : "?")
      else line = name == "macro" ? "macro" : "block"
      print line "\t{"
    }
    function told(name,    i, line) {
      if (name == "include" || name == "includeoptional") print "include\t" words[2] "\t;"
      else if (name == "pidfile") print name "\t" words[2] "\t;"
      else if (name ~ /^(serverroot|documentroot|servername|loadmodule)$/) print name "\t" words[2] "\t;"
      else if (name == "setenv" && words[2] ~ /^APP_(ENV|DEBUG)$/ && words[3] ~ /^[A-Za-z0-9_.-]+$/) print name "\t" words[2] "\t" words[3] "\t;"
      else if (name == "virtualdocumentroot") print "documentroot\t${?}\t;"
      else if (name == "serveralias") { line = name; for (i = 2; i <= n && i < 9; i++) line = line "\t" words[i]; print line "\t;" }
      else if (name == "define") print name "\t" words[2] "\t" (n > 2 ? place(words[3]) : "") "\t;"
      else if (name == "sethandler") print name "\t" (words[2] ~ /^proxy:/ || words[2] ~ /php|^none$/ ? words[2] : "?") "\t;"
      else if ((name == "addhandler" || name == "addtype") && words[2] ~ /php|fcgi/) print name "\t" words[2] "\t;"
      else if (name == "proxypass" || name == "proxypassmatch") {
        if (n > 2 && words[3] !~ /=/) print name "\t" words[2] "\t" passed(words[3]) "\t;"
        else print name "\t\t" passed(words[2]) "\t;"
      } else if (name == "rewriterule" && words[3] ~ /fcgi:\/\//) print "proxypassmatch\t" words[2] "\t" words[3] "\t;"
      else if (name == "balancermember") print name "\t" passed(words[2]) "\t;"
      else if (name == "allowoverride") { line = name; for (i = 2; i <= n; i++) line = line "\t" tolower(words[i]); print line "\t;" }
      else if (name == "alias") print name "\t" words[2] "\t" words[3] "\t;"
    }
    {
      while (sub(/\\\r?$/, "")) { if ((getline more) <= 0) break; $0 = $0 " " more }
      gsub(/[\t\r]/, " ")
      sub(/^ +/, "")
      sub(/ +$/, "")
      if ($0 == "" || $0 ~ /^#/) next
      if ($0 ~ /^<\//) { print "}"; next }
      if ($0 ~ /^</) {
        sub(/>$/, "")
        split_up(substr($0, 2))
        opened(tolower(words[1]))
      } else { split_up($0); if (n > 1) told(tolower(words[1])) }
    }'
}

# Caddy: words of one line are one statement; import of a snippet is "use".
told_caddy() {
  LC_ALL=C awk '
    function place(value) { return value ~ /^(php:\/\/|fcgi:\/\/)?unix\// || value ~ /^(php:\/\/|fcgi:\/\/)?[A-Za-z0-9_.-]*:[0-9]+$/ ? value : (value ~ /^(\*|@.*|\/.*)$/ ? value : "{?}") }
    {
      sub(/\r$/, "")
      gsub(/\t/, " ")
      sub(/^ +/, "")
      sub(/ +$/, "")
      if ($0 == "" || $0 ~ /^#/) next
      sub(/ #.*$/, "")
      gsub(/[\042\140]/, "")
      opens = sub(/ ?\{$/, "")
      n = split($0, words, / +/)
      if ($0 == "}") { print "}"; if (depth) depth--; next }
      name = words[1]
      line = ""
      if (name == "import") line = (words[2] ~ /[\/*.]/ ? "include" : "use") "\t" words[2]
      else if (name == "root") line = name "\t" words[n]
      else if (name == "php_fastcgi" || name == "reverse_proxy" || name == "to") { line = name; for (i = 2; i <= n; i++) line = line "\t" place(words[i]) }
      else if (name == "php_server" || name == "php") line = name "\t"
      else if (name == "transport") line = name "\t" (words[2] == "fastcgi" ? "fastcgi" : "?")
      else if (depth == 0 && opens) { line = n > 0 ? $0 : "options"; gsub(/ +/, "\t", line) }
      if (line != "" && (depth > 0 || !opens || name == "import")) print line "\t;"
      if (opens) { print (depth == 0 && line != "" ? line : "block") "\t{"; depth++ }
    }'
}
