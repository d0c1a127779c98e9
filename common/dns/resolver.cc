#include "dns/resolver.h"

namespace tubepost::dns {

std::string_view to_text(Type type) {
  switch (type) {
    case Type::a:
      return "A";
    case Type::ns:
      return "NS";
    case Type::cname:
      return "CNAME";
    case Type::soa:
      return "SOA";
    case Type::ptr:
      return "PTR";
    case Type::mx:
      return "MX";
    case Type::txt:
      return "TXT";
    case Type::aaaa:
      return "AAAA";
    case Type::srv:
      return "SRV";
    case Type::tlsa:
      return "TLSA";
    case Type::caa:
      return "CAA";
  }
  return "?";
}

std::string_view to_text(Kind kind) {
  switch (kind) {
    case Kind::ok:
      return "ok";
    case Kind::nodata:
      return "no such record";
    case Kind::nxdomain:
      return "no such name";
    case Kind::servfail:
      return "the DNS servers cannot say";
    case Kind::timeout:
      return "no DNS server answers in time";
    case Kind::unreachable:
      return "no DNS server can be reached";
  }
  return "?";
}

Failure to_failure(Kind kind, Type type, const std::string& name, const std::string& detail) {
  std::string text = "DNS: " + name + " " + std::string(to_text(type)) + ": " + std::string(to_text(kind));
  if (!detail.empty()) text += " (" + detail + ")";
  if (kind == Kind::nxdomain) return Failure::permanent(std::move(text), {5, 1, 2});
  if (kind == Kind::nodata) return Failure::permanent(std::move(text), {5, 4, 4});
  return Failure::temporary(std::move(text), {4, 4, 3});
}

std::vector<AnyAnswer> Resolver::query_all(const std::vector<Question>& questions, std::chrono::milliseconds) {
  std::vector<AnyAnswer> answers;
  for (const auto& question : questions) answers.push_back(query(question.name, question.type));
  return answers;
}

}  // namespace tubepost::dns
