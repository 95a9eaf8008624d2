#include "functional/services/watch.hpp"

#include <cmath>
#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>

namespace virgo::functional {

Watch::Watch(const std::string& checks, const std::string& rest) {
  endpoint_.start();
  agent_.start(agent_yaml(endpoint_, checks,
                          "defaults: {interval: 200ms, timeout: 5s, splay: 0s}\n" + rest));
}

void Watch::read() {
  std::ifstream file(endpoint_.reports_file());
  file.seekg(read_);
  std::string line;
  while (std::getline(file, line) && !file.eof()) {  // what has no end yet is for the next time
    read_ += static_cast<std::streamoff>(line.size()) + 1;
    if (auto record = json::parse(line)) records_.push_back(std::move(record).value());
  }
}

json::Value Watch::report(const std::string& check, const Accept& accept) {
  std::size_t seen = 0;
  json::Value last;
  const bool found = eventually([&] {
    read();
    const auto reports = reports_of(records_, check);
    for (; seen < reports.size(); ++seen) {
      last = *reports[seen];
      if (accept ? accept(last) : text_of(last, "status") == "ok") return true;
    }
    return false;
  });
  if (!found)
    ADD_FAILURE() << "no such report of " << check << "; the last is " << json::to_json(last)
                  << "\nthe agent says:\n"
                  << agent_.err();
  return last;
}

std::map<std::string, std::string> samples(const json::Value& report) {
  std::map<std::string, std::string> out;
  const json::Value* list = report.find("samples");
  if (list == nullptr) return out;
  for (const json::Value& item : list->items) {
    std::string key = text_of(item, "n");
    if (const json::Value* labels = item.find("l"); labels != nullptr) {
      std::map<std::string, std::string> sorted;
      for (std::size_t i = 0; i < labels->keys.size(); ++i)
        sorted[labels->keys[i]] = labels->items[i].text;
      std::string text;
      for (const auto& [name, value] : sorted)
        text += (text.empty() ? "" : ",") + name + "=" + value;
      if (!text.empty()) key += "{" + text + "}";
    }
    out[key] = text_of(item, "v");
  }
  return out;
}

std::string sample(const json::Value& report, const std::string& series) {
  const auto all = samples(report);
  const auto found = all.find(series);
  return found == all.end() ? "" : found->second;
}

double number(const json::Value& report, const std::string& series) {
  const std::string text = sample(report, series);
  return text.empty() ? std::nan("") : std::atof(text.c_str());
}

Watch::Accept ended(const std::string& status, const std::string& text) {
  return [=](const json::Value& report) {
    return text_of(report, "status") == status &&
           text_of(report, "message").find(text) != std::string::npos;
  };
}

Watch::Accept judged(const std::string& state, const std::string& reason) {
  return [=](const json::Value& report) {
    return text_of(report, "status") == "ok" && text_of(report, "state") == state &&
           text_of(report, "state_reason").find(reason) != std::string::npos;
  };
}

}  // namespace virgo::functional
