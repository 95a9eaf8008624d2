// The state folder as far as crashes go: "crashes" (native/crash_record.hpp),
// "skipped-plugins" (native/skip_list.hpp) and "hung-checks" (script/hung_checks.hpp). What lies in
// it decides which plugins are not loaded, so it is used only if nobody but root and our effective
// user can write it; the same goes for each file. All agents of a host may share it. Any thread.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/result.hpp"
#include "native/skip_list.hpp"

namespace virgo::agent {

// The file of crashes, open for appending. It stays the same file for ever, so that
// whoever has it open goes on writing into the one that is read.
class CrashFile {
 public:
  CrashFile(Descriptor file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}
  int get() const { return file_.get(); }
  const std::string& path() const { return path_; }

  // Between these two nobody else changes anything in the folder. Gives up with
  // Errc::timeout: who holds it may be stopped.
  Result<void> lock(Duration patience = std::chrono::seconds(5)) const;
  void unlock() const;

  Result<std::string> read() const;
  Result<void> rewrite(std::string_view text) const;  // locked

 private:
  Descriptor file_;
  std::string path_;
};

class CrashFolder {
 public:
  // Errc::not_found if there is none; Errc::denied, with what to do, if others can
  // write it.
  static Result<CrashFolder> open(const std::string& path);

  // Made if it is missing.
  Result<CrashFile> crashes() const;
  // Empty if there is no list. Needs no lock.
  Result<native::SkipList> skipped() const;
  Result<void> replace_skipped(const native::SkipList& list) const;  // locked
  // Empty if there is none. Needs no lock.
  Result<std::string> hung() const;
  // In one step; of two agents that do it at a time the last one's stays.
  Result<void> replace_hung(std::string_view text) const;

 private:
  CrashFolder(Descriptor folder, std::string path)
      : folder_(std::move(folder)), path_(std::move(path)) {}
  Result<Descriptor> open_file(const std::string& name, int flags) const;
  Result<void> replace(const std::string& name, std::string_view text) const;
  std::string file(const std::string& name) const { return path_ + "/" + name; }

  Descriptor folder_;
  std::string path_;
};

}  // namespace virgo::agent
