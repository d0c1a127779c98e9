#include "mxsend/recipient_check.h"

#include <gtest/gtest.h>

namespace tubepost::mxsend {
namespace {

// Hosts that let a client wait for some seconds before they greet, to see whether it talks first, are common.
TEST(RecipientCheck, GivesAHostThatIsThereAllTheTimeOfAQuestion) {
  Options options;
  hurry(options);
  EXPECT_EQ(options.timeouts.greeting, question_time);
  EXPECT_EQ(options.timeouts.command, question_time);
  EXPECT_LT(options.connect_limit, question_time);
}

}  // namespace
}  // namespace tubepost::mxsend
