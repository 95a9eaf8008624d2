// The `virgo` command. Exit codes: 0 done, 1 failed while running, 2 wrong usage
// or configuration.
#pragma once

namespace virgo::cli {

inline constexpr int kOk = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;

int run(int argc, char** argv);

}  // namespace virgo::cli
