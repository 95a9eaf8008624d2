// Every kind of parameter, every kind of sample.
#pragma once

#include <map>
#include <string>
#include <vector>
#include <virgo/plugin.hpp>

class Samples {
 public:
  static constexpr const char* kName = "abi.samples";
  static constexpr const char* kSummary = "Parameters as samples.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  static constexpr uint32_t kFlags = VIRGO_CHECK_RECONFIGURES;
  enum { kFlag, kCount, kRatio, kWord, kEvery, kRoom, kItem, kEntry, kFacts };
  static constexpr virgo_metric kMetrics[] = {
      virgo::sdk::gauge("abi.flag", "1", "A flag.", VIRGO_I64),
      virgo::sdk::counter("abi.count", nullptr, "A total."),
      virgo::sdk::gauge("abi.ratio", "s", nullptr),
      virgo::sdk::state("abi.word", "A text."),
      virgo::sdk::gauge("abi.every", "ns", "A duration.", VIRGO_U64),
      virgo::sdk::gauge("abi.room", "By", "A size.", VIRGO_U64),
      virgo::sdk::state("abi.item", "Of the list."),
      virgo::sdk::gauge("abi.entry", "{entry}", "Of the map.", VIRGO_I64),
      virgo::sdk::state("abi.facts", "What is not as it should be.")};
  static constexpr virgo_param kParams[] = {
      virgo::sdk::param("flag", VIRGO_PARAM_BOOL, "true", "A flag."),
      virgo::sdk::param("count", VIRGO_PARAM_INT, "3", "A number."),
      virgo::sdk::param("ratio", VIRGO_PARAM_NUMBER, "0.25", nullptr),
      virgo::sdk::param("word", VIRGO_PARAM_TEXT, "\"quiet: yes\"", "A text."),
      virgo::sdk::param("every", VIRGO_PARAM_DURATION, "90s", "A duration."),
      virgo::sdk::param("room", VIRGO_PARAM_SIZE, "64MiB", "A size."),
      virgo::sdk::param("list", VIRGO_PARAM_LIST, "[a, b]", "A list."),
      virgo::sdk::param("map", VIRGO_PARAM_MAP, "{one: 1, two: 2}", "A map."),
      virgo::sdk::required_param("path", VIRGO_PARAM_TEXT, "What must be given."),
      virgo::sdk::param("token", VIRGO_PARAM_TEXT, nullptr, "What is not shown.",
                        VIRGO_PARAM_IS_SECRET)};

  explicit Samples(virgo::sdk::Host host) : host_(host), made_ns_(host.now_ns()) {}

  void configure(virgo::sdk::Config root) {
    flag_ = root["flag"].as_bool();
    count_ = root["count"].as_int(-1);
    ratio_ = root["ratio"].as_number(-1);
    word_ = root["word"].as_text("?");
    every_ = root["every"].as_duration_ns(1);
    room_ = root["room"].as_size(1);
    const virgo::sdk::Config list = root["list"];
    const virgo::sdk::Config map = root["map"];
    items_.clear();
    for (uint32_t i = 0; i < list.size(); ++i) items_.emplace_back(list.at(i).as_text("?"));
    entries_.clear();
    for (uint32_t i = 0; i < map.size(); ++i)
      entries_.emplace(map.key_at(i), map[map.key_at(i)].as_int(-1));
    expect(list.kind() == VIRGO_NODE_LIST, "kind of a list");
    expect(map.kind() == VIRGO_NODE_MAP, "kind of a map");
    expect(root["count"].kind() == VIRGO_NODE_SCALAR, "kind of a number");
    expect(!root["token"] && !list.at(1000), "kind of nothing");
    expect(root["token"].as_int(7) == 7, "fallback");
    if (count_ < 0) root["count"].reject("must not be negative");
  }

  virgo_status collect(virgo::sdk::Run run) {
    expect(host_.now_ns() >= made_ns_, "clock");
    expect(run.time_left_ns() > 0, "time left");
    expect(virgo::sdk::Run(host_.raw(), 0).time_left_ns() == 0, "time left of no run");
    expect(host_.extension<int>("virgo.none/1") == nullptr, "extension that is not there");
    expect(virgo::sdk::Run(host_.raw(), 0).emit(kCount, uint64_t{1}) == VIRGO_ERR_STALE,
           "emit without a run");
    expect(run.emit(1000, uint64_t{1}) == VIRGO_ERR_INVALID, "emit of no metric");
    expect(run.emit(kRatio, uint64_t{1}) == VIRGO_ERR_INVALID, "emit of the wrong type");
    expect(run.complete(VIRGO_PENDING) == VIRGO_ERR_INVALID, "complete with PENDING");
    run.explain("all well");
    if (host_.log_enabled(VIRGO_LOG_ERROR)) host_.log(VIRGO_LOG_ERROR, "collected");
    emit_values(run);
    emit_nodes(run);
    return run.emit(kFacts, wrong_.empty() ? "ok" : wrong_.c_str());
  }

 private:
  void expect(bool holds, const char* what) {
    if (!holds && wrong_.empty()) wrong_ = what;
  }

  // A sample that has grown: only the stride tells where the next one is.
  struct GrownSample {
    virgo_sample sample;
    char later[40];
  };
  template <class V>
  static GrownSample grown(uint32_t metric, V value, int64_t unix_ns = 0) {
    GrownSample g{};
    g.sample.metric = metric;
    g.sample.unix_ns = unix_ns;
    virgo::sdk::Run::set(g.sample, value);
    for (char& c : g.later) c = 'Z';
    return g;
  }
  void emit_values(virgo::sdk::Run run) {
    GrownSample all[] = {grown(kFlag, int64_t{flag_}),
                         grown(kCount, static_cast<uint64_t>(count_)),
                         grown(kRatio, ratio_, 1'700'000'000'000'000'000),
                         grown(kWord, std::string_view(word_)),
                         grown(kEvery, every_),
                         grown(kRoom, room_),
                         grown(VIRGO_UNDECLARED, -0.5)};
    all[6].sample.name = virgo_cstr("abi.undeclared");
    all[6].sample.unit = virgo_cstr("By");
    all[6].sample.kind = VIRGO_COUNTER;
    const virgo_host* host = host_.raw();
    expect(host->run->emit(host, run.id(), &all[0].sample, 7, sizeof all[0]) == VIRGO_OK,
           "emit with a stride");
  }
  void emit_nodes(virgo::sdk::Run run) {
    using virgo::sdk::label;
    for (size_t i = 0; i < items_.size(); ++i)
      run.emit(kItem, std::string_view(items_[i]),
               {label("from", "list"), label("at", std::to_string(i))});
    for (const auto& [key, value] : entries_)
      run.emit(kEntry, value, {label("from", "map"), label("at", key)});
  }

  virgo::sdk::Host host_;
  uint64_t made_ns_;
  bool flag_ = false;
  int64_t count_ = 0;
  double ratio_ = 0;
  std::string word_;
  uint64_t every_ = 0;
  uint64_t room_ = 0;
  std::vector<std::string> items_;
  std::map<std::string, int64_t> entries_;
  std::string wrong_;  // the first thing that is not as 1.0 says
};

class Worker : public Samples {
 public:
  static constexpr const char* kName = "abi.worker";
  static constexpr uint32_t kThread = VIRGO_ON_WORKER;
  static constexpr uint32_t kFlags = VIRGO_CHECK_SERIAL | VIRGO_CHECK_ISOLATE;
  using Samples::Samples;
};
