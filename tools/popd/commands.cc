#include <cstdint>

#include "popd/session.h"

namespace tubepost::popd {

const Command* find_command(std::string_view keyword) {
  using S = Session;
  // A name or a password may have blanks in it: USER and PASS take whatever follows as one argument (RFC 1939
  // 7).
  constexpr std::size_t any = SIZE_MAX;
  static constexpr Command table[] = {
      {"USER", &S::user, State::authorization, 1, any},
      {"PASS", &S::pass, State::authorization, 0, any},
      {"AUTH", &S::auth, State::authorization, 1, 2},  // RFC 5034
      {"APOP", &S::apop, State::authorization, 2, any},
      {"UTF8", &S::utf8, State::authorization, 0, 0},  // RFC 6856 2
      {"LANG", &S::lang, State::both, 0, 1},           // RFC 6856 3
      {"STLS", &S::stls, State::authorization, 0, 0},  // RFC 2595 4
      {"CAPA", &S::capa, State::both, 0, 0},           // RFC 2449 5
      {"QUIT", &S::quit, State::both, 0, 0},
      {"STAT", &S::stat, State::transaction, 0, 0},
      {"LIST", &S::list, State::transaction, 0, 1},
      {"RETR", &S::retr, State::transaction, 1, 1},
      {"DELE", &S::dele, State::transaction, 1, 1},
      {"NOOP", &S::noop, State::transaction, 0, 0},
      {"RSET", &S::rset, State::transaction, 0, 0},
      {"TOP", &S::top, State::transaction, 2, 2},
      {"UIDL", &S::uidl, State::transaction, 0, 1},
  };
  for (const Command& command : table)
    if (command.keyword == keyword) return &command;
  return nullptr;
}

}  // namespace tubepost::popd
