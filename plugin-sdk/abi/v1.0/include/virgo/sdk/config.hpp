// SPDX-License-Identifier: MIT
//
// virgo/sdk/config.hpp - the configuration of a check. Included by virgo/plugin.hpp.
#pragma once

#include <string.h>

#include <string_view>

#include "host.hpp"

namespace virgo::sdk {

namespace detail {

// Text put together without memory from anywhere; what does not fit is left out, whole
// characters of UTF-8.
template <size_t kSize>
class Joined {
 public:
  void add(std::string_view more) {
    size_t n = more.size();
    if (n > kSize - size_)
      for (n = kSize - size_; n > 0 && (static_cast<unsigned char>(more[n]) & 0xc0u) == 0x80u;) --n;
    if (n > 0) memcpy(text_ + size_, more.data(), n);
    size_ += n;
  }
  std::string_view view() const { return {text_, size_}; }

 private:
  size_t size_ = 0;
  char text_[kSize] = {};
};

}  // namespace detail

// ---- A node of the configuration. [loop], inside configure() ----
//
// Texts are lent until configure() returns: copy what you keep.
class Config {
 public:
  Config(const virgo_host* host, const virgo_config* node)
      : api_(host->config), node_(node), place_(node) {}

  Config operator[](std::string_view key) const {
    return child(api_->get(node_, str(key)), [key](Missing& m) { m.add_key(key); });
  }
  Config at(uint32_t index) const {
    return child(api_->at(node_, index), [index](Missing& m) { m.add_index(index); });
  }
  std::string_view key_at(uint32_t index) const { return view(api_->key_at(node_, index)); }
  uint32_t size() const { return api_->size(node_); }
  uint32_t kind() const { return api_->kind(node_); }
  explicit operator bool() const { return kind() != VIRGO_NODE_NONE; }

  bool as_bool(bool fallback = false) const { return api_->as_bool(node_, fallback) != 0; }
  int64_t as_int(int64_t fallback = 0) const { return api_->as_i64(node_, fallback); }
  double as_number(double fallback = 0) const { return api_->as_f64(node_, fallback); }
  std::string_view as_text(std::string_view fallback = {}) const {
    return view(api_->as_text(node_, str(fallback)));
  }
  uint64_t as_duration_ns(uint64_t fallback = 0) const {
    return api_->as_duration(node_, fallback);
  }
  uint64_t as_size(uint64_t fallback = 0) const { return api_->as_size(node_, fallback); }

  // What is absent has no place: the nearest node above it that is there is rejected,
  // with the key in front of the reason.
  void reject(std::string_view why) const {
    if (node_ != nullptr) return api_->reject(node_, str(why));
    detail::Joined<1152> text;
    text.add(missing_.view());
    text.add(": ");
    text.add(why);
    api_->reject(place_, str(text.view()));
  }
  const virgo_config* raw() const { return node_; }

 private:
  // Where an absent node would be, seen from the nearest one that is there.
  struct Missing : detail::Joined<96> {
    void add_key(std::string_view key) {
      if (!view().empty()) add(".");
      add(key);
    }
    void add_index(uint32_t index) {
      char digits[10];
      size_t n = 0;
      do digits[sizeof digits - ++n] = static_cast<char>('0' + index % 10);
      while ((index /= 10) > 0);
      add("[");
      add({digits + sizeof digits - n, n});
      add("]");
    }
  };
  template <class Add>
  Config child(const virgo_config* node, Add add) const {
    Config out = *this;
    out.node_ = node;
    if (node != nullptr)
      out.place_ = node;
    else
      add(out.missing_);
    return out;
  }

  const virgo_config_api* api_;
  const virgo_config* node_;
  const virgo_config* place_;  // node_, or the nearest one above that is there
  Missing missing_;            // empty where node_ is there
};

}  // namespace virgo::sdk
