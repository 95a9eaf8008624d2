#include "native/status.hpp"

#include "base/format.hpp"

namespace virgo::native {

metric::Status to_metric(virgo_status status) {
  using metric::Status;
  switch (status) {
    case VIRGO_ERR_INVALID:
      return Status::invalid;
    case VIRGO_ERR_UNSUPPORTED:
      return Status::unsupported;
    case VIRGO_ERR_UNREACHABLE:
      return Status::unreachable;
    case VIRGO_ERR_TIMEOUT:
      return Status::timeout;
    case VIRGO_ERR_CANCELLED:
      return Status::cancelled;
    case VIRGO_ERR_LIMIT:
      return Status::limit;
    default:
      return status < 0 ? Status::failed : Status::ok;
  }
}

std::string status_text(virgo_status status) {
  const char* name = status < 0 ? "unknown" : "ok";
  switch (status) {
    case VIRGO_ERR_FAILED:
      name = "failed";
      break;
    case VIRGO_ERR_INVALID:
      name = "invalid";
      break;
    case VIRGO_ERR_UNSUPPORTED:
      name = "unsupported";
      break;
    case VIRGO_ERR_NO_MEMORY:
      name = "no memory";
      break;
    case VIRGO_ERR_UNREACHABLE:
      name = "unreachable";
      break;
    case VIRGO_ERR_TIMEOUT:
      name = "timeout";
      break;
    case VIRGO_ERR_CANCELLED:
      name = "cancelled";
      break;
    case VIRGO_ERR_STALE:
      name = "stale handle";
      break;
    case VIRGO_ERR_LIMIT:
      name = "limit";
      break;
    case VIRGO_ERR_WRONG_THREAD:
      name = "wrong thread";
      break;
    default:
      break;
  }
  return format("{} ({})", status, name);
}

}  // namespace virgo::native
