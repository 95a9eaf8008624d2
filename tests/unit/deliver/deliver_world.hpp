// Records to fill a queue with, and batches read back.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "deliver/memory_queue.hpp"
#include "json/value.hpp"

namespace virgo::deliver::testing {

// One record of a batch: of run `from` if from == to and not a gap.
struct Seen {
  std::uint64_t seq = 0;
  std::string check;
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  bool gap = false;  // from the queue; records here are never gaps
};

inline Record record(const metric::CheckIdentity& check, std::uint64_t from, std::uint64_t to,
                     std::size_t pad = 0) {
  Record r{&check, from, to, static_cast<WallTime>(to), ""};
  r.json = "\"check\":\"" + check.check + "\",\"from\":" + std::to_string(from) +
           ",\"to\":" + std::to_string(to) + ",\"pad\":\"" + std::string(pad, 'x') + "\"";
  return r;
}

// Reads a batch and holds it to what every batch must keep.
inline std::vector<Seen> read(const Batch& batch) {
  std::vector<Seen> out;
  const auto parsed = json::parse(batch.records);
  EXPECT_TRUE(parsed.ok()) << batch.records;
  if (!parsed.ok()) return out;
  for (const json::Value& v : parsed->items) {
    Seen s;
    s.seq = static_cast<std::uint64_t>(v.find("seq")->i64);
    const json::Value* gap = v.find("gap");
    s.gap = gap != nullptr;
    const json::Value& body = s.gap ? *gap : v;
    if (s.gap) {
      EXPECT_EQ(body.find("reason")->text, "queue");
    }
    s.check = body.find("check")->text;
    s.from = static_cast<std::uint64_t>(body.find("from")->i64);
    s.to = static_cast<std::uint64_t>(body.find("to")->i64);
    EXPECT_LE(s.from, s.to);
    if (!out.empty()) {
      EXPECT_GT(s.seq, out.back().seq) << "not in order";
    }
    out.push_back(s);
  }
  EXPECT_EQ(batch.count, out.size());
  EXPECT_EQ(batch.first, out.empty() ? 0 : out.front().seq);
  EXPECT_EQ(batch.last, out.empty() ? 0 : out.back().seq);
  return out;
}

// "1:a1 4:a2-3!" : seq, check, runs; ! marks a gap.
inline std::string brief(const Batch& batch) {
  std::string text;
  for (const Seen& s : read(batch)) {
    if (!text.empty()) text += ' ';
    text += std::to_string(s.seq) + ":" + s.check + std::to_string(s.from);
    if (s.to != s.from) text += "-" + std::to_string(s.to);
    if (s.gap) text += "!";
  }
  return text;
}

}  // namespace virgo::deliver::testing
