// Result<T>: a value, or the Failure that stands in its place. For operations that can fail (style.md 4).
//
// A Failure decides where it is seen whether trying again makes sense, says so with an enhanced status code
// (RFC 3463) and a sentence for the operator, and travels unchanged to reply, log, journal and DSN.
// Member names are those of std::expected, which libstdc++ 12 has only beyond C++20.
#pragma once

#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/enhanced_status.h"

namespace tubepost {

enum class Retry { later, never };

struct [[nodiscard]] Failure {
  Retry retry = Retry::later;
  EnhancedStatus status{4, 3, 0};
  std::string text;

  // RFC 3463 3.4: 4.3.0 other mail system status; 4.3.1 system full.
  static Failure temporary(std::string text, EnhancedStatus status = {4, 3, 0}) {
    return {Retry::later, status, std::move(text)};
  }
  static Failure permanent(std::string text, EnhancedStatus status = {5, 3, 0}) {
    return {Retry::never, status, std::move(text)};
  }
  // The same failure with "what: " in front, for callers that know more of the circumstances.
  Failure while_doing(const std::string& what) && {
    text = what + ": " + text;
    return std::move(*this);
  }
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
  Result(Failure failure) : content_(std::in_place_index<1>, std::move(failure)) {}

  bool has_value() const { return content_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  // Asking for a value that is not there is a bug and aborts.
  T& value() & { return check(), *std::get_if<0>(&content_); }
  const T& value() const& { return check(), *std::get_if<0>(&content_); }
  T&& value() && { return check(), std::move(*std::get_if<0>(&content_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  Failure& error() & { return failed(), *std::get_if<1>(&content_); }
  const Failure& error() const& { return failed(), *std::get_if<1>(&content_); }
  Failure&& error() && { return failed(), std::move(*std::get_if<1>(&content_)); }

  template <class U>
  T value_or(U&& other) && {
    return has_value() ? std::move(*this).value() : static_cast<T>(std::forward<U>(other));
  }

 private:
  void check() const {
    if (!has_value()) std::abort();
  }
  void failed() const {
    if (has_value()) std::abort();
  }
  std::variant<T, Failure> content_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Failure failure) : failure_(std::move(failure)) {}

  bool has_value() const { return !failure_; }
  explicit operator bool() const { return has_value(); }
  Failure& error() & { return *failure_; }
  const Failure& error() const& { return *failure_; }
  Failure&& error() && { return std::move(*failure_); }

 private:
  std::optional<Failure> failure_;
};

}  // namespace tubepost
