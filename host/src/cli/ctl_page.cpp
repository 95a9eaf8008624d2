#include "cli/ctl_page.hpp"

#include <array>
#include <ctime>

#include "base/format.hpp"
#include "base/text.hpp"
#include "cli/text_table.hpp"

namespace virgo::cli {
namespace {

std::string text_of(const json::Value& object, std::string_view key) {
  const json::Value* member = object.find(key);
  return member == nullptr ? "" : member->text;  // of a number: as it was written
}

std::int64_t whole_of(const json::Value& object, std::string_view key) {
  const json::Value* member = object.find(key);
  return member == nullptr ? 0 : member->i64;
}

// "143 us", "2.1 ms", "3.20 s"
std::string micros_text(std::int64_t us) {
  if (us < 1000) return format("{} us", us);
  const auto value = static_cast<double>(us);
  return us < 1'000'000 ? format("{:.1f} ms", value / 1e3) : format("{:.2f} s", value / 1e6);
}

// "2026-01-31 12:00:00", local time.
std::string time_text(std::int64_t unix_us) {
  const std::time_t seconds = unix_us / 1'000'000;
  std::tm parts{};
  localtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts);
  return text.data();
}

std::string suspension_text(const json::Value& check) {
  const json::Value* s = check.find("suspended");
  if (s == nullptr) return "";
  const json::Value* until = s->find("until_us");
  return format("{} ({}), {} strikes, until {}", text_of(*s, "limit"), text_of(*s, "value"),
                whole_of(*s, "strikes"),
                until != nullptr ? time_text(until->i64) : "the agent is restarted");
}

// "23.2 KiB"
std::string bytes_text(std::int64_t bytes) {
  const auto value = static_cast<double>(bytes);
  if (bytes < 1024) return format("{} B", bytes);
  return bytes < 1 << 20 ? format("{:.1f} KiB", value / 1024)
                         : format("{:.1f} MiB", value / (1 << 20));
}

std::string or_dash(std::string text) {
  return text.empty() ? "-" : std::move(text);
}

// "name: value" lines, aligned.
std::string facts(const std::vector<std::pair<std::string, std::string>>& lines) {
  std::size_t width = 0;
  for (const auto& [name, value] : lines) width = std::max(width, name.size());
  std::string out;
  for (const auto& [name, value] : lines)
    out += format("{:<{}}  {}\n", name, width, one_line(value));
  return out;
}

bool is_well(const std::string& state) {
  return state.empty() || state == "ok";
}

// "/etc/virgo/lua/redis.lua cannot be used as it is: redis.lua:7: ...; the version before
// goes on" for each.
std::vector<std::string> broken_files(const json::Value& result) {
  std::vector<std::string> out;
  const json::Value* files = result.find("broken_files");
  if (files == nullptr) return out;
  for (const json::Value& file : files->items) {
    const json::Value* before = file.find("before_runs");
    out.push_back(one_line(format(
        "{} cannot be used as it is: {}; {}", text_of(file, "file"), text_of(file, "problem"),
        before != nullptr && before->boolean ? "the version before goes on until it is mended"
                                             : "its checks do not run until it is mended")));
  }
  return out;
}

std::string broken_lines(const json::Value& result) {
  std::string out;
  for (const std::string& line : broken_files(result)) out += line + "\n";
  return out.empty() ? "" : "\n" + out;
}

}  // namespace

std::string status_page(const json::Value& result) {
  const auto text = [&](const char* key) { return text_of(result, key); };
  const json::Value* connected = result.find("connected");
  std::string states;
  if (const json::Value* counts = result.find("states"))
    for (std::size_t i = 0; i < counts->keys.size(); ++i)
      if (counts->items[i].i64 > 0)
        states +=
            format("{}{} {}", states.empty() ? "" : ", ", counts->items[i].i64, counts->keys[i]);
  const Duration uptime = std::chrono::seconds(whole_of(result, "uptime_us") / 1'000'000);
  const std::string page = facts(
      {{"agent",
        format("{}, virgo {}, process {}", text("agent_id"), text("version"), text("pid"))},
       {"running for", format_duration(uptime)},
       {"endpoint",
        format("{}, {}", text("endpoint"),
               connected != nullptr && connected->boolean ? "connected" : "not connected") +
            (text("trouble").empty() ? "" : ": " + text("trouble"))},
       {"checks", format("{}, {} suspended", text("checks"), text("suspended"))},
       {"states", states.empty() ? "nothing is judged" : states},
       {"runs",
        format("{}, {} skipped, {} timed out", text("runs"), text("skipped"), text("timeouts"))},
       {"queue", format("{} reports ({}), {} dropped", text("queue_records"),
                        bytes_text(whole_of(result, "queue_bytes")), text("queue_dropped"))}});
  return page + broken_lines(result);
}

std::string checks_page(const json::Value& result) {
  TextTable table({{"Name"},
                   {"Type"},
                   {"Status"},
                   {"State"},
                   {"Took", true},
                   {"Late", true},
                   {"Runs", true},
                   {"Skipped", true},
                   {"Timeouts", true},
                   {"Suspended"}});
  std::string reasons;
  const json::Value* checks = result.find("checks");
  if (checks == nullptr || checks->items.empty()) return "no checks\n" + broken_lines(result);
  for (const json::Value& check : checks->items) {
    const std::string state = text_of(check, "state");
    const bool ran = check.find("status") != nullptr;
    const auto micros = [&](const char* key) {
      return ran ? micros_text(whole_of(check, key)) : "-";
    };
    table.add({text_of(check, "name"), text_of(check, "type"), or_dash(text_of(check, "status")),
               or_dash(state), micros("duration_us"), micros("late_us"), text_of(check, "runs"),
               text_of(check, "skipped"), text_of(check, "timeouts"), suspension_text(check)});
    const std::string status = text_of(check, "status");
    if (ran && status != "ok" && check.find("explanation") != nullptr)
      reasons += one_line(format("{} ended {}: {}", text_of(check, "name"), status,
                                 text_of(check, "explanation"))) +
                 "\n";
    if (!is_well(state))
      reasons += one_line(format("{} is {} since {}: {}", text_of(check, "name"), state,
                                 time_text(whole_of(check, "state_since_us")),
                                 or_dash(text_of(check, "state_reason")))) +
                 "\n";
  }
  return table.text() + (reasons.empty() ? "" : "\n" + reasons) + broken_lines(result);
}

std::string check_page(const json::Value& result) {
  const json::Value* checks = result.find("checks");
  if (checks == nullptr || checks->items.empty()) return "no such check\n";
  const json::Value& check = checks->items[0];
  const auto text = [&](const char* key) { return text_of(check, key); };
  std::vector<std::pair<std::string, std::string>> lines{
      {"name", text("name")}, {"type", format("{} ({})", text("type"), text("runtime"))}};
  if (check.find("file") != nullptr) lines.emplace_back("file", text("file"));
  if (check.find("status") != nullptr) {
    lines.emplace_back("last run", format("{}, began {}", text("status"),
                                          time_text(whole_of(check, "started_us"))));
    if (!text("explanation").empty()) lines.emplace_back("it said", text("explanation"));
    lines.emplace_back("took", format("{}, at most {}", micros_text(whole_of(check, "duration_us")),
                                      micros_text(whole_of(check, "max_duration_us"))));
    lines.emplace_back("late", format("{}, at most {}", micros_text(whole_of(check, "late_us")),
                                      micros_text(whole_of(check, "max_late_us"))));
  }
  lines.emplace_back("runs", format("{}, {} skipped, {} timed out", text("runs"), text("skipped"),
                                    text("timeouts")));
  if (check.find("state") != nullptr) {
    lines.emplace_back("state", format("{} since {}", text("state"),
                                       time_text(whole_of(check, "state_since_us"))));
    if (!text("state_reason").empty()) lines.emplace_back("because", text("state_reason"));
  }
  if (const std::string suspension = suspension_text(check); !suspension.empty())
    lines.emplace_back("suspended", suspension);
  return facts(lines) + broken_lines(result);
}

}  // namespace virgo::cli
