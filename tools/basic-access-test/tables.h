// A row of the table of checks, and the tables of all groups (check.h puts them together).
#pragma once

#include <string_view>

namespace tubepost::basic_access_test {

struct Check {
  std::string_view id;       // "local-greeting": the group's name first. Scripts know it; it never changes
  std::string_view title;    // what is so when it is ok: "greets as its protocol asks"
  std::string_view meaning;  // what was looked at, and what it means if it is not so
  std::string_view remedy;   // what to do then, one sentence
};

}  // namespace tubepost::basic_access_test

#include "basic-access-test/table_client.h"
#include "basic-access-test/table_dns.h"
#include "basic-access-test/table_legs.h"
#include "basic-access-test/table_local.h"
#include "basic-access-test/table_outside.h"
#include "basic-access-test/table_peer.h"
#include "basic-access-test/table_preflight.h"
#include "basic-access-test/table_relay.h"
#include "basic-access-test/table_scanner.h"
