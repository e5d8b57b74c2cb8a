#include "shadow/intent_book.h"

#include <fmt/format.h>

namespace shadowd::shadow {

int IntentBook::NextNumber(ports::Outbox& out) {
  const int number = next_number_++;
  out.Put(ports::SequenceSet{next_number_});
  return number;
}

model::IntentKey IntentBook::Open(model::IntentKind kind, const model::ReplicaId& replica, Now now,
                                  ports::Outbox& out) {
  model::Intent intent;
  intent.key =
      model::IntentKey(fmt::format("{}/{}/{}", replica, model::IntentKindName(kind), NextNumber(out)));
  intent.service = out.service();
  intent.kind = kind;
  intent.replica = replica;
  intent.create_time = now.wall;
  out.Put(intent);
  pending_.emplace(intent.key, intent);
  return intent.key;
}

bool IntentBook::Close(const model::IntentKey& key, const Status& result, Now now, ports::Outbox& out) {
  const auto found = pending_.find(key);
  if (found == pending_.end()) {
    return false;
  }
  model::Intent intent = found->second;
  pending_.erase(found);
  intent.state = result.ok() ? model::IntentState::kDone : model::IntentState::kFailed;
  intent.end_time = now.wall;
  intent.error = MessageOf(result);
  out.Put(std::move(intent));
  return true;
}

void IntentBook::CloseAllOf(const model::ReplicaId& replica, Now now, ports::Outbox& out) {
  std::vector<model::IntentKey> keys;
  for (const auto& [key, intent] : pending_) {
    const bool providers =
        intent.kind == model::IntentKind::kStartReplica || intent.kind == model::IntentKind::kStopReplica;
    if (providers && intent.replica == replica) {
      keys.push_back(key);
    }
  }
  for (const model::IntentKey& key : keys) {
    Close(key, Aborted("the replica ended"), now, out);
  }
}

void IntentBook::Restore(const std::vector<model::Intent>& pending, Now now, ports::Outbox& out) {
  for (const model::Intent& intent : pending) {
    pending_.emplace(intent.key, intent);
    Close(intent.key, Aborted("the daemon was restarted before the result was known"), now, out);
  }
}

}  // namespace shadowd::shadow
