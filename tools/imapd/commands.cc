#include "imapd/session.h"

namespace tubepost::imapd {

struct CommandTable {
  using S = Session;
  using U = Command::Updates;
  static constexpr Command rows[] = {
      // RFC 9051 6.1: any state
      {"CAPABILITY", &S::capability, any_state, U::all, false},
      {"NOOP", &S::noop, any_state, U::all, false},
      {"LOGOUT", &S::logout, any_state, U::none, false},
      {"ID", &S::id, any_state},  // RFC 2971
      // 6.2: not authenticated
      {"STARTTLS", &S::starttls, not_authenticated, U::none, false},
      {"AUTHENTICATE", &S::authenticate, not_authenticated},
      {"LOGIN", &S::login, not_authenticated},
      // 6.3: authenticated
      {"ENABLE", &S::enable, logged_in},
      {"SELECT", &S::select, logged_in, U::none},
      {"EXAMINE", &S::examine, logged_in, U::none},
      {"CREATE", &S::create, logged_in},
      {"DELETE", &S::remove, logged_in},
      {"RENAME", &S::rename, logged_in},
      {"SUBSCRIBE", &S::subscribe, logged_in},
      {"UNSUBSCRIBE", &S::unsubscribe, logged_in},
      {"LIST", &S::list, logged_in},
      {"LSUB", &S::lsub, logged_in},  // RFC 3501 6.3.9
      {"NAMESPACE", &S::name_space, logged_in, U::all, false},
      {"STATUS", &S::status, logged_in},
      {"APPEND", &S::append, logged_in},
      {"IDLE", &S::idle, logged_in, U::all, false},
      {"GETQUOTA", &S::get_quota, logged_in},  // RFC 9208 4.1
      {"GETQUOTAROOT", &S::get_quota_root, logged_in},
      {"SETQUOTA", &S::set_quota, logged_in},
      {"GETMETADATA", &S::get_metadata, logged_in},  // RFC 5464 4
      {"SETMETADATA", &S::set_metadata, logged_in},
      {"NOTIFY", &S::notify, logged_in},    // RFC 5465
      {"ESEARCH", &S::esearch, logged_in},  // RFC 7377
      {"GETACL", &S::get_acl, logged_in},   // RFC 4314 3
      {"SETACL", &S::set_acl, logged_in},
      {"DELETEACL", &S::delete_acl, logged_in},
      {"LISTRIGHTS", &S::list_rights, logged_in},
      {"MYRIGHTS", &S::my_rights, logged_in},
      {"COMPRESS", &S::compress_deflate, logged_in, U::none},             // RFC 4978
      {"UNAUTHENTICATE", &S::unauthenticate, logged_in, U::none, false},  // RFC 8437
      // 6.4: selected
      {"CHECK", &S::noop, selected, U::all, false},  // RFC 3501 6.4.1
      {"CLOSE", &S::close, selected, U::none, false},
      {"UNSELECT", &S::unselect, selected, U::none, false},
      {"EXPUNGE", &S::expunge, selected, U::all, false},
      {"UID EXPUNGE", &S::expunge, selected},
      {"SEARCH", &S::search, selected, U::no_expunges},
      {"UID SEARCH", &S::search, selected},
      {"SORT", &S::sort, selected, U::no_expunges},  // RFC 5256
      {"UID SORT", &S::sort, selected},
      {"THREAD", &S::thread, selected, U::no_expunges},
      {"UID THREAD", &S::thread, selected},
      {"FETCH", &S::fetch, selected, U::no_expunges},
      {"UID FETCH", &S::fetch, selected},
      {"STORE", &S::store, selected, U::no_expunges},
      {"UID STORE", &S::store, selected},
      {"COPY", &S::copy, selected},
      {"UID COPY", &S::copy, selected},
      {"MOVE", &S::move, selected},
      {"UID MOVE", &S::move, selected},
      {"REPLACE", &S::replace, selected},  // RFC 8508
      {"UID REPLACE", &S::replace, selected},
  };
};

const Command* find_command(std::string_view name) {
  for (const Command& command : CommandTable::rows)
    if (command.name == name) return &command;
  return nullptr;
}

}  // namespace tubepost::imapd
