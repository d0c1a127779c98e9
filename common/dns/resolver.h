// Look-ups. A Resolver is given to whatever needs names; the system's stands in system_resolver.h, a fake for
// tests in tests/support/fake_resolver.h.
//
// An Answer says apart what must be told apart: nothing of this type (nodata), no such name (nxdomain:
// permanent), servers that cannot say (servfail, timeout: temporary), and no server at all (unreachable:
// temporary, a fault of ours). `authenticated` is the AD bit of a resolver that validates (RFC 4035 3.2.3,
// RFC 7672 2.2); trust in it is trust in the way to that resolver.
//
// Names are taken with or without a trailing dot, in U-labels or A-labels. A name that cannot be one is
// nxdomain. Blocking, bounded in time by the resolver. Threading: any thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "dns/record.h"

namespace tubepost::dns {

enum class Kind { ok, nodata, nxdomain, servfail, timeout, unreachable };
std::string_view to_text(Kind kind);

struct AnyAnswer {
  Kind kind = Kind::servfail;
  bool authenticated = false;
  std::string name;             // behind all CNAMEs; the name asked for if there are none
  std::vector<Record> records;  // of the type asked for; ok: at least one
  std::string detail{};         // of servfail, timeout and unreachable: what went wrong, for the operator
};

template <class T>
struct Answer {
  Kind kind = Kind::servfail;
  bool authenticated = false;
  std::string name;
  std::vector<T> records;
  std::uint32_t ttl = 0;  // the least of the records'
  std::string detail{};

  bool ok() const { return kind == Kind::ok; }
  bool is_absent() const { return kind == Kind::nodata || kind == Kind::nxdomain; }
};

struct Question {
  std::string name;
  Type type;
};

// The records of a T's type.
template <class T>
Answer<T> to_answer(AnyAnswer any) {
  Answer<T> answer{any.kind, any.authenticated, std::move(any.name), {}, UINT32_MAX, std::move(any.detail)};
  for (Record& record : any.records) {
    if (T* data = std::get_if<T>(&record.data)) {
      answer.records.push_back(std::move(*data));
      answer.ttl = std::min(answer.ttl, record.ttl);
    }
  }
  if (answer.records.empty()) answer.ttl = 0;
  if (answer.ok() && answer.records.empty()) answer.kind = Kind::nodata;
  return answer;
}

// What an answer that is not ok means to whoever needed it: 5.1.2 for nxdomain, 5.4.4 for nodata, else 4.4.3
// (RFC 3463 3.5: directory server failure).
Failure to_failure(Kind kind, Type type, const std::string& name, const std::string& detail);

class Resolver {
public:
  virtual ~Resolver() = default;
  virtual AnyAnswer query(const std::string& name, Type type) = 0;
  // The answers in the order of the questions. A resolver that asks servers asks all at once, and who has not answered within
  // `limit` is Kind::timeout; here one after the other, each with the time that query() takes.
  virtual std::vector<AnyAnswer> query_all(const std::vector<Question>& questions,
                                           std::chrono::milliseconds limit);

  Answer<Mx> mx(const std::string& name) { return typed<Mx>(name, Type::mx); }
  Answer<net::IpAddress> a(const std::string& name) { return typed<net::IpAddress>(name, Type::a); }
  Answer<net::IpAddress> aaaa(const std::string& name) { return typed<net::IpAddress>(name, Type::aaaa); }
  Answer<Host> ptr(const std::string& name) { return typed<Host>(name, Type::ptr); }
  Answer<Host> cname(const std::string& name) { return typed<Host>(name, Type::cname); }
  Answer<Host> ns(const std::string& name) { return typed<Host>(name, Type::ns); }
  Answer<Text> txt(const std::string& name) { return typed<Text>(name, Type::txt); }
  Answer<Tlsa> tlsa(const std::string& name) { return typed<Tlsa>(name, Type::tlsa); }
  Answer<Srv> srv(const std::string& name) { return typed<Srv>(name, Type::srv); }
  Answer<Caa> caa(const std::string& name) { return typed<Caa>(name, Type::caa); }
  Answer<Soa> soa(const std::string& name) { return typed<Soa>(name, Type::soa); }

private:
  template <class T>
  Answer<T> typed(const std::string& name, Type type) {
    return to_answer<T>(query(name, type));
  }
};

}  // namespace tubepost::dns
