// A page of Markdown as somebody follows it: its commands, and what it says they
// print. Commands stand in fences marked sh; an unmarked fence right after one
// shows what the commands of that fence print.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace virgo::sdk_test {

struct Step {
  int line = 0;                       // of the page, where the fence begins
  std::vector<std::string> commands;  // each with its here-document, if it has one
  std::vector<std::string> shown;     // lines; "..." stands for any number of them
};

std::vector<Step> read_guide(std::string_view page);

// The first line of `shown` that `out` does not have, in this order; "" if it has
// all of them. Where runs differ, they need not agree: numbers, times, sizes and
// the width of columns.
std::string missing_line(const std::vector<std::string>& shown, std::string_view out);

}  // namespace virgo::sdk_test
