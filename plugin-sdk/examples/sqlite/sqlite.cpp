// SPDX-License-Identifier: MIT
//
// example.sqlite: what a query on an SQLite database answers, a sample per row.
//
// The library blocks, so the check asks for a worker thread. There are two ways to
// make it stop in time, and a good check uses both: it asks time_left() while it
// works, and cancel(), which the agent calls on another thread, interrupts it.
#include <sqlite3.h>
#include <string.h>
#include <time.h>

#include <mutex>
#include <string>
#include <string_view>
#include <vector>
#include <virgo/plugin.hpp>

namespace {

using namespace virgo::sdk;

class Sqlite {
 public:
  static constexpr const char* kName = "example.sqlite";
  static constexpr const char* kSummary = "What a query on an SQLite database answers.";
  static constexpr uint32_t kThread = VIRGO_ON_WORKER;
  enum Metric : uint32_t { kValue, kRows };
  static constexpr virgo_metric kMetrics[] = {
      gauge("example.sqlite.value", nullptr,
            "The column `value` of a row; its other columns are labels."),
      gauge("example.sqlite.rows", "{row}", "How many rows there were.", VIRGO_U64)};
  static constexpr virgo_param kParams[] = {
      required_param("database", VIRGO_PARAM_TEXT, "The file; it is opened to be read only."),
      required_param("query", VIRGO_PARAM_TEXT, "SELECT with a column `value` that is a number.")};

  explicit Sqlite(Host host) : host_(host) {}
  ~Sqlite() { shut(); }

  void configure(Config root) {
    database_ = root["database"].as_text();
    query_ = root["query"].as_text();
    if (database_.empty() || database_[0] != '/')
      root["database"].reject("must be an absolute path");
  }

  virgo_status collect(Run run) {
    run_ = run.id();
    const std::string wrong = db_ == nullptr && !open() ? sqlite3_errmsg(db_) : ask(run);
    if (wrong.empty()) return VIRGO_OK;
    const bool late = run.time_left_ns() == 0;
    run.explain(database_ + ": " + (late ? "took too long" : wrong));
    shut();  // the file may have been replaced: open it anew next time
    return late ? VIRGO_ERR_TIMEOUT : VIRGO_ERR_FAILED;
  }

  // On the loop, while collect() may execute on its worker. The mutex keeps the
  // connection from being closed under it, and is never held for long.
  void cancel(Run) noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (db_ != nullptr) sqlite3_interrupt(db_);
  }

 private:
  static bool is_over(void* p) {
    const auto* self = static_cast<Sqlite*>(p);
    return Run(self->host_.raw(), self->run_).time_left_ns() == 0;
  }
  static int doze() {
    const timespec rest{0, 2'000'000};
    nanosleep(&rest, nullptr);
    return 1;
  }

  bool open() {
    sqlite3* db = nullptr;
    const int rc = sqlite3_open_v2(database_.c_str(), &db, SQLITE_OPEN_READONLY, nullptr);
    const std::lock_guard<std::mutex> lock(mutex_);
    db_ = db;
    return rc == SQLITE_OK;
  }
  void shut() {
    const std::lock_guard<std::mutex> lock(mutex_);
    sqlite3_close(db_);
    db_ = nullptr;
  }

  // What went wrong; "" when nothing did.
  std::string ask(Run run) {
    // Every thousand steps of SQLite's machine, some microseconds; and while
    // somebody else has the database locked, which is no step of it.
    sqlite3_progress_handler(
        db_, 1000, [](void* p) { return is_over(p) ? 1 : 0; }, this);
    sqlite3_busy_handler(
        db_, [](void* p, int) { return is_over(p) ? 0 : doze(); }, this);
    sqlite3_stmt* statement = nullptr;
    std::string wrong;
    if (sqlite3_prepare_v2(db_, query_.c_str(), -1, &statement, nullptr) != SQLITE_OK)
      wrong = sqlite3_errmsg(db_);
    else
      wrong = report(run, statement);
    sqlite3_finalize(statement);
    return wrong;
  }

  std::string report(Run run, sqlite3_stmt* statement) {
    const int columns = sqlite3_column_count(statement);
    int value = 0;
    while (value < columns && strcmp(sqlite3_column_name(statement, value), "value") != 0) ++value;
    if (value == columns)
      return "the query has no column `value`: write SELECT count(*) AS value FROM ...";
    uint64_t rows = 0;
    int rc;
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
      // More than the agent takes: it says so itself.
      if (row(run, statement, columns, value) == VIRGO_ERR_LIMIT) return "";
      ++rows;
    }
    if (rc != SQLITE_DONE) return sqlite3_errmsg(db_);
    run.emit(kRows, rows);
    return "";
  }

  virgo_status row(Run run, sqlite3_stmt* statement, int columns, int value) {
    std::vector<virgo_label> labels;
    for (int i = 0; i < columns; ++i) {
      if (i == value) continue;
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
      labels.push_back(label(sqlite3_column_name(statement, i), text == nullptr ? "" : text));
    }
    virgo_sample sample{};
    sample.metric = kValue;
    run.set(sample, sqlite3_column_double(statement, value));
    sample.labels = {labels.data(), static_cast<uint32_t>(labels.size()), sizeof(virgo_label)};
    return run.emit(&sample, 1);
  }

  const Host host_;
  std::string database_;
  std::string query_;
  virgo_run run_ = 0;
  std::mutex mutex_;  // guards db_ against cancel()
  sqlite3* db_ = nullptr;
};

}  // namespace

VIRGO_CXX_MODULE("org.example.sqlite", "1.0.0", Sqlite);
