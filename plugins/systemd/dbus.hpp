// The D-Bus wire format: messages as bytes, read with suspicion and written in this
// machine's byte order. Nothing here does I/O, and only Writer allocates.
#pragma once

#include <shared/slice.hpp>
#include <shared/text.hpp>

namespace plugin::dbus {

// Of the specification: no array is longer, and nothing is nested deeper.
constexpr uint32_t kMostArray = 64u << 20;
constexpr unsigned kMostDepth = 32;

constexpr char kNativeOrder = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 'l' : 'B';

enum MessageType : uint8_t { kMethodCall = 1, kMethodReturn = 2, kError = 3, kSignal = 4 };
enum HeaderField : uint8_t {
  kPath = 1,
  kInterface = 2,
  kMember = 3,
  kErrorName = 4,
  kReplySerial = 5,
  kDestination = 6,
  kSender = 7,
  kSignature = 8
};
constexpr uint8_t kNoAutoStart = 2;  // nothing is started for the sake of a call

// How values of a type are aligned; 0 for what is no type.
constexpr size_t alignment_of(char type) {
  switch (type) {
    case 'y':
    case 'g':
    case 'v':
      return 1;
    case 'n':
    case 'q':
      return 2;
    case 'b':
    case 'i':
    case 'u':
    case 'h':
    case 's':
    case 'o':
    case 'a':
      return 4;
    case 'x':
    case 't':
    case 'd':
    case '(':
    case '{':
      return 8;
    default:
      return 0;
  }
}

// Reads values one after the other. What lies beyond the end, or is not as the format
// says, fails, and everything after that fails too.
class Reader {
 public:
  Reader() = default;
  // `at`: where in the message `bytes` begins; alignment counts from there.
  Reader(std::string_view bytes, bool swapped, size_t at = 0)
      : bytes_(bytes), base_(at), swapped_(swapped) {}

  bool ok() const { return !failed_; }
  bool at_end() const { return failed_ || at_ >= bytes_.size(); }
  size_t position() const { return at_; }

  bool align(size_t to) {
    const size_t gap = (to - (base_ + at_) % to) % to;
    for (size_t i = 0; i < gap; ++i)
      if (at_ + i >= bytes_.size() || bytes_[at_ + i] != '\0') return fail();
    at_ += gap;
    return !failed_;
  }
  bool u8(uint8_t* out) { return fixed(out); }
  bool u32(uint32_t* out) {
    if (!align(4) || !fixed(out)) return false;
    if (swapped_) *out = __builtin_bswap32(*out);
    return true;
  }
  bool u64(uint64_t* out) {
    if (!align(8) || !fixed(out)) return false;
    if (swapped_) *out = __builtin_bswap64(*out);
    return true;
  }
  // Strings and object paths.
  bool text(std::string_view* out) {
    uint32_t length = 0;
    return u32(&length) && take_text(length, out);
  }
  bool signature(std::string_view* out) {
    uint8_t length = 0;
    return u8(&length) && take_text(length, out);
  }
  // A reader of the elements of an array, which this one steps over.
  bool array(char element, Reader* out) {
    uint32_t length = 0;
    const size_t alignment = alignment_of(element);
    if (alignment == 0 || !u32(&length) || length > kMostArray || !align(alignment)) return fail();
    if (length > bytes_.size() - at_) return fail();
    *out = Reader(slice(bytes_, at_, length), swapped_, base_ + at_);
    at_ += length;
    return true;
  }
  bool enter_struct() { return align(8); }
  // Steps over one value of the first complete type of `type`, and takes that off.
  bool skip(std::string_view& type) { return skip_one(type, kMostDepth); }

 private:
  bool fail() {
    failed_ = true;
    return false;
  }
  template <class T>
  bool fixed(T* out) {
    if (failed_ || bytes_.size() - at_ < sizeof(T)) return fail();
    memcpy(out, bytes_.data() + at_, sizeof(T));
    at_ += sizeof(T);
    return true;
  }
  bool take_text(size_t length, std::string_view* out) {
    if (failed_ || bytes_.size() - at_ <= length || bytes_[at_ + length] != '\0') return fail();
    const std::string_view text = slice(bytes_, at_, length);
    if (!text.empty() && memchr(text.data(), '\0', text.size()) != nullptr) return fail();
    *out = text;
    at_ += length + 1;
    return true;
  }
  bool skip_bytes(size_t n) {
    if (!align(n) || bytes_.size() - at_ < n) return fail();
    at_ += n;
    return true;
  }
  bool skip_one(std::string_view& type, unsigned depth) {
    if (failed_ || type.empty() || depth == 0) return fail();
    const char first = type.front();
    std::string_view ignored;
    switch (first) {
      case 's':
      case 'o':
        type.remove_prefix(1);
        return text(&ignored);
      case 'g':
        type.remove_prefix(1);
        return signature(&ignored);
      case 'v':
        type.remove_prefix(1);
        return skip_variant(depth);
      case 'a':
        type.remove_prefix(1);
        return skip_array(type, depth);
      case '(':
      case '{':
        return skip_struct(type, depth);
      default:
        type.remove_prefix(1);
        return alignment_of(first) != 0 ? skip_bytes(alignment_of(first)) : fail();
    }
  }
  bool skip_variant(unsigned depth) {
    std::string_view type;
    return signature(&type) && skip_one(type, depth - 1) && (type.empty() || fail());
  }
  // Its length says where it ends: the elements are not looked at, their type is.
  bool skip_array(std::string_view& type, unsigned depth) {
    Reader elements;
    return !type.empty() && array(type.front(), &elements) ? skip_type(type, depth - 1) || fail()
                                                           : fail();
  }
  bool skip_struct(std::string_view& type, unsigned depth) {
    const char close = type.front() == '(' ? ')' : '}';
    type.remove_prefix(1);
    if (!align(8)) return false;
    while (!type.empty() && type.front() != close)
      if (!skip_one(type, depth - 1)) return false;
    if (type.empty()) return fail();
    type.remove_prefix(1);
    return true;
  }
  static bool skip_type(std::string_view& type, unsigned depth) {
    if (type.empty() || depth == 0) return false;
    const char first = type.front();
    type.remove_prefix(1);
    if (first == 'a') return skip_type(type, depth - 1);
    if (first != '(' && first != '{') return alignment_of(first) != 0;
    const char close = first == '(' ? ')' : '}';
    while (!type.empty() && type.front() != close)
      if (!skip_type(type, depth - 1)) return false;
    if (type.empty()) return false;
    type.remove_prefix(1);
    return true;
  }

  std::string_view bytes_;
  size_t at_ = 0;
  size_t base_ = 0;
  bool swapped_ = false;
  bool failed_ = false;
};

// The fixed start of a message tells how long it is.
constexpr size_t kFixedHeader = 16;

// False for what is no start of a message.
inline bool message_size(std::string_view start, uint64_t* size) {
  if (start.size() < kFixedHeader) return false;
  if ((start[0] != 'l' && start[0] != 'B') || start[3] != 1) return false;
  Reader in(slice(start, 4), start[0] != kNativeOrder, 4);
  uint32_t body = 0;
  uint32_t serial = 0;
  uint32_t fields = 0;
  if (!in.u32(&body) || !in.u32(&serial) || !in.u32(&fields)) return false;
  if (fields > kMostArray || body > 2 * kMostArray || serial == 0) return false;
  *size = (kFixedHeader + uint64_t{fields} + 7) / 8 * 8 + body;
  return true;
}

// A whole message, taken apart. Texts point into its bytes.
struct Message {
  uint8_t type = 0;
  uint32_t reply_serial = 0;  // 0: it is no reply
  std::string_view error_name;
  std::string_view signature;
  Reader body;

  bool parse(std::string_view bytes) {
    uint64_t size = 0;
    if (!message_size(bytes, &size) || size != bytes.size()) return false;
    const bool swapped = bytes[0] != kNativeOrder;
    type = static_cast<uint8_t>(bytes[1]);
    Reader in(slice(bytes, 12), swapped, 12);
    Reader fields;
    if (!in.array('(', &fields)) return false;
    while (!fields.at_end())
      if (!take_field(fields)) return false;
    if (!fields.ok() || !in.align(8)) return false;
    body = Reader(slice(bytes, 12 + in.position()), swapped, 12 + in.position());
    return true;
  }

 private:
  bool take_field(Reader& fields) {
    uint8_t code = 0;
    std::string_view type_of_value;
    if (!fields.enter_struct() || !fields.u8(&code) || !fields.signature(&type_of_value))
      return false;
    if (code == kReplySerial) return type_of_value == "u" && fields.u32(&reply_serial);
    if (code == kErrorName) return type_of_value == "s" && fields.text(&error_name);
    if (code == kSignature) return type_of_value == "g" && fields.signature(&signature);
    return fields.skip(type_of_value) && type_of_value.empty();
  }
};

// Bytes that grow. When there is no memory, ok() says so and nothing more is added.
class Writer {
 public:
  Writer() = default;
  ~Writer() { free(bytes_); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  bool ok() const { return !failed_; }
  std::string_view bytes() const { return {bytes_, size_}; }
  void clear() {
    size_ = 0;
    failed_ = false;
  }

  struct Call {
    std::string_view destination;
    std::string_view path;
    std::string_view interface;
    std::string_view member;
  };
  // Adds a method call, its arguments being texts: none, or two.
  void add_call(uint32_t serial, const Call& call, std::string_view a = {},
                std::string_view b = {}) {
    const size_t start = size_;
    const bool arguments = !a.empty();
    start_ = start;
    put(kNativeOrder);
    put(kMethodCall);
    put(kNoAutoStart);
    put(1);
    put_u32(0);  // the body's length, below
    put_u32(serial);
    put_u32(0);  // the fields' length, below
    put_field(kPath, 'o', call.path);
    put_field(kInterface, 's', call.interface);
    put_field(kMember, 's', call.member);
    put_field(kDestination, 's', call.destination);
    if (arguments) put_signature_field("ss");
    set_u32(start + 12, size_ - start - kFixedHeader);
    pad(8);
    const size_t body = size_;
    if (arguments) {
      put_text(a);
      put_text(b);
    }
    set_u32(start + 4, size_ - body);
  }

 private:
  void put(char c) { append(&c, 1); }
  void append(const void* bytes, size_t n) {
    if (failed_) return;
    if (size_ + n > capacity_) {
      const size_t capacity = (size_ + n) * 2 + 256;
      char* bigger = static_cast<char*>(realloc(bytes_, capacity));
      failed_ = bigger == nullptr;
      if (failed_) return;
      bytes_ = bigger;
      capacity_ = capacity;
    }
    if (n > 0) memcpy(bytes_ + size_, bytes, n);
    size_ += n;
  }
  // Alignment counts from the message's start.
  void pad(size_t to) {
    while (!failed_ && (size_ - start_) % to != 0) put('\0');
  }
  void put_u32(uint32_t value) {
    pad(4);
    append(&value, sizeof value);
  }
  void set_u32(size_t at, size_t value) {
    const uint32_t v = static_cast<uint32_t>(value);
    if (!failed_) memcpy(bytes_ + at, &v, sizeof v);
  }
  void put_text(std::string_view text) {
    put_u32(static_cast<uint32_t>(text.size()));
    append(text.data(), text.size());
    put('\0');
  }
  void put_field(HeaderField field, char type, std::string_view value) {
    pad(8);
    put(static_cast<char>(field));
    put(1);
    put(type);
    put('\0');
    put_text(value);
  }
  void put_signature_field(std::string_view value) {
    pad(8);
    put(kSignature);
    put(1);
    put('g');
    put('\0');
    put(static_cast<char>(value.size()));
    append(value.data(), value.size());
    put('\0');
  }

  char* bytes_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
  size_t start_ = 0;  // of the message being written
  bool failed_ = false;
};

}  // namespace plugin::dbus
