// Jobs and answers between qrun and mxsend: what is read is within its bounds and reads the same when it is
// written again; and what a server said is found in any text, with its meaning.
#include <cstdint>
#include <cstdlib>

#include "relay/job.h"
#include "relay/said.h"

namespace {

using namespace tubepost;

void demand(bool holds) {
  if (!holds) std::abort();
}

void check_job(const process::Record& record) {
  const auto job = relay::parse_job(record);
  if (!job) return;
  demand(!job->recipients.empty() && job->recipients.size() <= relay::recipients_max);
  const auto written = relay::to_record(*job);
  const auto again = relay::parse_job(written);
  demand(again && relay::to_record(*again).to_text() == written.to_text());
}

void check_news(const process::Record& record) {
  const auto news = relay::parse_news(record);
  if (!news) return;
  const auto written = std::visit([](const auto& one) { return relay::to_record(one); }, *news);
  const auto again = relay::parse_news(written);
  demand(again && again->index() == news->index());
}

void check_said(std::string_view text) {
  if (const auto said = relay::find_said(text))
    demand(said->code >= 400 && said->code < 600 && said->host.size() + said->reply.size() <= text.size());
  demand(relay::advice_on(text).find('\n') == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check_said({reinterpret_cast<const char*>(data), size});
  process::RecordReader reader;
  reader.feed({reinterpret_cast<const char*>(data), size});
  for (auto record = reader.next(); record && *record; record = reader.next()) {
    check_job(**record);
    check_news(**record);
  }
  return 0;
}
