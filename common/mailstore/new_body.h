// A body on its way into the store (APPEND, REPLACE, CATENATE): bytes come in pieces, as a client sends them;
// up to the inline limit they stay in memory, beyond it they go to an unnamed file beside the database, so
// that a session's memory stays bounded whatever a client sends. Given up: nothing is left.
//
//   auto body = store.new_body();
//   while (…) if (auto written = body.write(piece); !written) …     // 4.3.1: the disk is full
//   if (auto ready = body.finish(); !ready) …                      // durable, from here on readable
//   imap::make_structure(body.bytes())
//
// Movable; one thread at a time. Borrows nothing of the store but the name of its folder.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tubepost::mailstore {

class NewBody {
public:
  NewBody(NewBody&&) noexcept;
  NewBody& operator=(NewBody&&) noexcept;
  ~NewBody();

  Result<void> write(std::string_view piece);  // after a failure: give it up
  Result<void> finish();
  std::uint64_t size() const;
  std::string_view bytes() const;  // after finish(); lives as long as this object is not moved from

private:
  friend class MailStore;
  struct State;
  explicit NewBody(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tubepost::mailstore
