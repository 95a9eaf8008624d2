// HandleBox: how every wrapper here owns a libuv handle.
//
// libuv needs the handle's memory until its close callback; the wrapper may die
// sooner. So the handle lives in a heap box; the wrapper's end cuts the box's
// way back to it and closes, and the close callback frees the box.
#pragma once

#include <uv.h>

namespace virgo::uv {

template <class Handle, class Owner>
class HandleBox {
 public:
  explicit HandleBox(Owner* owner) : box_(new Box{{}, owner}) { box_->handle.data = box_; }
  ~HandleBox() { close(); }
  HandleBox(const HandleBox&) = delete;
  HandleBox& operator=(const HandleBox&) = delete;

  // To be called right after the uv_*_init: an uninitialised handle must not be
  // closed.
  void initialised() { box_->open = true; }

  void close() {
    if (box_ == nullptr) return;
    Box* box = box_;
    box_ = nullptr;
    box->owner = nullptr;
    if (!box->open) {
      delete box;
      return;
    }
    uv_close(reinterpret_cast<uv_handle_t*>(&box->handle),
             [](uv_handle_t* h) noexcept { delete static_cast<Box*>(h->data); });
  }

  bool closed() const { return box_ == nullptr; }
  Handle* get() { return &box_->handle; }
  const Handle* get() const { return &box_->handle; }
  uv_handle_t* base() { return reinterpret_cast<uv_handle_t*>(&box_->handle); }

  // The wrapper of a handle that libuv hands to a callback; null when it is gone.
  static Owner* owner_of(void* handle_data) { return static_cast<Box*>(handle_data)->owner; }

 private:
  struct Box {
    Handle handle;
    Owner* owner;
    bool open = false;
  };
  Box* box_;
};

}  // namespace virgo::uv
