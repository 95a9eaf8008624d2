# Reads the assertions (abi_v1_*.cpp) first, then the SDK's C headers, and prints
# whatever of the headers no assertion names: a struct, a member, an enumerator, a
# type, a macro.
#   awk -f complete.awk assertions=1 abi_v1_*.cpp assertions=0 plugin.h ...
#
# Reads the headers as clang-format leaves them: one member or enumerator a line
# (or several enumerators on one), a function pointer's name behind VIRGO_CALL*.

function need(name, what) {
  wanted++
  if (name in asserted) return
  printf "%s:%d: %s is in no assertion; add it to the abi_v1_N.cpp of this minor\n", FILENAME, FNR, what
  found = 1
}

# What the macro FROZEN(s, ...), SAME(s, m, ...), VALUE(c, ...), TYPE(t, ...) names.
assertions {
  line = $0
  if (match(line, /^(FROZEN|GROWS|VALUE|TYPE)\((decltype\(&)?[a-zA-Z_0-9]+/)) {
    name = substr(line, RSTART, RLENGTH)
    sub(/.*[(&]/, "", name)
    asserted[name] = 1
  } else if (match(line, /^SAME\([a-z_0-9]+, [a-z_0-9]+/)) {
    split(substr(line, RSTART + 5, RLENGTH - 5), word, ", ")
    asserted[word[1] "." word[2]] = 1
  } else if (line !~ /^#/) {
    # Macros and functions are named in the middle of an assertion.
    while (match(line, /(VIRGO_[A-Z_0-9]+|&virgo_[a-z_0-9]+)/)) {
      name = substr(line, RSTART, RLENGTH)
      sub(/^&/, "", name)
      asserted[name] = 1
      line = substr(line, RSTART + RLENGTH)
    }
  }
  next
}

# Comments out, also those of several lines.
{
  line = $0
  text = ""
  while (line != "") {
    if (comment) {
      end = index(line, "*/")
      if (end == 0) break
      line = substr(line, end + 2)
      comment = 0
    } else {
      start = index(line, "/*")
      if (start == 0) { text = text line; break }
      text = text substr(line, 1, start - 1)
      line = substr(line, start + 2)
      comment = 1
    }
  }
  $0 = text
}

# Macros that mean something to both sides; the others shape declarations only.
/^#define VIRGO_/ {
  name = $2
  sub(/\(.*/, "", name)
  if (name !~ /_H$|^VIRGO_(EXPORT|CALL|INLINE|U32|ABI_MINOR|NOTE_PLACE|MODULE_ENTRY)$/) need(name, name)
  next
}

/^(typedef )?(struct|union) virgo_[a-z_0-9]+ *\{/ {
  record = $1 == "typedef" ? $3 : $2
  need(record, record)
  next
}
/^enum \{/ { enumeration = 1 }

record != "" && /^}/ { record = ""; next }
record != "" {
  if (match($0, /VIRGO_CALL\* [a-z_0-9]+\)/))
    name = substr($0, RSTART + 12, RLENGTH - 13)
  else if (match($0, /[a-z_0-9]+(\[[0-9]+\])?;/) && !continued) {
    name = substr($0, RSTART, RLENGTH)
    sub(/(\[[0-9]+\])?;/, "", name)
  } else
    name = ""
  continued = $0 !~ /;[ \t]*$/ && NF > 0
  if (name != "") need(record "." name, record "." name)
  next
}

enumeration {
  line = $0
  while (match(line, /VIRGO_[A-Z_0-9]+ = /)) {
    name = substr(line, RSTART, RLENGTH - 3)
    need(name, name)
    line = substr(line, RSTART + RLENGTH)
  }
  if (/}/) enumeration = 0
  next
}

/^typedef .*VIRGO_CALL\* virgo_[a-z_0-9]+\)/ {
  match($0, /VIRGO_CALL\* virgo_[a-z_0-9]+/)
  name = substr($0, RSTART + 12, RLENGTH - 12)
  need(name, name)
  next
}
# Not those that give a struct its name: these are held above, or are opaque.
/^typedef / && !/^typedef (struct|union) / {
  name = $NF
  sub(/;$/, "", name)
  need(name, name)
}
/^VIRGO_(INLINE|EXPORT) / && match($0, /virgo_[a-z_0-9]+\(/) {
  # The first name before a parenthesis is the function's.
  name = substr($0, RSTART, RLENGTH - 1)
  need(name, name)
}

END {
  # An end with nothing wanted means that this script no longer reads the headers.
  if (wanted < 150) {
    printf "complete.awk: found only %d names in the headers; mend the script\n", wanted
    found = 1
  }
  if (!found) printf "%d names, each held by an assertion\n", wanted
  exit found
}
