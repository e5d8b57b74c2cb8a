# cmake -DOUTPUT=F.cc -DFILES=a.sql,b.sql -P embed_schema.cmake: the schema scripts as C++ string literals, in the order of
# their versions.
string(REPLACE "," ";" FILES "${FILES}")
set(state "")
set(telemetry "")
foreach(file IN LISTS FILES)
  file(READ ${file} text)
  get_filename_component(name ${file} NAME_WE)
  string(REGEX REPLACE "_[0-9]+$" "" schema ${name})
  string(APPEND ${schema} "    R\"sql(${text})sql\",\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"store/migrations.h\"

namespace shadowd::store {
namespace {
constexpr const char* kState[] = {
${state}};
constexpr const char* kTelemetry[] = {
${telemetry}};
}  // namespace

std::span<const char* const> StateSchema() { return kState; }
std::span<const char* const> TelemetrySchema() { return kTelemetry; }

}  // namespace shadowd::store
")
