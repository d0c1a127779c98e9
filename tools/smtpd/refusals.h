// Every reply that says no, by name: codes of RFC 5321 4.2.3 and RFC 3463, wording of ours. One place, so that a refusal means
// the same wherever it is made.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "smtp/reply.h"

namespace tubepost::smtpd::refusals {

smtp::Reply unknown_command();
smtp::Reply line_too_long();
smtp::Reply no_arguments_expected(std::string_view verb);
smtp::Reply bad_arguments(std::string text);
smtp::Reply say_hello_first(bool lmtp);
smtp::Reply need_mail_first();
smtp::Reply need_recipient_first(bool lmtp);
smtp::Reply nested_mail();
smtp::Reply bad_hello();
smtp::Reply not_a_web_server();
smtp::Reply too_many_errors(std::string_view hostname);
smtp::Reply too_many_messages(std::string_view hostname);
smtp::Reply turned_away(std::string_view hostname);
smtp::Reply shutting_down(std::string_view hostname);
smtp::Reply timed_out(std::string_view hostname);

smtp::Reply tls_already_active();
smtp::Reply tls_not_available();
smtp::Reply tls_needed_first();
smtp::Reply authentication_needed();
smtp::Reply already_authenticated();
smtp::Reply authentication_in_transaction();
smtp::Reply authentication_not_offered();
smtp::Reply mechanism_unknown();
smtp::Reply mechanism_needs_tls();
smtp::Reply authentication_cancelled();
smtp::Reply authentication_malformed();
smtp::Reply authentication_failed();
smtp::Reply authentication_unavailable();
smtp::Reply chunks_have_begun();
smtp::Reply binary_needs_chunks();
smtp::Reply not_for_you(std::string_view verb);
smtp::Reply no_such_node(std::string_view node);
smtp::Reply node_too_soon(std::string_view node);
smtp::Reply too_many_failed_logins(std::string_view hostname);

smtp::Reply bad_path(const Failure& failure);  // of the parsers in smtp/path.h
smtp::Reply unknown_parameter(std::string_view keyword);
smtp::Reply bad_parameter(std::string_view keyword);
smtp::Reply message_too_large(std::uint64_t limit);
smtp::Reply not_your_address(std::string_view address);
smtp::Reply relay_denied();
smtp::Reply unknown_user(std::string_view address);
smtp::Reply suspended_account(std::string_view address);
smtp::Reply route_refused(std::string_view address);
smtp::Reply too_many_recipients(std::size_t limit);
smtp::Reply data_line_too_long(std::size_t limit);
smtp::Reply bare_line_end();
smtp::Reply corrupt_message(std::string_view what);
smtp::Reply mail_loop();
// Of a message filter: in its own words, if it has some.
smtp::Reply filter_refused(std::string_view words);
smtp::Reply filter_found_corrupt(std::string_view words);
smtp::Reply filter_says_later();

// What a Failure becomes on the wire: 4xx or 5xx with its own enhanced code. `what` is for the client; the failure's text, which may
// name files, goes to the log.
smtp::Reply failed(const Failure& failure, std::string_view what);

}  // namespace tubepost::smtpd::refusals
