// A check type whose functions are lambdas of the test, given the host's table: what
// a check may do, and what it must not. And folders and gates for these tests.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <string>
#include <vector>
#include <virgo/testing/fake_host.hpp>

namespace virgo::fake {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

inline virgo_str str(const std::string& s) {
  return {s.data(), s.size()};
}

struct Scripted {
  std::function<virgo_status(virgo_run)> collect = [](virgo_run) { return VIRGO_OK; };
  std::function<virgo_status(const virgo_config*)> configure;
  std::function<void(virgo_run)> cancel;
  std::function<void()> destroy;
  std::vector<virgo_param> params;
  std::vector<virgo_metric> metrics{{"test.signed", "1", nullptr, VIRGO_GAUGE, VIRGO_I64},
                                    {"test.float", "s", nullptr, VIRGO_GAUGE, VIRGO_F64},
                                    {"test.text", nullptr, nullptr, VIRGO_STATE, VIRGO_TEXT}};
  // Of the instance:
  const virgo_host* host = nullptr;
  virgo_check self = 0;
  const virgo_loop* loop = nullptr;

  explicit Scripted(uint32_t thread = VIRGO_ON_LOOP, uint32_t flags = 0) {
    current() = this;
    type_.struct_size = sizeof type_;
    type_.thread = thread;
    type_.flags = flags;
    type_.name = "test.scripted";
    type_.create = [](const virgo_host* h, virgo_check s, void** out) -> virgo_status {
      Scripted* me = current();
      me->host = h;
      me->self = s;
      me->loop = static_cast<const virgo_loop*>(h->get_extension(h, VIRGO_EXT_LOOP));
      *out = me;
      return VIRGO_OK;
    };
    type_.configure = [](void* p, const virgo_config* root) -> virgo_status {
      auto* me = static_cast<Scripted*>(p);
      return me->configure ? me->configure(root) : VIRGO_OK;
    };
    type_.collect = [](void* p, virgo_run run) { return static_cast<Scripted*>(p)->collect(run); };
    type_.cancel = [](void* p, virgo_run run) {
      auto* me = static_cast<Scripted*>(p);
      if (me->cancel) me->cancel(run);
    };
    type_.destroy = [](void* p) {
      auto* me = static_cast<Scripted*>(p);
      if (me->destroy) me->destroy();
    };
  }
  const virgo_check_type& type() {
    type_.params = {params.data(), static_cast<uint32_t>(params.size()), sizeof(virgo_param)};
    type_.metrics = {metrics.data(), static_cast<uint32_t>(metrics.size()), sizeof(virgo_metric)};
    return type_;
  }

  virgo_status emit(virgo_run run, int64_t value, uint32_t metric = 0) const {
    virgo_sample s{};
    s.metric = metric;
    s.type = VIRGO_I64;
    s.value.i64 = value;
    return host->run->emit(host, run, &s, 1, sizeof s);
  }
  virgo_status complete(virgo_run run, virgo_status status = VIRGO_OK) const {
    return host->run->complete(host, run, status);
  }
  uint64_t time_left(virgo_run run) const { return host->run->time_left(host, run); }

 private:
  static Scripted*& current() {
    static Scripted* scripted = nullptr;
    return scripted;
  }
  virgo_check_type type_{};
};

// Holds threads back until it is opened.
class Gate {
 public:
  void open() {
    const std::lock_guard<std::mutex> lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  // The time only keeps a broken test from hanging.
  bool pass() {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

// A folder that goes with the test.
class Folder {
 public:
  Folder() {
    std::string name = ::testing::TempDir() + "virgo-sdk-XXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(file(name), std::ios::binary | std::ios::trunc) << text;
    return file(name);
  }

 private:
  std::string path_;
};

}  // namespace virgo::fake
