// The layers before the message that look at the client and the envelope, in their order (docs/policy-layers.md):
// rates, allow and deny lists (S4), reverse DNS (S3), DNS block lists (S2). What comes before them (trusted and
// blocked addresses) and after (policy services, recipients, message) is smtpd's.
//
// Whoever has logged in, is trusted, or is a secondary of ours skips S3 and S2, and nothing else; so does a
// message that a list allows, for that recipient. Every decision comes out with the rule that made it and its
// inputs, DNS answers included: for the log, --explain and the trace.
//
// Threading: one Layers for all sessions; a LayerSession for each, used by its thread. Made after fork; what is
// borrowed must outlive both.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "directory/directory.h"
#include "policy/dnsbl.h"
#include "policy/rate_limit.h"
#include "policy/reverse_dns.h"
#include "smtp/reply.h"

namespace tubepost::policy {

struct LayerClient {
  std::optional<net::IpAddress> address;
  std::optional<smtp::Mailbox> account;  // who has logged in
  bool is_safe = false;                  // a trusted address, or a local session (A4)
  bool is_secondary = false;             // O10
  bool is_stranger() const { return address && !account && !is_safe && !is_secondary; }
};

struct LayerDecision {
  std::string layer;    // "rates", "lists", "reverse-dns", "block-lists"
  std::string verdict;  // "passed", "allowed", "refused", "deferred", "skipped"
  std::string rule;     // the setting or entry that decided, and why
  std::string inputs;   // what it was decided on
};

struct LayerOutcome {
  std::optional<smtp::Reply> refusal;
  std::string rule;         // of the refusal
  bool is_allowed = false;  // a list allows it: S5 and S6 are skipped too
  // The account that has just gone over its limit: stopped for now, and perhaps in other hands. Said once an hour.
  std::optional<smtp::Mailbox> stopped;
  std::uint32_t per_hour = 0;  // its limit
  std::vector<LayerDecision> decisions;
};

// Per hour; 0: no limit. A network is a /24 or /64.
struct HourlyLimits {
  std::uint32_t address_messages = 0, address_recipients = 0;
  std::uint32_t network_messages = 0, network_recipients = 0;
  std::uint32_t account_messages = 0, account_recipients = 0;
  std::uint32_t recipient_messages = 0;  // to one recipient, from strangers
};

class Layers {
public:
  struct Options {
    HourlyLimits hourly;
    ReverseNeed reverse = ReverseNeed::off;
    BlockLists::Options block_lists;
  };
  Layers(Options options, dns::Resolver& resolver, const directory::Directory& directory, RateLimits& rates,
         const Clock& clock, const log::Logger& logger);

private:
  friend class LayerSession;
  Options options_;
  dns::Resolver& resolver_;
  const directory::Directory& directory_;
  RateLimits& rates_;  // of the caller: counts outlive a change of settings
  const log::Logger& logger_;
  BlockLists block_lists_;
  ReverseDns reverse_;
};

// One connection: what is looked up of its client is looked up once, for both layers at a time, and not before a recipient needs it.
class LayerSession {
public:
  LayerSession(std::shared_ptr<Layers> layers, LayerClient client);
  // After a login or XCLIENT.
  void set_client(LayerClient client);
  // Once for each message, at its first recipient.
  LayerOutcome at_message();
  LayerOutcome at_recipient(const std::optional<smtp::Mailbox>& sender, const smtp::Mailbox& recipient);
  // What its reverse names are, if they have been looked at (S3).
  const std::optional<ReverseVerdict>& reverse() const { return reverse_; }

private:
  struct Limit {
    const char* kind;
    std::string key;
    std::uint32_t limit;
  };
  void hold_against(const std::vector<Limit>& limits, LayerOutcome& outcome);
  void hold_against_lists(const directory::RuleFacts& facts, LayerOutcome& outcome);
  void look_up();
  void hold_against_reverse_dns(LayerOutcome& outcome);
  void hold_against_block_lists(LayerOutcome& outcome);
  void warn_of_listings();

  std::shared_ptr<Layers> layers_;  // shared: settings may change while a session lasts
  LayerClient client_;
  std::optional<ReverseVerdict> reverse_;
  std::optional<ListVerdict> listed_;
  bool has_warned_ = false;  // of listed_
};

}  // namespace tubepost::policy
