// What one message may cost. Each is tested at its border; those a flag can change are the defaults.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tubepost::avscan {

inline constexpr std::chrono::seconds time_limit{60};    // for all of a message's scans together
inline constexpr std::uint64_t memory_max = 4ULL << 30;  // address space of a scanner's process
inline constexpr std::uint64_t processes_max = 512;      // RLIMIT_NPROC counts all of the user's
inline constexpr std::uint64_t file_max = 1ULL << 30;    // a file that a scanner writes
inline constexpr std::size_t output_max = 1 << 20;       // what a scanner may print, all of it read
inline constexpr std::size_t output_kept = 64 << 10;     // of that, what is looked at and logged
inline constexpr std::size_t message_max = 256 << 20;    // read from stdin
inline constexpr std::size_t clamd_reply_max = 4096;     // one line
inline constexpr std::size_t virus_name_max = 120;       // in replies, notices, fields
inline constexpr std::size_t file_name_max = 120;        // of an attachment, as a file
inline constexpr std::size_t reply_max = 400;            // contracts.md: bytes of a reply text
inline constexpr std::size_t envelope_max = 4 << 20;     // the file named by ENVELOPE
inline constexpr std::size_t notified_recipients_max = 100;
inline constexpr std::size_t infected_parts_max = 100;  // beyond, no single part is looked for

}  // namespace tubepost::avscan
