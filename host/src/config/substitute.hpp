// ${env:NAME} and ${file:/path} inside scalars. Internal to config/.
//
//   token: ${file:/run/secrets/virgo}     one newline at the end is cut off
//   ca: "${env:DEMO}/ca.pem"              several in one scalar are fine
//   text: $${env:NAME}                    the text "${env:NAME}" itself
//
// What is put in is not searched again. Not thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace virgo::config {

struct Sources;

struct Substituted {
  std::string text;
  bool secret = false;  // something was put in
};

// Replaces what it finds in `text`; relative files are seen from `folder`.
// Fails for a variable that is not set, a file that cannot be read or is larger
// than 64 KiB, content that is not UTF-8 text, and anything else in ${...}.
Result<Substituted> substitute(std::string_view text, const std::string& folder,
                               const Sources& sources);

}  // namespace virgo::config
