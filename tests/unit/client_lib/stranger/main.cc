// A program of somebody else, built against nothing but the installed package.
#include <shadowd/client.h>
#include <shadowd/sample_stream.h>

#include <iostream>

int main() {
  shadowd::client::Options options;
  options.address = "unix:///nowhere/shadowd.sock";
  options.attempts = 1;
  const auto client = shadowd::client::Client::Connect(options);
  if (!client.ok()) {
    return 1;
  }
  const auto status = (*client)->GetStatus();
  std::cout << status.status().ToString() << "\n";
  return absl::IsUnavailable(status.status()) ? 0 : 2;
}
