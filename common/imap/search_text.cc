#include "imap/search_text.h"

#include <algorithm>

#include "base/text.h"
#include "imap/bytes.h"
#include "message/charset.h"
#include "message/encoded_word.h"
#include "message/header.h"
#include "message/mime_part.h"

namespace tubepost::imap {
namespace {

using message::MimePart;
using message::Opened;

constexpr std::uint16_t was_cut = 1;
constexpr std::size_t header_size_at = 4, data_at = 8;
constexpr std::size_t raw_per_octet = 4;  // quoted-printable has three for one, and folding may shrink a text

// Collects folded text up to a bound.
class TextCollector {
public:
  TextCollector(std::string& out, std::size_t most) : out_(out), most_(most) {}
  bool was_cut() const { return cut_; }
  std::size_t room() const { return most_ - std::min(most_, out_.size()); }
  void set_cut() { cut_ = true; }

  void add(std::string_view folded) {
    auto kept = folded.substr(0, room());
    if (kept.size() < folded.size()) cut_ = true;
    out_ += kept;
  }
  // "NAME:value\n"
  void add_field(std::string_view name, std::string_view raw) {
    const auto taken = raw.substr(0, raw_per_octet * room());
    if (taken.size() < raw.size()) cut_ = true;
    add(to_upper(name));
    add(":");
    add(message::fold_case(message::decode_encoded_words(taken)));
    add("\n");
  }

private:
  std::string& out_;
  std::size_t most_;
  bool cut_ = false;
};

void add_header(TextCollector& collector, std::string_view header) {
  message::HeaderReader reader(header);
  while (const auto field = reader.next()) {
    if (collector.room() == 0) return collector.set_cut();
    collector.add_field(field->name, field->value);
  }
}

void add_part_fields(TextCollector& collector, const MimePart& part, std::string_view message) {
  message::HeaderReader reader(part.header(message));
  while (const auto field = reader.next())
    if (starts_with_ignoring_case(field->name, "Content-")) collector.add_field(field->name, field->value);
  if (const auto name = message::file_name(part)) {
    collector.add(message::fold_case(*name));
    collector.add("\n");
  }
}

// The decoded bytes are gone when it returns: a large text lies in memory no more often than it must.
std::string utf8_of(const MimePart& part, std::string_view raw) {
  const auto bytes = message::decode_transfer(raw, part.encoding);
  auto text = message::to_utf8(bytes, message::charset_of(part));
  return text ? std::move(*text) : message::guess_utf8(bytes);
}

void add_text(TextCollector& collector, const MimePart& part, std::string_view message) {
  const auto raw = part.body(message), taken = raw.substr(0, raw_per_octet * collector.room());
  if (taken.size() < raw.size()) collector.set_cut();
  std::string text = utf8_of(part, taken);
  text = message::fold_case(text);
  std::erase(text, '\r');
  collector.add(text);
  collector.add("\n");
}

bool is_text(const MimePart& part) {
  return (part.opened == Opened::leaf && part.is_type("text")) || part.opened == Opened::no_parts;
}

}  // namespace

std::string folded_header(std::string_view header, std::size_t most) {
  std::string out = "\n";
  TextCollector collector(out, most);
  add_header(collector, header);
  if (!out.ends_with('\n')) out += '\n';
  return out;
}

std::string make_search_text(std::string_view body, std::size_t most) {
  const auto parts = message::read_mime(body);
  std::string header = "\n";
  TextCollector of_header(header, most);
  add_header(of_header, parts[0].header(body));
  std::string text;
  TextCollector collector(text, of_header.room());
  for (const auto& part : parts) {
    if (&part != &parts[0] && part.is_message()) add_header(collector, part.header(body));
    if (!part.is_message()) add_part_fields(collector, part, body);
    if (is_text(part)) add_text(collector, part, body);
  }
  std::string record = "T";
  append_le(record, search_text_version);
  append_le<std::uint16_t>(record, of_header.was_cut() || collector.was_cut() ? was_cut : 0);
  append_le(record, static_cast<std::uint32_t>(header.size()));
  record.reserve(data_at + header.size() + text.size());
  return record.append(header).append(text);
}

SearchTextView::SearchTextView(std::string_view record) {
  if (record.size() < data_at || record[0] != 'T' ||
      static_cast<std::uint8_t>(record[1]) != search_text_version)
    return;
  if (read_le<std::uint32_t>(record, header_size_at) <= record.size() - data_at) record_ = record;
}

bool SearchTextView::complete() const {
  return valid() && (read_le<std::uint16_t>(record_, 2) & was_cut) == 0;
}

std::string_view SearchTextView::all() const {
  return valid() ? record_.substr(data_at) : std::string_view();
}

std::string_view SearchTextView::header() const {
  return all().substr(0, read_le<std::uint32_t>(record_, header_size_at));
}

std::string_view SearchTextView::body() const {
  return valid() ? all().substr(read_le<std::uint32_t>(record_, header_size_at)) : std::string_view();
}

}  // namespace tubepost::imap
