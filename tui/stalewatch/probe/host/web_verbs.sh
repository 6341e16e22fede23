# What web servers are told: functions only, sent before host.sh by tui/stalewatch/probe/host/coprocess.py. POSIX sh and awk.
# Only statements that say where PHP requests go leave the server, one a line, their words divided by tabs, the mark that ends them last.

verb_web() { # nginx PATTERN...
  command -v awk >/dev/null 2>&1 || return 0
  shift
  for pattern; do
    IFS=''
    set +f
    for path in $pattern; do web_file; done
    set -f
    unset IFS
  done
}

web_file() { # $path
  [ -f "$path" ] || return
  case $path in *"$nl"*) return ;; esac
  if [ ! -r "$path" ]; then section denied "$path"; return; fi
  section text "$path"
  out="$out$(head -c 262144 <"$path" 2>/dev/null | told_nginx)"
}

# A word of a value may be a secret, so of a variable's values only addresses and paths are told; any other one is "?".
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
