// The checks of the group `peer`. Included by tables.h alone.
#pragma once

namespace tubepost::basic_access_test {

inline constexpr Check peer_checks[] = {
    {"peer-answer", "the peer answers, and holds the secret",
     "Connects to the peer (basic-access-test serve) and proves by access-test.peer-secret who we are; its "
     "answer must prove the same.",
     "Start basic-access-test serve there, and put the same secret into the file of access-test.peer-secret "
     "on both."},
    {"peer-view", "another instance reaches this one",
     "Asks the peer to connect back to our public ports and to say what it sees. What is only tested from "
     "within may still be "
     "closed to the world.",
     "Forward the port in the router, and let the packet filters of this machine and of the provider pass "
     "it."},
};

}  // namespace tubepost::basic_access_test
