#include "mxsend/letter.h"

#include <algorithm>

#include "base/text.h"
#include "dns/name.h"
#include "message/header.h"
#include "message/seven_bit.h"

namespace tubepost::mxsend {
namespace {

// RFC 1870 6.3, RFC 6531 3.5, RFC 3463 3.7, RFC 8689 4.3
constexpr EnhancedStatus too_large{5, 3, 4}, needs_utf8{5, 6, 7}, not_convertible{5, 6, 3},
    needs_require_tls{5, 7, 30}, delivery_time_expired{5, 4, 7};

bool is_ascii(std::string_view text) { return !message::has_eight_bit(text); }

bool has_bare_line_ends(std::string_view bytes) {
  for (auto at = bytes.find_first_of("\r\n"); at != std::string_view::npos;
       at = bytes.find_first_of("\r\n", at)) {
    if (bytes.substr(at, 2) != "\r\n") return true;
    at += 2;
  }
  return false;
}

std::string with_whole_line_ends(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() + 64);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    if (c != '\r' && c != '\n') {
      text += c;
      continue;
    }
    text += "\r\n";
    if (c == '\r' && i + 1 < bytes.size() && bytes[i + 1] == '\n') ++i;
  }
  return text;
}

// A domain of U-labels has A-labels that any server takes (RFC 5891); a local part has not.
std::optional<std::string> ascii_address(const std::string& address) {
  const auto at = address.rfind('@');
  if (at == std::string::npos) return is_ascii(address) ? std::optional(address) : std::nullopt;
  const auto domain = dns::to_ascii(std::string_view(address).substr(at + 1));
  if (!domain || !is_ascii(std::string_view(address).substr(0, at))) return std::nullopt;
  return address.substr(0, at + 1) + *domain;
}

Failure refusal(const std::string& what) {
  return Failure::permanent(what + " is not ASCII, and that server has no SMTPUTF8", needs_utf8);
}

// RFC 6531 3.2: who has not announced SMTPUTF8 gets nothing that needs it.
Result<void> without_utf8(smtp::Letter& letter, const Content& content, bool job_says_so) {
  const auto sender = ascii_address(letter.sender);
  if (!sender) return refusal("the sender's address");
  letter.sender = *sender;
  for (auto& recipient : letter.recipients) {
    const auto address = ascii_address(recipient.address);
    if (!address) return refusal("the address " + recipient.address);
    recipient.address = *address;
  }
  if (job_says_so && content.eight_bit_header) return refusal("the header");
  letter.smtputf8 = false;
  return {};
}

Result<void> fit_line_ends(Prepared& prepared, const Content& content, const smtp::Extensions& extensions) {
  if (!content.bare_line_ends && !content.nul) return {};
  if (extensions.chunking) {  // RFC 3030: its octets are counted, not looked at
    prepared.letter.by_chunks = true;
    return {};
  }
  if (content.nul || message::is_signed(content.bytes))
    return Failure::permanent("the message has NUL, bare CR or bare LF, and that server no CHUNKING",
                              not_convertible);
  prepared.converted = with_whole_line_ends(content.bytes);
  prepared.letter.content = prepared.converted;
  return {};
}

Result<void> fit_bits(Prepared& prepared, const Content& content, const smtp::Extensions& extensions) {
  if (!content.eight_bit) return {};
  prepared.letter.eight_bit = true;
  if (extensions.eight_bit_mime || prepared.letter.smtputf8) return {};
  auto converted = message::to_seven_bit(prepared.letter.content);
  if (!converted) return std::move(converted).error();
  prepared.converted = std::move(*converted);
  prepared.letter.content = prepared.converted;
  prepared.letter.eight_bit = false;
  return {};
}

// RFC 2852 4.1.4.2: who does not know of the time is asked to tell of delays at least.
std::string with_delay(const std::string& notify) {
  if (notify.empty()) return "FAILURE,DELAY";
  const auto upper = to_upper(notify);
  return upper == "NEVER" || upper.find("DELAY") != std::string::npos ? notify : notify + ",DELAY";
}

// RFC 2852 4.1.4: what is left of the time. A message that is to be given back by then is relayed only to who will.
Result<void> fit_deliver_by(smtp::Letter& letter, const spool::DeliverBy& by,
                            const smtp::Extensions& extensions, Timestamp now) {
  const auto left = std::chrono::floor<std::chrono::seconds>(by.deadline - now).count();
  const bool gives_back = by.mode == spool::DeliverByMode::give_back;
  const auto least = std::max<std::int64_t>(1, static_cast<std::int64_t>(extensions.deliver_by_min));
  if (gives_back && !extensions.deliver_by)
    return Failure::permanent("DELIVERBY: that server does not know it and would not give the message back",
                              delivery_time_expired);
  if (gives_back && left < least)
    return Failure::permanent("DELIVERBY: " + std::to_string(left) + " s are left, too few for that server",
                              delivery_time_expired);
  if (extensions.deliver_by)
    letter.by = std::to_string(left) + (gives_back ? ";R" : ";N") + (by.trace ? "T" : "");
  else
    for (auto& recipient : letter.recipients) recipient.notify = with_delay(recipient.notify);
  return {};
}

}  // namespace

Content Content::of(std::string_view bytes) {
  Content content;
  content.bytes = bytes;
  content.eight_bit = message::has_eight_bit(bytes);
  content.eight_bit_header =
      content.eight_bit && message::has_eight_bit(bytes.substr(0, message::body_offset(bytes)));
  content.bare_line_ends = has_bare_line_ends(bytes);
  content.nul = bytes.find('\0') != std::string_view::npos;
  return content;
}

Result<void> fit_address(const std::string& address, const smtp::Extensions& extensions) {
  if (extensions.smtputf8 || ascii_address(address)) return {};
  return refusal("the address " + address);
}

Result<std::unique_ptr<Prepared>> prepare(const relay::Job& job, const std::vector<std::size_t>& which,
                                          const Content& content, const smtp::Extensions& extensions,
                                          Timestamp now) {
  auto prepared = std::make_unique<Prepared>();
  auto& letter = prepared->letter;
  letter.sender = job.sender;
  letter.envid = job.envid;
  letter.ret = job.ret;
  letter.smtputf8 = job.smtputf8 || !is_ascii(job.sender);
  letter.require_tls = job.require_tls;
  letter.content = content.bytes;
  for (const auto place : which) {
    const auto& recipient = job.recipients[place];
    letter.recipients.push_back({recipient.address, recipient.notify, recipient.orcpt});
    letter.smtputf8 = letter.smtputf8 || !is_ascii(recipient.address);
  }
  if (job.require_tls && !extensions.require_tls)
    return Failure::permanent("REQUIRETLS: that server does not know it", needs_require_tls);
  if (job.deliver_by)
    if (auto done = fit_deliver_by(letter, *job.deliver_by, extensions, now); !done)
      return std::move(done).error();
  if (!extensions.smtputf8)
    if (auto done = without_utf8(letter, content, job.smtputf8); !done) return std::move(done).error();
  if (auto done = fit_line_ends(*prepared, content, extensions); !done) return std::move(done).error();
  if (auto done = fit_bits(*prepared, content, extensions); !done) return std::move(done).error();
  if (job.body == spool::BodyType::binary_mime && extensions.binary_mime && extensions.chunking)
    letter.binary = true;
  if (extensions.size_max && letter.content.size() > *extensions.size_max)
    return Failure::permanent(
        "larger than the " + std::to_string(*extensions.size_max) + " bytes that server takes", too_large);
  return prepared;
}

}  // namespace tubepost::mxsend
