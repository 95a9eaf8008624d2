// Standard output, kept from code of others: what a plugin prints goes to standard
// error from here on, so that it cannot spoil what a program reads from us.
#pragma once

#include <string_view>

namespace virgo::cli {

class OwnOutput {
 public:
  // Before any plugin is loaded.
  OwnOutput();
  // Standard output is as it was.
  ~OwnOutput();
  OwnOutput(const OwnOutput&) = delete;
  OwnOutput& operator=(const OwnOutput&) = delete;

  // To the true standard output, at once. False if nobody takes it any more.
  bool write(std::string_view text) const;

 private:
  int out_;
};

}  // namespace virgo::cli
