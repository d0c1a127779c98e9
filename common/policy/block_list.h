// One DNS block list as smtpd.dnsbl writes it (contracts.md):
//
//   ZONE[=REPLIES][;ACTION]
//   REPLIES  comma list of 127.0.0.2, 127.0.0.2-11 (of the last number), 127.0.0.2-127.0.0.11, 127.0.0.0/24;
//            none: any address in 127.0.0.0/8
//   ACTION   reject (default), defer, warn (said in the log alone), score=N (scores are summed; N from -100 to
//            100), allow (a white list: whoever is on it is not refused by other lists)
//
// 127.255.255.0/24 is never a listing: lists answer so to say that they do not answer (a public resolver, too
// many questions). An answer outside 127.0.0.0/8 is no block list's (RFC 5782 2.1). Values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/address_set.h"

namespace tubepost::policy {

enum class BlockAction { reject, defer, warn, score, allow };
std::string_view to_text(BlockAction action);

inline constexpr int score_max = 100;

struct BlockList {
  std::string zone;  // lower case
  net::AddressSet replies;
  BlockAction action = BlockAction::reject;
  int score = 0;

  static Result<BlockList> parse(std::string_view setting);
};

enum class Reply { listed, other, error };  // other: one that the setting does not count
Reply classify(const BlockList& list, const net::IpAddress& reply);

}  // namespace tubepost::policy
