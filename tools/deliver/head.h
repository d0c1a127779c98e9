// The fields a delivery puts on top of a message, and the loop they let us see. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "deliver/job.h"

namespace tubepost::deliver {

// Return-Path (RFC 5321 4.4), Delivered-To: the mailbox, X-Original-To: the address as the sender wrote it,
// where that is another. `separator` stands between user and detail. CRLF line ends; nothing in a job can add
// a line.
std::string make_head(const Job& job, std::string_view separator);

// The header of the message says that this mailbox had it already: it was forwarded and came back.
bool was_delivered_to(std::string_view message, std::string_view mailbox);

}  // namespace tubepost::deliver
