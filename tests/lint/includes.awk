# Reads the link graph first, then sources, and prints each #include that breaks
# a rule:
#   - the link graph has no cycles, and names only parts that exist
#   - host/src/<part> includes "other/x.hpp" only along the graph
#   - a library's headers only in the part that declares it as THIRD_PARTY
#   - no heavy standard headers in host/src: they cost memory in the daemon
#   - plugins know the SDK and nothing of the host
#   - the SDK's C headers need <stddef.h> and <stdint.h> only, and name nothing of
#     libuv, Lua or C++'s library outside comments

function finding(what) {
  printf "%s:%d: %s\n", FILENAME, FNR, what
  found = 1
}

# The library a header belongs to, "" if none that we name.
function library_of(header) {
  if (header ~ /^uv(\.h$|\/)/) return "uv"
  if (header ~ /^boost\/json/) return "json"
  if (header ~ /^boost\/dll/) return "boost_dll"
  if (header ~ /^boost\//) return "boost"
  if (header ~ /^openssl\//) return "openssl"
  if (header ~ /^yaml-cpp\//) return "yaml"
  if (header ~ /^fmt\//) return "fmt"
  if (header ~ /^luv\//) return "luv"
  if (header ~ /^llhttp\.h$/) return "llhttp"
  if (header ~ /^(lua|lauxlib|lualib|luajit)\.h$|^lua\.hpp$/) return "luajit"
  # Folders of the C library and the kernel; any other has to be declared.
  if (header ~ /\// && header !~ /^(sys|net|netinet|arpa|linux|asm|netpacket|virgo)\//) return header
  return ""
}

function reaches(from, to,    i, n, next_parts) {
  if (from == to) return 1
  if ((from, to) in reach) return reach[from, to]
  reach[from, to] = 0  # also ends a walk round a cycle
  n = split(links[from], next_parts, " ")
  for (i = 1; i <= n; i++) if (reaches(next_parts[i], to)) return reach[from, to] = 1
  return 0
}

# A whole call, its lines joined: NAME [LINK a b] [THIRD_PARTY c d]
function read_part(text,    words, n, i, into) {
  gsub(/[()]/, " ", text)
  n = split(text, words, " ")
  part = words[2]
  defined_at[part] = FNR
  into = ""
  for (i = 3; i <= n; i++) {
    if (words[i] == "LINK" || words[i] == "THIRD_PARTY") into = words[i]
    else if (into == "LINK") links[part] = links[part] " " words[i]
    else if (into == "THIRD_PARTY") allowed[part, words[i]] = 1
  }
}

function check_graph(    part, n, i, names) {
  for (part in defined_at) {
    n = split(links[part], names, " ")
    for (i = 1; i <= n; i++) {
      if (!(names[i] in defined_at)) {
        printf "%s:%d: %s links '%s', which is not a part; mend the name\n", graph_file, defined_at[part], part, names[i]
        found = 1
      } else if (reaches(names[i], part)) {
        printf "%s:%d: %s and %s link each other in a circle; take one link out\n", graph_file, defined_at[part], part, names[i]
        found = 1
      }
    }
  }
}

FNR == 1 && NR != 1 {
  if (graph_file != "" && !checked) { check_graph(); checked = 1 }
  count = split(FILENAME, path, "/")
  zone = "other"
  in_comment = 0
  if (FILENAME ~ /^host\/src\//) { zone = "host"; part = count > 3 ? path[3] : "cli" }
  else if (FILENAME ~ /^plugin-sdk\/include\/.*\.h$/) zone = "sdk_c"
  else if (FILENAME ~ /^(plugins|tests\/plugins|tests\/abi\/plugins|plugin-sdk)\//) zone = "plugin"
  if (zone == "host" && !(part in defined_at))
    finding("folder '" part "' is not in the link graph; add it to " graph_file)
}

NR == FNR {
  graph_file = FILENAME
  if ($0 ~ /^virgo_part\(/) call = ""
  if ($0 ~ /^virgo_part\(/ || call != "") {
    call = call " " $0
    if ($0 ~ /\)/) { read_part(call); call = "" }
  }
  if ($0 ~ /^target_link_libraries\(virgo_[a-z]+ .*Virgo::plugin/) {
    name = $1
    sub(/^target_link_libraries\(virgo_/, "", name)
    uses_sdk[name] = 1
  }
  next
}

function check_host(header, quoted,    other, lib, name) {
  if (header ~ /^(iostream|fstream|sstream|regex|locale)$/) {
    finding("<" header "> costs the daemon memory; use virgo::format, base/text.hpp or read(2)")
    return
  }
  if (header ~ /^virgo\//) {
    for (name in uses_sdk) if (reaches(part, name)) return
    finding("part '" part "' does not link the plugin SDK; leave <" header "> to native")
    return
  }
  if (quoted) {
    other = header
    if (!sub(/\/.*/, "", other)) {
      finding("write \"" header "\" with its part in front: \"" part "/" header "\"")
    } else if (!(other in defined_at)) {
      finding("\"" header "\" is not in a part of host/src; third-party headers go in <>")
    } else if (!reaches(part, other)) {
      finding("'" part "' does not link '" other "'; go through what it links, or change the link graph in " graph_file)
    }
    return
  }
  lib = library_of(header)
  if (lib != "" && !((part, lib) in allowed) && !(lib == "uv" && FILENAME == "host/src/lua/luv.cpp"))
    finding("<" header "> may not be included in '" part "'; only parts with THIRD_PARTY " lib " in " graph_file " may")
}

# The line without its comments; in_comment lasts from line to line.
function code_of(line,    code, at) {
  code = ""
  while (line != "") {
    at = index(line, in_comment ? "*/" : "/*")
    if (!in_comment) code = code (at == 0 ? line : substr(line, 1, at - 1))
    if (at == 0) break
    line = substr(line, at + 2)
    in_comment = !in_comment
  }
  return code
}

zone == "sdk_c" {
  code = code_of($0)
  if (match(code, /(^|[^a-z0-9_])(uv_|lua_|std::)[a-zA-Z0-9_]*/)) {
    name = substr(code, RSTART, RLENGTH)
    sub(/^[^a-z]/, "", name)
    finding("\"" name "\" in the SDK's C headers; plugins must not depend on what the agent is made of")
  }
}

/^[ \t]*#[ \t]*include[ \t]*["<]/ {
  header = $0
  sub(/^[ \t]*#[ \t]*include[ \t]*/, "", header)
  quoted = substr(header, 1, 1) == "\""
  header = substr(header, 2)
  sub(/[">].*/, "", header)
  first = header
  sub(/\/.*/, "", first)
  if (zone == "host") {
    check_host(header, quoted)
  } else if (zone == "sdk_c") {
    if (header != "stddef.h" && header != "stdint.h" && header != "../plugin.h" && header !~ /^virgo\//)
      finding("<" header "> in the SDK's C headers; they need <stddef.h> and <stdint.h> only")
  } else if (zone == "plugin") {
    if (header ~ /(^|\/)host\/src\// || (header ~ /\.hpp$/ && header ~ /\// && first in defined_at))
      finding("\"" header "\" is the host's; a plugin includes <virgo/plugin.h> or <virgo/plugin.hpp> only")
  }
}

END {
  if (!checked) check_graph()
  exit found
}
