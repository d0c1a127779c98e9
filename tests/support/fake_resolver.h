// A Resolver that knows what a test tells it, and remembers what it was asked.
//
//   FakeResolver dns;
//   dns.add("example.test", dns::Mx{10, "mx.example.test"}).add("mx.example.test", "192.0.2.1");
//   dns.fail("broken.test", dns::Kind::servfail);
//
// A name of which nothing is known is nxdomain; one that has other records, nodata.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "dns/resolver.h"

namespace tubepost::test_support {

class FakeResolver final : public dns::Resolver {
public:
  FakeResolver& add(const std::string& name, dns::Type type, dns::Data data) {
    records_[{name, type}].push_back({name, type, 300, std::move(data)});
    names_.insert(name);
    return *this;
  }
  FakeResolver& add(const std::string& name, dns::Mx mx) { return add(name, dns::Type::mx, std::move(mx)); }
  FakeResolver& add(const std::string& name, dns::Tlsa tlsa) {
    return add(name, dns::Type::tlsa, std::move(tlsa));
  }
  FakeResolver& add(const std::string& name, dns::Text text) {
    return add(name, dns::Type::txt, std::move(text));
  }
  FakeResolver& add(const std::string& name, const char* address) {
    const auto parsed = net::IpAddress::parse(address).value();
    return add(name, parsed.is_v6() ? dns::Type::aaaa : dns::Type::a, parsed);
  }
  FakeResolver& add_ptr(const std::string& name, const std::string& host) {
    return add(name, dns::Type::ptr, dns::Host{host});
  }
  FakeResolver& alias(const std::string& name, const std::string& to) {
    aliases_[name] = to;
    names_.insert(name);
    return *this;
  }
  FakeResolver& fail(const std::string& name, dns::Kind kind) {
    failures_[name] = kind;
    return *this;
  }
  FakeResolver& fail(const std::string& name, dns::Type type, dns::Kind kind) {
    typed_failures_[{name, type}] = kind;
    return *this;
  }
  // Answers about this name and below it are signed and validated.
  FakeResolver& sign(const std::string& zone) {
    signed_.insert(zone);
    return *this;
  }

  dns::AnyAnswer query(const std::string& asked, dns::Type type) override {
    const std::lock_guard lock(mutex_);
    queries.emplace_back(asked, type);
    dns::AnyAnswer answer;
    answer.name = asked;
    for (auto alias = aliases_.find(answer.name); alias != aliases_.end(); alias = aliases_.find(answer.name))
      answer.name = alias->second;
    answer.authenticated = is_signed(asked) && is_signed(answer.name);
    const auto failure = failures_.find(answer.name);
    const auto typed = typed_failures_.find({answer.name, type});
    const auto found = records_.find({answer.name, type});
    if (failure != failures_.end()) {
      answer.kind = failure->second;
    } else if (typed != typed_failures_.end()) {
      answer.kind = typed->second;
    } else if (found != records_.end()) {
      answer.kind = dns::Kind::ok;
      answer.records = found->second;
    } else {
      answer.kind = names_.count(answer.name) ? dns::Kind::nodata : dns::Kind::nxdomain;
    }
    return answer;
  }

  std::vector<dns::AnyAnswer> query_all(const std::vector<dns::Question>& questions,
                                        std::chrono::milliseconds limit) override {
    {
      const std::lock_guard lock(mutex_);
      ++rounds;
    }
    return Resolver::query_all(questions, limit);
  }

  std::vector<std::pair<std::string, dns::Type>> queries;
  std::size_t rounds = 0;  // of query_all(): so often somebody had to wait

private:
  bool is_signed(const std::string& name) const {
    for (const auto& zone : signed_)
      if (name == zone || name.ends_with('.' + zone)) return true;
    return false;
  }
  std::mutex mutex_;
  std::map<std::pair<std::string, dns::Type>, std::vector<dns::Record>> records_;
  std::map<std::string, std::string> aliases_;
  std::map<std::string, dns::Kind> failures_;
  std::map<std::pair<std::string, dns::Type>, dns::Kind> typed_failures_;
  std::set<std::string> names_, signed_;
};

}  // namespace tubepost::test_support
