#include "smtp/extensions.h"

#include <algorithm>

#include "base/text.h"

namespace tubepost::smtp {
namespace {

constexpr std::size_t mechanisms_max = 40;

struct Switch {
  std::string_view keyword;
  bool Extensions::*member;
};
constexpr Switch switches[] = {
    {"PIPELINING", &Extensions::pipelining},    // RFC 2920
    {"8BITMIME", &Extensions::eight_bit_mime},  // RFC 6152
    {"SMTPUTF8", &Extensions::smtputf8},        // RFC 6531
    {"DSN", &Extensions::dsn},                  // RFC 3461
    {"STARTTLS", &Extensions::starttls},        // RFC 3207
    {"CHUNKING", &Extensions::chunking},        // RFC 3030
    {"BINARYMIME", &Extensions::binary_mime},
    {"REQUIRETLS", &Extensions::require_tls},  // RFC 8689
    {"SIZE", &Extensions::size},               // RFC 1870
};

void take_mechanisms(Extensions& extensions, const std::vector<std::string_view>& words) {
  for (std::size_t i = 1; i < words.size() && extensions.mechanisms.size() < mechanisms_max; ++i) {
    auto name = to_upper(words[i]);
    if (!extensions.has_mechanism(name)) extensions.mechanisms.push_back(std::move(name));
  }
}

void take_limits(Extensions& extensions, const std::vector<std::string_view>& words) {
  const auto take = [&](std::string_view name, std::optional<std::size_t>& limit) {
    for (const auto word : words) {
      if (!starts_with_ignoring_case(word, name)) continue;
      const auto most = parse_number<std::size_t>(word.substr(name.size()));
      if (most && *most > 0) limit = most;
    }
  };
  take("RCPTMAX=", extensions.rcpt_max);
  take("RCPTDOMAINMAX=", extensions.rcpt_domain_max);
}

void take_line(Extensions& extensions, std::string_view line) {
  // "AUTH=LOGIN PLAIN": servers from before RFC 2554.
  std::string text(line);
  if (starts_with_ignoring_case(text, "AUTH=")) text[4] = ' ';
  const auto words = split_words(text);
  if (words.empty()) return;
  for (const Switch& known : switches)
    if (equal_ignoring_case(words[0], known.keyword)) extensions.*known.member = true;
  if (equal_ignoring_case(words[0], "SIZE") && words.size() > 1) {
    const auto most = parse_number<std::uint64_t>(words[1]);
    if (most && *most > 0) extensions.size_max = most;
  }
  if (equal_ignoring_case(words[0], "DELIVERBY")) {
    extensions.deliver_by = true;
    if (words.size() > 1) extensions.deliver_by_min = parse_number<std::uint64_t>(words[1]).value_or(0);
  }
  if (equal_ignoring_case(words[0], "AUTH")) take_mechanisms(extensions, words);
  if (equal_ignoring_case(words[0], "LIMITS")) take_limits(extensions, words);
}

}  // namespace

bool Extensions::has_mechanism(std::string_view name) const {
  return std::any_of(mechanisms.begin(), mechanisms.end(),
                     [&](const std::string& other) { return equal_ignoring_case(other, name); });
}

Extensions parse_extensions(const Reply& hello) {
  Extensions extensions;
  extensions.esmtp = true;
  for (std::size_t i = 1; i < hello.lines.size(); ++i) take_line(extensions, hello.lines[i]);
  return extensions;
}

}  // namespace tubepost::smtp
