// Delivers jobs to mailboxes: what the directory says of the account, the head, one transaction of the store
// for all of them, the answers. It knows nothing of pipes; where bodies come from is the caller's matter.
// Threading: one thread.
#pragma once

#include <map>
#include <optional>
#include <span>

#include "base/clock.h"
#include "deliver/job.h"
#include "directory/directory.h"
#include "log/logger.h"
#include "mailstore/mailstore.h"

namespace tubepost::deliver {

inline constexpr std::size_t batch_bytes_max = 8 << 20;  // design.md 3: a batch ends at 8 MiB

struct Body {
  std::string_view bytes;
  std::uint32_t crc = 0;
  std::string path;  // of its file, if it has one; see mailstore::Delivery
};
class Bodies {
public:
  virtual ~Bodies() = default;
  // What it gives lives until the next release().
  virtual Result<Body> get(const spool::SpoolId& id) = 0;
  virtual void release() = 0;
};

class Desk {
public:
  struct Parts {
    const directory::Directory& directory;
    mailstore::MailStore& store;
    Bodies& bodies;
    const Clock& clock;
    const log::Logger& logger;
    bool over_quota_fails = false;  // deliver.over-quota
  };
  explicit Desk(const Parts& parts) : parts_(parts) {}

  // Works on the first of them, as many as a batch takes, at least one: as many answers as there are, in
  // order. All that is "delivered" is durable. Outcomes to be forgotten are forgotten in the same
  // transaction.
  std::vector<Answer> deliver(std::span<const Job> jobs, const Forget& forget = {});

  // The store could not be written, and not for want of room: this process should end and another try.
  bool is_broken() const { return broken_; }

private:
  using Found = Result<std::optional<directory::Account>>;
  // A refusal, or a delivery.
  std::optional<Answer> prepare(const Job& job, mailstore::Delivery& delivery);
  std::optional<Answer> refuse(const Job& job, const Found& found) const;
  const Found& account_of(const std::string& mailbox);
  std::string separator() const;
  struct CachedTexts {  // what imapd reads of a body, so that no first FETCH or SEARCH is a slow one
    std::string structure, text;
  };
  const CachedTexts& cached_texts_of(const spool::SpoolId& id, std::string_view body);
  void commit(const std::vector<mailstore::Delivery>& deliveries, const Forget& forget,
              std::vector<Answer>& answers, const std::vector<std::size_t>& places);
  Answer answer_of(const mailstore::Delivered& delivered) const;
  void report(const Job& job, const Answer& answer) const;

  Parts parts_;
  std::map<std::string, Found> accounts_;  // of one batch
  std::map<spool::SpoolId, CachedTexts> cached_;
  bool broken_ = false;
};

}  // namespace tubepost::deliver
