#include "dns/inquiry.h"

#include <algorithm>

namespace tubepost::dns {

std::size_t Inquiry::add(Question question, Time::time_point end) {
  all_.push_back({std::move(question), end, {}});
  return all_.size() - 1;
}

void Inquiry::ask() {
  std::vector<Asked*> open;
  for (; answered_ < all_.size(); ++answered_) open.push_back(&all_[answered_]);
  while (!open.empty()) {
    auto first_end = open.front()->end;
    std::vector<Question> questions;
    for (const Asked* one : open) {
      first_end = std::min(first_end, one->end);
      questions.push_back(one->question);
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(first_end - Time::now());
    auto answers = resolver_.query_all(questions, std::max(left, std::chrono::milliseconds(0)));
    for (std::size_t i = 0; i < open.size(); ++i) open[i]->answer = std::move(answers[i]);
    const auto over = std::max(first_end, Time::now());
    std::erase_if(open,
                  [&](const Asked* one) { return one->answer.kind != Kind::timeout || one->end <= over; });
  }
}

}  // namespace tubepost::dns
