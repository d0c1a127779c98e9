// DNS block lists (S2, RFC 5782): several asked side by side with one deadline, each with its reply filter and
// action, and a cache.
//
// A list that cannot say (SERVFAIL, no answer in time, 127.255.255.x) lists nobody, and the log says so. Each
// list is tried first, and every hour: one that has 127.0.0.1 lists the world and is not used until that is
// over; one that has not 127.0.0.2 is doubtful, which is logged (RFC 5782 5). IPv6 has its own trial, from the first
// such client on. A decision that tries a list waits for that within the same deadline.
//
// Bounds: the deadline, and a second for reasons; three questions a list and decision, and one for the reason; cache_max answers remembered.
// Threading: any thread, a LookUp in one. Clock and logger must outlive it, and it its LookUps.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "dns/inquiry.h"
#include "log/logger.h"
#include "policy/block_list.h"

namespace tubepost::policy {

// What one list said: an input of the decision, for the trace and --explain.
struct ListAnswer {
  std::string zone, question;        // "7.2.0.192.zen.example.org"
  std::vector<std::string> replies;  // addresses, at most ten
  std::string reason;                // the list's TXT record, printable, if it lists
  bool listed = false;
  std::string error;  // why it could not say; empty: it did
  bool from_cache = false;
  std::string to_text() const;  // "zen.example.org: 127.0.0.2 (listed), SBL123"
};

struct ListVerdict {
  enum class Kind { none, allow, reject, defer } kind = Kind::none;
  int score = 0;
  std::string zone;                 // that decided; of a score: the one that brought most
  std::string text;                 // for the reply: "192.0.2.7 is listed by zen.example.org: reason"
  std::vector<ListAnswer> answers;  // one for each list, in their order
};

class BlockLists {
public:
  struct Options {
    std::vector<BlockList> lists;
    int reject_score = 5;  // scores that sum up to this reject
    std::chrono::milliseconds deadline{5000};
    std::size_t cache_max = 20'000;
  };
  BlockLists(Options options, const Clock& clock, const log::Logger& logger);
  ~BlockLists();
  bool empty() const;

  class LookUp;
  // Adds to the inquiry what is to be asked of the client, and of the lists.
  LookUp begin(const net::IpAddress& client, dns::Inquiry& inquiry);

private:
  struct State;
  std::unique_ptr<State> state_;
};

// One client's part of an inquiry, which its owner lets ask() between one step and the next.
class BlockLists::LookUp {
public:
  void follow_up(dns::Inquiry& inquiry);  // of the lists that have the client: why
  ListVerdict finish(dns::Inquiry& inquiry);

private:
  friend class BlockLists;
  LookUp(State& state, const net::IpAddress& client, dns::Inquiry& inquiry);

  struct Asked {
    ListAnswer answer;
    std::size_t place = 0;  // of its answer in the inquiry; after follow_up(), of the reason
    std::uint32_t ttl = 0;
  };
  struct OfList {
    std::optional<ListAnswer> remembered;
    std::optional<Asked> client;        // where nothing is remembered
    std::optional<Asked> world, entry;  // 127.0.0.1 and 127.0.0.2, where the list is tried
  };
  Asked ask(std::size_t list, std::string question, dns::Inquiry& inquiry) const;
  void take_answer(std::size_t list, std::optional<Asked>& asked, dns::Inquiry& inquiry) const;

  State& state_;
  const net::IpAddress client_;
  const dns::Inquiry::Time::time_point end_;
  std::vector<OfList> lists_;
};

// The verdict of answers that are there; pure. `lists` and `answers` go in pairs.
ListVerdict judge(const std::vector<BlockList>& lists, std::vector<ListAnswer> answers, int reject_score,
                  const net::IpAddress& client);

}  // namespace tubepost::policy
