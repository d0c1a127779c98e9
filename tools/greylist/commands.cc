#include "greylist/commands.h"

#include <Poco/JSON/Object.h>

#include <algorithm>

#include "base/text.h"

namespace tubepost::greylist {
namespace {

constexpr std::size_t client_width = 20, address_width = 30, state_width = 8, time_width = 24;

// Names of states that a filter can name.
constexpr std::string_view states[] = {"pending", "passed", "expired", "exempt", "counted"};

bool matches(std::string_view pattern, std::string_view text) {
  return pattern.empty() || glob_matches(pattern, text);
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(width, text.size()), ' ');
  return text + "  ";
}

std::string percent(std::uint64_t part, std::uint64_t all) {
  return all == 0 ? "0" : std::to_string((part * 100 + all / 2) / all);
}

std::string within_text(std::uint32_t seconds) {
  return seconds == 0 ? "-" : format_duration(std::chrono::seconds(seconds));
}

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

}  // namespace

Result<void> check(const Filter& filter) {
  if (filter.state.empty() ||
      std::find(std::begin(states), std::end(states), filter.state) != std::end(states))
    return {};
  return Failure::permanent("--state " + printable(filter.state) +
                            ": pending, passed, expired, exempt or counted");
}

Commands::Line Commands::line_of(const Row& row) const {
  Line line;
  line.entry = row.entry;
  if (auto triplet = parse_triplet_key(row.key)) line.triplet = std::move(*triplet);
  if (const auto client = parse_client_key(row.key)) {
    line.triplet.client = std::string(*client);
    line.is_client = true;
  }
  const bool is_exempt = parameters_.exempt_after > 0 && row.entry.count >= parameters_.exempt_after;
  line.state = is_expired(row.entry, store_.now(), parameters_) ? "expired"
               : line.is_client                                 ? (is_exempt ? "exempt" : "counted")
               : row.entry.passed                               ? "passed"
                                                                : "pending";
  return line;
}

Result<void> Commands::each_batch(
    const Filter& filter,
    const std::function<Result<void>(const std::vector<std::pair<std::string, Line>>&)>& visit) const {
  std::string position;
  for (;;) {
    // Read in pieces, so that a slow reader of our output never holds a transaction.
    const auto rows = store_.rows_after(position, "");
    if (!rows) return rows.error();
    std::vector<std::pair<std::string, Line>> found;
    for (const auto& row : *rows) {
      auto line = line_of(row);
      const bool fits =
          matches(filter.client, line.triplet.client) && matches(filter.sender, line.triplet.sender) &&
          matches(filter.recipient, line.triplet.recipient) && matches(filter.state, line.state);
      const bool about_address = !filter.sender.empty() || !filter.recipient.empty();
      if (fits && !(line.is_client && about_address)) found.emplace_back(row.key, std::move(line));
    }
    if (auto done = visit(found); !done) return done;
    if (rows->size() < sweep_rows) return {};
    position = rows->back().key;
  }
}

void Commands::print_heading() {
  if (style_ != Style::aligned) return;
  out_ << padded("CLIENT", client_width) << padded("SENDER", address_width)
       << padded("RECIPIENT", address_width) << padded("STATE", state_width) << padded("COUNT", 5)
       << padded("FIRST", time_width) << "LAST\n";
}

void Commands::print(const Line& line) {
  const auto first = to_rfc3339(line.entry.first), last = to_rfc3339(line.entry.last);
  if (style_ == Style::json) {
    Poco::JSON::Object object(Poco::JSON_PRESERVE_KEY_ORDER);
    object.set("client", printable(line.triplet.client));
    object.set("sender", printable(line.triplet.sender));
    object.set("recipient", printable(line.triplet.recipient));
    object.set("state", line.state);
    object.set("count", Poco::UInt64{line.entry.count});
    object.set("first", first);
    object.set("last", last);
    object.stringify(out_);
    out_ << '\n';
    return;
  }
  const std::string sender = line.is_client ? "*" : '<' + printable(line.triplet.sender) + '>';
  const std::string recipient = line.is_client ? "*" : printable(line.triplet.recipient);
  const std::pair<std::string, std::size_t> cells[] = {{printable(line.triplet.client), client_width},
                                                       {sender, address_width},
                                                       {recipient, address_width},
                                                       {line.state, state_width},
                                                       {std::to_string(line.entry.count), 5},
                                                       {first, time_width}};
  for (const auto& [text, width] : cells)
    out_ << (style_ == Style::aligned ? padded(text, width) : text + '\t');
  out_ << last << '\n';
}

Result<ExitStatus> Commands::list(const Filter& filter) {
  bool any = false;
  auto done = each_batch(filter, [&](const auto& batch) -> Result<void> {
    for (const auto& [key, line] : batch) {
      if (!std::exchange(any, true)) print_heading();
      print(line);
    }
    return {};
  });
  if (!done) return std::move(done).error();
  return any ? ExitStatus::ok : ExitStatus::no;
}

Result<ExitStatus> Commands::remove(const Filter& filter) {
  std::size_t removed = 0;
  auto done = each_batch(filter, [&](const auto& batch) -> Result<void> {
    std::vector<std::string> keys;
    for (const auto& [key, line] : batch) keys.push_back(key);
    if (keys.empty()) return {};
    auto gone = store_.remove(keys);
    if (!gone) return std::move(gone).error();
    removed += *gone;
    return {};
  });
  if (!done) return std::move(done).error();
  print_fields({{"removed", std::to_string(removed)}});
  return removed == 0 ? ExitStatus::no : ExitStatus::ok;
}

Result<ExitStatus> Commands::purge() {
  auto forgotten = store_.purge(parameters_);
  if (!forgotten) return std::move(forgotten).error();
  print_fields({{"purged", std::to_string(*forgotten)}});
  return ExitStatus::ok;
}

Result<ExitStatus> Commands::stats() {
  const auto report = store_.report();
  if (!report) return report.error();
  std::map<std::string, std::uint64_t> now;
  for (const auto state : states) now[std::string(state)] = 0;
  auto counted = each_batch({}, [&](const auto& batch) -> Result<void> {
    for (const auto& [key, line] : batch) ++now[line.state];
    return {};
  });
  if (!counted) return std::move(counted).error();
  const auto& statistics = report->statistics;
  std::vector<std::pair<std::string, std::string>> fields{{"since", to_rfc3339(report->since)}};
  for (const auto& [state, count] : now) fields.emplace_back("records-" + state, std::to_string(count));
  for (std::size_t i = 0; i < counts; ++i) {
    const auto what = static_cast<Count>(i);
    fields.emplace_back(std::string(name_of(what)), std::to_string(statistics[what]));
  }
  fields.emplace_back("came-back-percent", percent(statistics[Count::came_back], statistics[Count::first]));
  fields.emplace_back("came-back-half-within", within_text(statistics.returned_within(0.5)));
  fields.emplace_back("came-back-most-within", within_text(statistics.returned_within(0.9)));
  for (std::size_t i = 0; i < statistics.returns().size(); ++i) {
    const auto name =
        i < class_ends.size() ? "after-" + within_text(class_ends[i]) : std::string("after-more");
    if (statistics.returns()[i] > 0) fields.emplace_back(name, std::to_string(statistics.returns()[i]));
  }
  print_fields(fields);
  return ExitStatus::ok;
}

void Commands::print_fields(const std::vector<std::pair<std::string, std::string>>& fields) {
  Poco::JSON::Object object(Poco::JSON_PRESERVE_KEY_ORDER);
  for (const auto& [name, value] : fields) {
    if (style_ == Style::json && is_number(value))
      object.set(name, *parse_number<Poco::UInt64>(value));
    else if (style_ == Style::json)
      object.set(name, value);
    else
      out_ << (style_ == Style::aligned ? padded(name, 22) : name + '\t') << value << '\n';
  }
  if (style_ != Style::json) return;
  object.stringify(out_);
  out_ << '\n';
}

}  // namespace tubepost::greylist
