#include <sqlite3.h>

#include "sdk/scripted.hpp"

namespace virgo::fake {
namespace {

using namespace std::chrono_literals;

// Counts for hours.
constexpr const char* kEndless =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) AS value FROM n";

struct SqliteTest : ::testing::Test {
  SqliteTest() {
    run_sql(
        "CREATE TABLE jobs(queue TEXT, state TEXT);"
        "INSERT INTO jobs VALUES('mail','waiting'),('mail','waiting'),('print','done');");
  }
  ~SqliteTest() override { sqlite3_close(db); }
  void run_sql(const char* sql) {
    if (db == nullptr) {
      ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
    }
    ASSERT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
  }
  bool configure(const std::string& query) {
    return check.configure({{"database", path}, {"query", query}});
  }
  Folder folder;
  const std::string path = folder.file("jobs.db");
  sqlite3* db = nullptr;
  Host host;
  Check check{host, virgo_module_v1()};
};

TEST_F(SqliteTest, ASampleForEachRow) {
  ASSERT_TRUE(configure("SELECT queue, state, count(*) AS value FROM jobs GROUP BY 1, 2"));
  const Outcome run = check.collect();
  EXPECT_EQ(run.status(), VIRGO_OK) << run.explanation();
  EXPECT_EQ(run.all_text(),
            "example.sqlite.value{queue=mail,state=waiting} 2\n"
            "example.sqlite.value{queue=print,state=done} 1\n"
            "example.sqlite.rows 2 {row}\n");
  run_sql("DELETE FROM jobs WHERE queue='mail'");
  EXPECT_EQ(check.collect().u64("example.sqlite.rows"), 1u) << "the connection stays open";
  EXPECT_EQ(host.misuse_text(), "");
}

TEST_F(SqliteTest, StopsByItselfWhenTimeIsUp) {
  ASSERT_TRUE(configure(kEndless));
  const Outcome run = check.start_on_thread(1s);
  host.advance(999ms);
  EXPECT_FALSE(run.ended());
  host.advance(1ms);  // the deadline, and cancel()
  ASSERT_TRUE(host.run_until([&] { return run.ended(); }));
  EXPECT_EQ(run.status(), VIRGO_ERR_TIMEOUT);
  EXPECT_EQ(run.explanation(), path + ": took too long");
  EXPECT_EQ(host.misuse_text(), "");
}

TEST_F(SqliteTest, WaitsForALockOnlyAsLongAsThereIsTime) {
  ASSERT_TRUE(configure("SELECT count(*) AS value FROM jobs"));
  run_sql("BEGIN EXCLUSIVE");
  const Outcome locked = check.start_on_thread(1s);
  host.advance(1s);
  ASSERT_TRUE(host.run_until([&] { return locked.ended(); }));
  EXPECT_EQ(locked.status(), VIRGO_ERR_TIMEOUT);
  const Outcome patient = check.start_on_thread(1s);
  run_sql("COMMIT");
  ASSERT_TRUE(host.run_until([&] { return patient.ended(); }));
  EXPECT_EQ(patient.status(), VIRGO_OK) << patient.explanation();
}

TEST_F(SqliteTest, WhatIsWrongIsSaid) {
  ASSERT_TRUE(configure("SELECT count(*) AS value FROM absent"));
  EXPECT_EQ(check.collect().explanation(), path + ": no such table: absent");
  ASSERT_TRUE(configure("SELECT count(*) FROM jobs"));
  EXPECT_THAT(check.collect().explanation(), HasSubstr("the query has no column `value`"));
  ASSERT_TRUE(configure("DELETE FROM jobs RETURNING 1 AS value"));
  EXPECT_THAT(check.collect().explanation(), HasSubstr("readonly database"));
  const std::string absent = folder.file("absent.db");
  ASSERT_TRUE(check.configure({{"database", absent}, {"query", "SELECT 1 AS value"}}));
  EXPECT_EQ(check.collect().explanation(), absent + ": unable to open database file");
  EXPECT_FALSE(check.configure({{"database", "jobs.db"}, {"query", "x"}}));
  EXPECT_EQ(check.problems_text(), "params.database: must be an absolute path\n");
  EXPECT_EQ(host.misuse_text(), "");
}

TEST_F(SqliteTest, RowsBeyondTheLimitEndTheRun) {
  Limits limits;
  limits.samples = 2;
  host.set_limits(limits);
  ASSERT_TRUE(configure("SELECT 1 AS value UNION SELECT 2 UNION SELECT 3"));
  EXPECT_EQ(check.collect().status(), VIRGO_ERR_LIMIT);
}

}  // namespace
}  // namespace virgo::fake
