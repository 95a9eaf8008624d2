// virgo.textfile: series that others leave in files, in the text format of Prometheus.
//
// On a worker: the files are as many and as long as others make them.
#include <shared/naming.hpp>
#include <shared/proc_file.hpp>

#include "drop_folder.hpp"
#include "seen_series.hpp"

namespace {

using plugin::Exposition;
using plugin::FileNames;
using plugin::Series;
using plugin::WholeFile;
using virgo::sdk::gauge;
using virgo::sdk::label;
using virgo::sdk::param;

class Textfile {
 public:
  static constexpr const char* kName = "virgo.textfile";
  static constexpr const char* kSummary = "Series that other programs leave in *.prom files.";
  static constexpr uint32_t kThread = VIRGO_ON_WORKER;
  enum Metric : uint32_t { kErrors, kTime, kNodeError, kNodeTime };
  static constexpr virgo_metric kMetrics[] = {
      gauge("virgo.textfile.errors", "{file}", "Files that are left out because of an error.",
            VIRGO_U64),
      gauge("virgo.textfile.mtime", "s", "When a file was last changed, since 1970.", VIRGO_F64),
      gauge("node_textfile_scrape_error", "", "1 when a file is left out because of an error.",
            VIRGO_U64),
      gauge("node_textfile_mtime_seconds", "", "When a file was last changed, since 1970.",
            VIRGO_F64)};
  static constexpr virgo_param kParams[] = {
      param("directory", VIRGO_PARAM_TEXT, "/var/lib/prometheus/node-exporter",
            "The folder with the *.prom files. Default: that of Debian's node_exporter."),
      param("max_series", VIRGO_PARAM_INT, "2000",
            "The most series to report; those beyond it are not reported."),
      plugin::naming_param(), plugin::root_param()};

  explicit Textfile(virgo::sdk::Host host) : host_(host) {}

  virgo_status configure(virgo::sdk::Config root) {
    exporter_ = plugin::naming_of(root) == plugin::Naming::prometheus;
    const std::string_view directory = root["directory"].as_text();
    if (directory.empty() || directory.front() != '/')
      root["directory"].reject("must be an absolute path");
    const int64_t most = root["max_series"].as_int(0);
    if (most < 1 || most > 1'000'000) root["max_series"].reject("must be from 1 to 1000000");
    max_series_ = static_cast<uint64_t>(most);
    return directory_.set(directory) && path_.set(root["root"].as_text(), directory)
               ? VIRGO_OK
               : VIRGO_ERR_NO_MEMORY;
  }

  virgo_status collect(virgo::sdk::Run run) {
    const int folder = open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    FileNames names;
    if (folder < 0 || !names.read(folder)) {
      const int error = errno;
      if (folder >= 0) close(folder);
      plugin::explain(run, "%s: %s", path_.c_str(), strerror(error));
      return error == ENOENT ? VIRGO_ERR_UNSUPPORTED : VIRGO_ERR_FAILED;
    }
    const virgo_status status = report_files(run, folder, names);
    close(folder);
    return status;
  }

 private:
  // Of one run.
  struct Outcome {
    plugin::SeenSeries seen;
    uint64_t series = 0;      // of good files, up to max_series
    uint64_t beyond = 0;      // max_series
    uint64_t not_finite = 0;  // NaN and infinities
    uint64_t bad_files = 0;
    char first_error[400] = "";
  };

  virgo_status report_files(virgo::sdk::Run run, int folder, const FileNames& names) {
    Outcome outcome;
    WholeFile file;
    for (uint32_t i = 0; i < names.count(); ++i) {
      if (run.time_left_ns() == 0) return VIRGO_ERR_TIMEOUT;
      if (const char* error = file.read(folder, names.at(i)); error != nullptr) {
        refuse(outcome, names.at(i), 0, error);
      } else if (is_good(outcome, names, i, file.text())) {
        report_series(run, outcome, file.text());
        report_time(run, names.at(i), file.mtime());
      } else {
        outcome.seen.forget(i);
      }
    }
    if (exporter_)
      run.emit(kNodeError, uint64_t{outcome.bad_files > 0});
    else
      run.emit(kErrors, outcome.bad_files);
    tell(run, outcome, names);
    return VIRGO_OK;
  }

  // Looks at all of a file before any of it is reported.
  bool is_good(Outcome& outcome, const FileNames& names, uint32_t index,
               std::string_view text) const {
    Exposition lines(text);
    Series series;
    while (lines.next(&series)) {
      if (outcome.seen.count() == max_series_) continue;  // it will not be reported
      uint32_t file = index;
      const auto added = outcome.seen.add(plugin::identity_of(series), &file);
      if (added == plugin::SeenSeries::Added::added) continue;
      char why[300];
      snprintf(why, sizeof why, "%.*s with these labels is in %.100s already",
               static_cast<int>(series.name.size() < 100 ? series.name.size() : 100),
               series.name.data(), names.at(file));
      refuse(outcome, names.at(index), lines.line(),
             added == plugin::SeenSeries::Added::seen ? why : strerror(ENOMEM));
      return false;
    }
    if (lines.error() == nullptr) return true;
    refuse(outcome, names.at(index), lines.line(), lines.error());
    return false;
  }

  static void refuse(Outcome& outcome, const char* name, uint64_t line, const char* why) {
    if (outcome.bad_files++ > 0) return;
    if (line > 0)
      snprintf(outcome.first_error, sizeof outcome.first_error, "%.100s:%llu: %.250s", name,
               static_cast<unsigned long long>(line), why);
    else
      snprintf(outcome.first_error, sizeof outcome.first_error, "%.100s: %.250s", name, why);
  }

  void report_series(virgo::sdk::Run run, Outcome& outcome, std::string_view text) const {
    Exposition lines(text);
    Series series;
    while (lines.next(&series)) {
      if (outcome.series == max_series_) {
        ++outcome.beyond;
        continue;
      }
      ++outcome.series;
      if (!series.finite) {
        ++outcome.not_finite;
        continue;
      }
      virgo_label labels[plugin::kMostLabels];
      for (unsigned i = 0; i < series.label_count; ++i)
        labels[i] = label(series.labels[i].name, series.labels[i].value);
      run.emit_undeclared(series.name, "", series.counter ? VIRGO_COUNTER : VIRGO_GAUGE,
                          series.value, labels, series.label_count);
    }
  }

  // node_exporter's file is a whole path, and its time has whole seconds.
  void report_time(virgo::sdk::Run run, const char* name, const timespec& mtime) const {
    const double seconds = static_cast<double>(mtime.tv_sec);
    plugin::Text folder;
    plugin::Text path;
    if (!exporter_)
      run.emit(kTime, seconds + static_cast<double>(mtime.tv_nsec) * 1e-9,
               {label("file.name", name)});
    else if (folder.set(directory_.c_str(), "/") && path.set(folder.c_str(), name))
      run.emit(kNodeTime, seconds, {label("file", path.c_str())});
  }

  // One sentence for a person, about what is not reported.
  void tell(virgo::sdk::Run run, const Outcome& o, const FileNames& names) {
    const bool much = o.beyond > 0 || names.too_many();
    char text[800] = "";
    size_t n = 0;
    const auto add = [&](const char* format, auto... values) {
      if (n >= sizeof text - 1) return;
      const int more = snprintf(text + n, sizeof text - n, format, values...);
      n += more > 0 ? static_cast<size_t>(more) : 0;
      if (n >= sizeof text) n = sizeof text - 1;
    };
    const auto number = [](uint64_t value) { return static_cast<unsigned long long>(value); };
    if (o.bad_files > 0)
      add("Files left out: %llu, the first is %s. ", number(o.bad_files), o.first_error);
    if (o.not_finite > 0)
      add("Values left out because they are not finite: %llu. ", number(o.not_finite));
    if (names.too_many()) add("Only %u files are read. ", plugin::kMostFiles);
    if (o.beyond > 0)
      add("max_series is %llu: series left out: %llu. ", number(max_series_), number(o.beyond));
    if (n > 0) run.explain({text, n - 1});
    if (much && !warned_) host_.log(VIRGO_LOG_WARN, {text, n - 1});
    warned_ = much;
  }

  virgo::sdk::Host host_;
  plugin::Text directory_;
  plugin::Text path_;
  uint64_t max_series_ = 0;
  bool exporter_ = false;
  bool warned_ = false;
};

}  // namespace

VIRGO_CXX_MODULE("io.virgo.textfile", "0.2.0", Textfile);
