// The tagged and untagged status responses (RFC 9051 7.1) as values, and the response codes we send (RFC
// 9051 7.1, RFC 5530). Pure.
#pragma once

#include <string>
#include <string_view>

namespace tubepost::imap {

struct Reply {
  enum class Kind { ok, no, bad } kind = Kind::ok;
  std::string code;  // without its brackets; empty: none
  std::string text;

  std::string to_wire(std::string_view tag) const;  // with CRLF
};

inline Reply ok(std::string text) { return {Reply::Kind::ok, {}, std::move(text)}; }
inline Reply ok(std::string code, std::string text) {
  return {Reply::Kind::ok, std::move(code), std::move(text)};
}
inline Reply no(std::string_view code, std::string text) {
  return {Reply::Kind::no, std::string(code), std::move(text)};
}
inline Reply bad(std::string text) { return {Reply::Kind::bad, {}, std::move(text)}; }
inline Reply bad(std::string_view code, std::string text) {
  return {Reply::Kind::bad, std::string(code), std::move(text)};
}

namespace code {
inline constexpr std::string_view already_exists = "ALREADYEXISTS",
                                  authentication_failed = "AUTHENTICATIONFAILED", bad_charset = "BADCHARSET",
                                  cannot = "CANNOT", client_bug = "CLIENTBUG", closed = "CLOSED",
                                  expunge_issued = "EXPUNGEISSUED", has_children = "HASCHILDREN",
                                  in_use = "INUSE", limit = "LIMIT", nonexistent = "NONEXISTENT",
                                  no_permission = "NOPERM", over_quota = "OVERQUOTA", parse = "PARSE",
                                  privacy_required = "PRIVACYREQUIRED", read_only = "READ-ONLY",
                                  read_write = "READ-WRITE", server_bug = "SERVERBUG", too_big = "TOOBIG",
                                  try_create = "TRYCREATE", unavailable = "UNAVAILABLE",
                                  unknown_cte = "UNKNOWN-CTE", use_attribute = "USEATTR";
}  // namespace code

}  // namespace tubepost::imap
