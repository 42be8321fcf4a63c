#include "http/header/media_type.hpp"

#include <gtest/gtest.h>

#include <string>

namespace postern::http {
namespace {

TEST(MediaType, IsNamedWithoutCaseAndWithUtf8Only) {
  for (const std::string value : {"application/json", "APPLICATION/JSON", "application/json;charset=utf-8",
                                  "application/json ; Charset=\"UTF-8\"", "application/json;", "application/json; ;"}) {
    EXPECT_TRUE(is_media_type(value, "application/json")) << value;
  }
}

TEST(MediaType, IsRefusedWithAnythingElse) {
  for (const std::string value :
       {"", "text/plain", "application/jsonp", "application/json-patch+json", "application/json;charset=utf-16",
        "application/json; charset=utf8", "application/json;charset=utf-8;x=y", "application/json; profile=x",
        "application/json, text/plain", "application/json charset=utf-8", "application/*",
        "application/json;charset='utf-8'"}) {
    EXPECT_FALSE(is_media_type(value, "application/json")) << value;
  }
}

TEST(Accept, AdmitsATypeThatIsNamedOrCovered) {
  for (const std::string value :
       {"text/event-stream", "application/json, text/event-stream", "TEXT/Event-Stream", "text/*", "*/*",
        "a/b;q=0.1,*/*;q=0.1", "text/event-stream;q=0.001", "text/event-stream;charset=utf-8", " , text/event-stream ,",
        "text/html;x=\"a,b\",text/*", "*/*;q=0, text/*;q=1.000", "text/event-stream;Q=1"}) {
    EXPECT_TRUE(accepts(value, "text/event-stream")) << value;
  }
}

TEST(Accept, AdmitsNothingElse) {
  for (const std::string value :
       {"", "application/json", "text/event", "text/", "text/html;x=\"a,text/event-stream\"", "text/event-stream;q=0",
        "text/event-stream;q=0.000, */*", "text/*;q=0, */*", "text/event-stream;q=2", "text/event-stream;q=1.001",
        "text/event-stream;q=0.0001", "text/event-stream;q=", "text/event-stream;q=x", "*/text", "*",
        "text/html;x=\"a,*/*"}) {
    EXPECT_FALSE(accepts(value, "text/event-stream")) << value;
  }
}

}  // namespace
}  // namespace postern::http
