#include "metric/report.hpp"

namespace virgo::metric {

const char* status_name(Status status) {
  switch (status) {
    case Status::ok:
      return "ok";
    case Status::failed:
      return "failed";
    case Status::invalid:
      return "invalid";
    case Status::unsupported:
      return "unsupported";
    case Status::unreachable:
      return "unreachable";
    case Status::timeout:
      return "timeout";
    case Status::cancelled:
      return "cancelled";
    case Status::limit:
      return "limit";
    case Status::quarantined:
      return "quarantined";
  }
  return "failed";
}

const char* health_name(Health health) {
  switch (health) {
    case Health::none:
      return "none";
    case Health::ok:
      return "ok";
    case Health::warn:
      return "warn";
    case Health::unknown:
      return "unknown";
    case Health::critical:
      return "critical";
  }
  return "none";
}

const char* gap_reason_name(GapReason reason) {
  switch (reason) {
    case GapReason::overlap:
      return "overlap";
    case GapReason::wedged:
      return "wedged";
    case GapReason::late:
      return "late";
    case GapReason::suspend:
      return "suspend";
    case GapReason::queue:
      return "queue";
  }
  return "overlap";
}

}  // namespace virgo::metric
