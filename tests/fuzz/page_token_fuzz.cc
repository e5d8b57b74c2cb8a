// Page tokens and resource names of any bytes: never a crash, and a token that is accepted encodes to an
// equal one.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "rpc/page_token.h"
#include "rpc/resource_name.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr std::string_view kQuery = "trials services/web";
  if (const auto key = shadowd::rpc::DecodePageToken(text, kQuery); key.ok() && !text.empty()) {
    const auto again = shadowd::rpc::DecodePageToken(shadowd::rpc::EncodePageToken(*key, kQuery), kQuery);
    SHADOWD_CHECK(again.ok() && *again == *key);
  }
  const auto key = shadowd::rpc::DecodePageToken(shadowd::rpc::EncodePageToken(text, text), text);
  SHADOWD_CHECK(!key.ok() || *key == text);  // longer than a token may be: refused, never another key
  if (const auto shadow = shadowd::rpc::ParseShadowName(text); shadow.ok()) {
    SHADOWD_CHECK(shadowd::rpc::ShadowName(shadow->service, shadow->trial, shadow->shadow) == text);
  }
  if (const auto model = shadowd::rpc::ParseModelName(text); model.ok()) {
    SHADOWD_CHECK(shadowd::rpc::ModelName(model->service, model->number) == text);
  }
  return 0;
}
