#include "tls/openssl.h"

namespace tubepost::tls {

std::string take_reason() {
  const unsigned long error = ERR_get_error();
  ERR_clear_error();
  if (error == 0) return "no reason given";
  if (const char* reason = ERR_reason_error_string(error)) return reason;
  char text[256];
  ERR_error_string_n(error, text, sizeof text);
  return text;
}

Failure openssl_failure(const std::string& what) { return Failure::permanent(what + ": " + take_reason()); }

}  // namespace tubepost::tls
