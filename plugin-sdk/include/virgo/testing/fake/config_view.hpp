// SPDX-License-Identifier: MIT
//
// virgo_config over a Node. A view is open while configure() executes; it goes on
// living after that, in order to tell who still uses it.
//
// The texts it lends end without a NUL, as the ABI says, and are overwritten with
// '#' when configure() has returned: a check that relies on the one or keeps the
// other shows it in what it reports.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "declared.hpp"
#include "record.hpp"

namespace virgo::fake::detail {

class ConfigView {
 public:
  ConfigView(Ledger& ledger, const Stage& stage, const Declared& declared, Node root)
      : ledger_(ledger),
        stage_(stage),
        params_(declared.params),
        defaults_(declared.defaults),
        root_(std::move(root)) {
    root_.kind = Node::Kind::map;
  }
  ConfigView(const ConfigView&) = delete;
  ConfigView& operator=(const ConfigView&) = delete;

  const virgo_config* root() { return wrap(&root_, "params"); }
  void close() {
    open_ = false;
    for (std::string& text : lent_) text.assign(text.size(), '#');
  }
  const std::vector<Problem>& rejections() const { return rejections_; }

  static const virgo_config_api* api() {
    static constexpr virgo_config_api kApi = {sizeof(virgo_config_api),
                                              0,
                                              &api_get,
                                              &api_at,
                                              &api_size,
                                              &api_key_at,
                                              &api_kind,
                                              &api_bool,
                                              &api_i64,
                                              &api_f64,
                                              &api_text,
                                              &api_duration,
                                              &api_bytes,
                                              &api_reject};
    return &kApi;
  }

 private:
  // What virgo_config really is.
  struct Handle {
    ConfigView* view;
    const Node* node;
    std::string path;
  };

  virgo_str lend(const std::string& text) {
    lent_.push_back(text + "<beyond the end of the text>");
    return {lent_.back().data(), text.size()};
  }
  const virgo_config* wrap(const Node* node, const std::string& path) {
    Handle& handle = handles_.try_emplace(node, Handle{this, node, path}).first->second;
    return reinterpret_cast<const virgo_config*>(&handle);
  }

  // The node behind a handle, or null when it may not be used.
  static const Handle* of(const virgo_config* config, const char* function) {
    const auto* handle = reinterpret_cast<const Handle*>(config);
    if (handle == nullptr) return nullptr;
    ConfigView& view = *handle->view;
    const std::string what = std::string("config->") + function + "() on " + handle->path;
    if (!view.stage_.on_loop())
      view.ledger_.misuse(what + " on another thread than the loop's");
    else if (!view.open_)
      view.ledger_.misuse(what + " after configure() had returned");
    else
      return handle;
    return nullptr;
  }
  static const Node* scalar(const virgo_config* config, const char* function) {
    const Handle* handle = of(config, function);
    return handle != nullptr && handle->node->kind == Node::Kind::scalar ? handle->node : nullptr;
  }

  static const virgo_config* VIRGO_CALL api_get(const virgo_config* map, virgo_str key) {
    const Handle* h = of(map, "get");
    if (h == nullptr) return nullptr;
    const std::string name(view_of(key));
    const Node* given = h->node->find(name);
    if (given != nullptr && given->kind != Node::Kind::none)
      return h->view->wrap(given, h->path + "." + name);
    if (h->node != &h->view->root_) return nullptr;
    for (size_t i = 0; i < h->view->params_.size(); ++i)
      if (h->view->params_[i].name == name && h->view->defaults_[i].kind != Node::Kind::none)
        return h->view->wrap(&h->view->defaults_[i], h->path + "." + name);
    return nullptr;
  }
  static const virgo_config* VIRGO_CALL api_at(const virgo_config* node, uint32_t index) {
    const Handle* h = of(node, "at");
    if (h == nullptr || index >= h->node->items.size()) return nullptr;
    const bool keyed = index < h->node->keys.size();
    return h->view->wrap(&h->node->items[index], keyed
                                                     ? h->path + "." + h->node->keys[index]
                                                     : h->path + "[" + std::to_string(index) + "]");
  }
  static uint32_t VIRGO_CALL api_size(const virgo_config* node) {
    const Handle* h = of(node, "size");
    return h == nullptr ? 0 : static_cast<uint32_t>(h->node->items.size());
  }
  static virgo_str VIRGO_CALL api_key_at(const virgo_config* map, uint32_t index) {
    const Handle* h = of(map, "key_at");
    if (h == nullptr || index >= h->node->keys.size()) return {nullptr, 0};
    return h->view->lend(h->node->keys[index]);
  }
  static uint32_t VIRGO_CALL api_kind(const virgo_config* node) {
    const Handle* h = of(node, "kind");
    return h == nullptr ? uint32_t{VIRGO_NODE_NONE} : static_cast<uint32_t>(h->node->kind);
  }
  static int32_t VIRGO_CALL api_bool(const virgo_config* node, int32_t fallback) {
    const Node* n = scalar(node, "as_bool");
    return n == nullptr ? fallback : as_bool(*n).value_or(fallback != 0);
  }
  static int64_t VIRGO_CALL api_i64(const virgo_config* node, int64_t fallback) {
    const Node* n = scalar(node, "as_i64");
    return n == nullptr ? fallback : as_int(*n).value_or(fallback);
  }
  static double VIRGO_CALL api_f64(const virgo_config* node, double fallback) {
    const Node* n = scalar(node, "as_f64");
    return n == nullptr ? fallback : as_number(*n).value_or(fallback);
  }
  static virgo_str VIRGO_CALL api_text(const virgo_config* node, virgo_str fallback) {
    const Node* n = scalar(node, "as_text");
    return n == nullptr ? fallback : reinterpret_cast<const Handle*>(node)->view->lend(n->text);
  }
  static uint64_t VIRGO_CALL api_duration(const virgo_config* node, uint64_t fallback) {
    const Node* n = scalar(node, "as_duration");
    return n == nullptr ? fallback : as_duration(*n).value_or(fallback);
  }
  static uint64_t VIRGO_CALL api_bytes(const virgo_config* node, uint64_t fallback) {
    const Node* n = scalar(node, "as_size");
    return n == nullptr ? fallback : as_size(*n).value_or(fallback);
  }
  static void VIRGO_CALL api_reject(const virgo_config* node, virgo_str why) {
    const Handle* h = of(node, "reject");
    if (h == nullptr) return;
    h->view->ledger_.check_utf8(view_of(why), "config->reject()");
    h->view->rejections_.push_back({h->path, std::string(view_of(why))});
  }
  static std::string_view view_of(virgo_str s) { return detail::view(s); }

  Ledger& ledger_;
  const Stage& stage_;
  std::vector<virgo_param> params_;
  std::vector<Node> defaults_;
  Node root_;
  bool open_ = true;
  std::vector<Problem> rejections_;
  std::map<const Node*, Handle> handles_;
  std::deque<std::string> lent_;
};

static_assert(static_cast<uint32_t>(Node::Kind::none) == VIRGO_NODE_NONE &&
                  static_cast<uint32_t>(Node::Kind::scalar) == VIRGO_NODE_SCALAR &&
                  static_cast<uint32_t>(Node::Kind::list) == VIRGO_NODE_LIST &&
                  static_cast<uint32_t>(Node::Kind::map) == VIRGO_NODE_MAP,
              "Node::Kind counts as the ABI does");

}  // namespace virgo::fake::detail
