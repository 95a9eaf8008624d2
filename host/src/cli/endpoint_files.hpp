// The folder of an endpoint: what `virgo endpoint --init DIR` writes and
// `virgo endpoint DIR` reads.
//
//   ca.pem, ca-key.pem           a private certificate authority
//   server.pem, server-key.pem   the server's certificate, signed by it
//   tokens                       one token a line; # begins a comment
//   agent.yaml                   a configuration for an agent that reports here
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace virgo::cli {

// Makes `dir` (mode 0700) and its files; `hosts` are the names and addresses
// that agents may know the server by. Refuses a folder that has any of them.
Result<void> make_endpoint_files(const std::string& dir, const std::vector<std::string>& hosts);

// The tokens of a file, comments and blank lines left out. At least one.
Result<std::vector<std::string>> read_tokens(const std::string& file);

}  // namespace virgo::cli
