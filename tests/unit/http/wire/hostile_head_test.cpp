#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "http/wire/head.hpp"

namespace postern::http {
namespace {

using namespace std::string_literals;

// What the server does with bytes: finds the head, scans it. 200 when accepted, 0 when it would wait for more.
int verdict(std::string_view bytes, const HeadLimits& limits = {}) {
  HeadFinder finder(limits);
  const auto size = finder.feed(bytes);
  if (!size) return size.error().status;
  if (*size == 0) return 0;
  const auto head = scan_request_head(bytes.substr(0, *size), limits);
  return head ? 200 : head.error().status;
}

// The same with the bytes arriving one by one.
int slow_verdict(std::string_view bytes, const HeadLimits& limits = {}) {
  HeadFinder finder(limits);
  for (std::size_t received = 1; received <= bytes.size(); ++received) {
    const auto size = finder.feed(bytes.substr(0, received));
    if (!size) return size.error().status;
    if (*size == 0) continue;
    const auto head = scan_request_head(bytes.substr(0, *size), limits);
    return head ? 200 : head.error().status;
  }
  return 0;
}

std::string get(const std::string& target) { return "GET " + target + " HTTP/1.1\r\nHost: a.test\r\n\r\n"; }
std::string post(const std::string& lines) { return "POST /mcp HTTP/1.1\r\nHost: a.test\r\n" + lines + "\r\n"; }
std::string hosted(const std::string& host) { return "GET /mcp HTTP/1.1\r\nHost: " + host + "\r\n\r\n"; }

struct Case {
  std::string name;
  int status;
  std::string bytes;
};

void PrintTo(const Case& each, std::ostream* out) { *out << each.name; }

class HostileHead : public testing::TestWithParam<Case> {};

TEST_P(HostileHead, IsAnsweredWithTheStatus) { EXPECT_EQ(verdict(GetParam().bytes), GetParam().status); }

TEST_P(HostileHead, IsAnsweredAlikeByteByByte) { EXPECT_EQ(slow_verdict(GetParam().bytes), GetParam().status); }

std::string name_of(const testing::TestParamInfo<Case>& info) { return info.param.name; }

const std::vector<Case> kFraming = {
    {"LengthThenEncoding", 400, post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n")},
    {"EncodingThenLength", 400, post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n")},
    {"EncodingIdentityWithLength", 400, post("Transfer-Encoding: identity\r\nContent-Length: 3\r\n")},
    {"EncodingIdentity", 400, post("Transfer-Encoding: identity\r\n")},
    {"EncodingXchunked", 400, post("Transfer-Encoding: xchunked\r\n")},
    {"EncodingChunkedIdentity", 400, post("Transfer-Encoding: chunked, identity\r\n")},
    {"EncodingGzip", 400, post("Transfer-Encoding: gzip\r\n")},
    {"EncodingGzipChunked", 400, post("Transfer-Encoding: gzip, chunked\r\n")},
    {"EncodingChunkedChunked", 400, post("Transfer-Encoding: chunked, chunked\r\n")},
    {"EncodingWithWeight", 400, post("Transfer-Encoding: chunked;q=1\r\n")},
    {"EncodingAfterComma", 400, post("Transfer-Encoding: ,chunked\r\n")},
    {"EncodingEmpty", 400, post("Transfer-Encoding:\r\n")},
    {"EncodingBlank", 400, post("Transfer-Encoding: \r\n")},
    {"EncodingAfterA0", 400,
     post("Transfer-Encoding: \xA0"
          "chunked\r\n")},
    {"EncodingInA0", 400,
     post("Transfer-Encoding: \xA0"
          "chunked\xA0\r\n")},
    {"EncodingAfterFf", 400,
     post("Transfer-Encoding: \xFF"
          "chunked\r\n")},
    {"EncodingTabIdentity", 400, post("Transfer-Encoding: \tidentity\r\n")},
    {"EncodingTabChunked", 400, post("Transfer-Encoding: \tchunked\r\n")},
    {"EncodingChunkedTab", 400, post("Transfer-Encoding: chunked\t\r\n")},
    {"EncodingVerticalTab", 400,
     post("Transfer-Encoding: \x0B"
          "chunked\r\n")},
    {"EncodingQuoted", 400, post("Transfer-Encoding: \"chunked\"\r\n")},
    {"EncodingTwice", 400, post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")},
    {"EncodingIdentityThenChunked", 400, post("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n")},
    {"EncodingInHttp10", 400, "POST / HTTP/1.0\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {"EncodingFolded", 400, post("Transfer-Encoding:\r\n chunked\r\n")},
    {"EncodingFoldedTab", 400, post("Transfer-Encoding: chunked\r\n\tidentity\r\n")},
    {"EncodingUnderscore", 400, post("Transfer_Encoding: chunked\r\n")},
    {"LengthNameUnderscore", 400, post("Content_Length: 3\r\n")},
    {"EncodingBlankColon", 400, post("Transfer-Encoding : chunked\r\n")},
    {"EncodingTabColon", 400, post("Transfer-Encoding\t: chunked\r\n")},
    {"LengthTwiceSame", 400, post("Content-Length: 3\r\nContent-Length: 3\r\n")},
    {"LengthTwiceOther", 400, post("Content-Length: 3\r\nContent-Length: 4\r\n")},
    {"LengthList", 400, post("Content-Length: 1, 1\r\n")},
    {"LengthPlus", 400, post("Content-Length: +1\r\n")},
    {"LengthMinus", 400, post("Content-Length: -1\r\n")},
    {"LengthHex", 400, post("Content-Length: 0x10\r\n")},
    {"LengthUnderscore", 400, post("Content-Length: 1_0\r\n")},
    {"LengthEmpty", 400, post("Content-Length:\r\n")},
    {"LengthTab", 400, post("Content-Length:\t3\r\n")},
    {"LengthTwoTo63", 400, post("Content-Length: 9223372036854775808\r\n")},
    {"LengthTwoTo64", 400, post("Content-Length: 18446744073709551616\r\n")},
    {"LengthTwoTo64And1", 400, post("Content-Length: 18446744073709551617\r\n")},
    {"LengthTwoWords", 400, post("Content-Length: 1 1\r\n")},
    {"LengthWithUnit", 400, post("Content-Length: 3b\r\n")},
};
INSTANTIATE_TEST_SUITE_P(Framing, HostileHead, testing::ValuesIn(kFraming), name_of);

const std::vector<Case> kLines = {
    {"Fold", 400, post("X-A: b\r\n c\r\n")},
    {"FoldTab", 400, post("X-A: b\r\n\tc\r\n")},
    {"FoldToNothing", 400, post("X-A: b\r\n \r\n")},
    {"BlankBeforeFirst", 400, "GET / HTTP/1.1\r\n Host: a.test\r\n\r\n"},
    {"EmptyName", 400, post(": b\r\n")},
    {"BlankInName", 400, post("X A: b\r\n")},
    {"ParenthesisInName", 400, post("X(A: b\r\n")},
    {"HighByteInName", 400,
     post("X\x80"
          "A: b\r\n")},
    {"UnderscoreInName", 200, post("X_Tenant: acme\r\n")},
    {"UnderscoreAndBlankInName", 400, post("X_Tenant : acme\r\n")},
    {"UnderscoreAlone", 400, post("X_Tenant\r\n")},
    {"BlankAfterName", 400, post("X-Tenant : acme\r\n")},
    {"NoColon", 400, post("X-Tenant\r\n")},
    {"NulInName", 400, post("X\0A: b\r\n"s)},
    {"BareLfLines", 400, "GET / HTTP/1.1\nHost: a.test\n\n"},
    {"BareLfAfterValue", 400, "GET / HTTP/1.1\r\nHost: a.test\nX-A: b\r\n\r\n"},
    {"BareLfEnd", 400, "GET / HTTP/1.1\r\nHost: a.test\r\n\n"},
    {"BareCrInValue", 400, post("X-A: b\rc\r\n")},
    {"TwoCr", 400, post("X-A: b\r\r\n")},
    {"NulInValue", 400, post("X-A: b\0c\r\n"s)},
    {"ControlInValue", 400,
     post("X-A: b\x01"
          "c\r\n")},
    {"DelInValue", 400,
     post("X-A: b\x7F"
          "c\r\n")},
    {"HighByteInValue", 200, post("X-A: caf\xC3\xA9\r\n")},
    {"HighByteInTheSecondHost", 400, post("Host: caf\xC3\xA9\r\n")},
    {"HighByteInOrigin", 400, post("Origin: https://caf\xC3\xA9.test\r\n")},
    {"HighByteInConnection", 400, post("Connection: caf\xC3\xA9\r\n")},
    {"EmptyLineFirst", 400, "\r\nGET / HTTP/1.1\r\nHost: a.test\r\n\r\n"},
    {"BareLfFirst", 400, "\nGET / HTTP/1.1\r\nHost: a.test\r\n\r\n"},
};
INSTANTIATE_TEST_SUITE_P(Lines, HostileHead, testing::ValuesIn(kLines), name_of);

const std::vector<Case> kTargets = {
    {"DoubleSlashFirst", 400, get("//t1/mcp")},
    {"DoubleSlash", 400, get("/t1//mcp")},
    {"DoubleSlashLast", 400, get("/t1//")},
    {"Dot", 400, get("/./t1")},
    {"DotLast", 400, get("/t1/.")},
    {"DotDotLast", 400, get("/t1/..")},
    {"DotDotParameters", 400, get("/t1/..;/t2")},
    {"DotDotParametersNamed", 400, get("/t1/..;a=b/t2")},
    {"DotDotEncodedParameters", 400, get("/t1/..%3b/t2")},
    {"EmptyWithEncodedParameters", 400, get("/t1/%3ba/t2")},
    {"Semicolon", 400, get("/t1;a/mcp")},
    {"EncodedSlash", 400, get("/t1/..%2ft2")},
    {"EncodedSlashAlone", 400, get("/t1%2Fmcp")},
    {"EncodedDots", 400, get("/t1/%2e%2e/t2")},
    {"EncodedDotsUpper", 400, get("/t1/%2E%2E/t2")},
    {"HalfEncodedDots", 400, get("/t1/.%2e/t2")},
    {"EncodedDot", 400, get("/%2e/t1")},
    {"EncodedBackslash", 400, get("/t1%5c..")},
    {"EncodedNul", 400, get("/t1%00")},
    {"EncodedNulInQuery", 400, get("/t1?a=%00")},
    {"EncodedLineEnd", 400, get("/t1%0d%0a")},
    {"EncodedDel", 400, get("/t1%7f")},
    {"EncodedHighByte", 400, get("/t1%ff")},
    {"EncodedOverlong", 400, get("/t1/%c0%ae%c0%ae/t2")},
    {"EncodedHalfCharacter", 400, get("/t1/%c3/a9")},
    {"PercentZz", 400, get("/%zz")},
    {"PercentShort", 400, get("/%2")},
    {"PercentAlone", 400, get("/a%")},
    {"PercentInQuery", 400, get("/a?b=%zz")},
    {"Utf8", 400, get("/caf\xC3\xA9")},
    {"Utf8InQuery", 400, get("/?a=caf\xC3\xA9")},
    {"Blank", 400, get("/a b")},
    {"TwoBlanks", 400, "GET  / HTTP/1.1\r\nHost: a.test\r\n\r\n"},
    {"BlankBeforeVersion", 400, "GET /  HTTP/1.1\r\nHost: a.test\r\n\r\n"},
    {"BlankAfterVersion", 400, "GET / HTTP/1.1 \r\nHost: a.test\r\n\r\n"},
    {"TabSeparated", 400, "GET\t/\tHTTP/1.1\r\nHost: a.test\r\n\r\n"},
    {"Tab", 400, get("/a\tb")},
    {"Backslash", 400, get("/a\\b")},
    {"BackslashInQuery", 400, get("/a?b\\c")},
    {"Fragment", 400, get("/a#b")},
    {"FragmentInQuery", 400, get("/a?b#c")},
    {"Nul", 400, "GET /a\0b HTTP/1.1\r\nHost: a.test\r\n\r\n"s},
    {"Quote", 400, get("/a\"b")},
    {"AngleBracket", 400, get("/<script>")},
    {"NoSlash", 400, get("admin")},
    {"Asterisk", 400, get("*")},
    {"OptionsAsterisk", 400, "OPTIONS * HTTP/1.1\r\nHost: a.test\r\n\r\n"},
    {"Connect", 405, "CONNECT a.test:80 HTTP/1.1\r\nHost: a.test\r\n\r\n"},
    {"AuthorityForm", 400, get("a.test:80")},
    {"OtherHost", 400, get("http://evil.test/x")},
    {"OtherPort", 400, get("http://a.test:81/x")},
    {"UserInformation", 400, get("http://user@a.test/x")},
    {"LongerHost", 400, get("http://a.test.evil.test/x")},
    {"AbsoluteWithoutPath", 400, get("http://a.test")},
    {"AbsoluteQueryOnly", 400, get("http://a.test?x=/")},
    {"AbsoluteDots", 400, get("http://a.test/../x")},
    {"AbsoluteDoubleSlash", 400, get("http://a.test//x")},
    {"OtherScheme", 400, get("ftp://a.test/x")},
    {"SchemeOnly", 400, get("http:")},
    {"SchemeWithoutHost", 400, get("http:///x")},
    {"Longest", 200, get("/" + std::string(8191, 'a'))},
    {"TooLong", 414, get("/" + std::string(8192, 'a'))},
    {"FarTooLong", 414, get("/" + std::string(16384, 'a'))},
    {"TooLongAndOpen", 414, "GET /" + std::string(8192, 'a')},
};
INSTANTIATE_TEST_SUITE_P(Targets, HostileHead, testing::ValuesIn(kTargets), name_of);

const std::vector<Case> kHosts = {
    {"Missing", 400, "GET / HTTP/1.1\r\nAccept: */*\r\n\r\n"},
    {"MissingInHttp10", 400, "GET / HTTP/1.0\r\n\r\n"},
    {"Twice", 400, "GET / HTTP/1.1\r\nHost: a.test\r\nHost: a.test\r\n\r\n"},
    {"TwiceOther", 400, "GET / HTTP/1.1\r\nHost: a.test\r\nhost: b.test\r\n\r\n"},
    {"List", 400, hosted("a, b")},
    {"UserInformation", 400, hosted("a@b")},
    {"Path", 400, hosted("a/..")},
    {"Empty", 400, hosted("")},
    {"PortTooBig", 400, hosted("a.test:99999")},
    {"PortZero", 400, hosted("a.test:0")},
    {"PortEmpty", 400, hosted("a.test:")},
    {"PortLeadingZero", 400, hosted("a.test:0443")},
    {"PortSigned", 400, hosted("a.test:+443")},
    {"TwoPorts", 400, hosted("a.test:80:80")},
    {"Percent", 400, hosted("a%2etest")},
    {"EmptyLabel", 400, hosted("a..test")},
    {"LeadingDot", 400, hosted(".test")},
    {"TrailingDot", 400, hosted("a.test.")},
    {"HalfAddress", 400, hosted("127.1")},
    {"NumberAddress", 400, hosted("2130706433")},
    {"HexAddress", 400, hosted("0x7f.1")},
    {"LeadingZeroAddress", 400, hosted("127.0.0.01")},
    {"OpenBracket", 400, hosted("[::1")},
    {"BracketsAroundName", 400, hosted("[a.test]")},
    {"BracketsThenText", 400, hosted("[::1]a")},
    {"Zone", 400, hosted("[fe80::1%25eth0]")},
    {"BareAddress6", 400, hosted("::1")},
    {"Tab", 400, hosted("\ta.test")},
    {"Star", 400, hosted("*.test")},
    {"LongLabel", 400, hosted(std::string(64, 'a') + ".test")},
};
INSTANTIATE_TEST_SUITE_P(Hosts, HostileHead, testing::ValuesIn(kHosts), name_of);

const std::vector<Case> kStartLines = {
    {"Version12", 505, "GET / HTTP/1.2\r\nHost: a.test\r\n\r\n"},
    {"Version20", 505, "GET / HTTP/2.0\r\nHost: a.test\r\n\r\n"},
    {"Version09", 505, "GET / HTTP/0.9\r\nHost: a.test\r\n\r\n"},
    {"VersionLowerCase", 400, "GET / http/1.1\r\nHost: a.test\r\n\r\n"},
    {"Version110", 400, "GET / HTTP/1.10\r\nHost: a.test\r\n\r\n"},
    {"Version011", 400, "GET / HTTP/01.1\r\nHost: a.test\r\n\r\n"},
    {"VersionWithoutMinor", 400, "GET / HTTP/1\r\nHost: a.test\r\n\r\n"},
    {"VersionOfOthers", 400, "GET / ICY/1.1\r\nHost: a.test\r\n\r\n"},
    {"Http09", 400, "GET /\r\n"},
    {"Http09WithoutCr", 400, "GET /\n"},
    {"Http09Blank", 400, "GET / \r\n"},
    {"MethodLowerCase", 400, "get / HTTP/1.1\r\nHost: a.test\r\n\r\n"},
    {"MethodMixedCase", 400, "GeT / HTTP/1.1\r\nHost: a.test\r\n\r\n"},
    {"MethodNoToken", 400, "G{T / HTTP/1.1\r\nHost: a.test\r\n\r\n"},
    {"MethodEmpty", 400, " / HTTP/1.1\r\nHost: a.test\r\n\r\n"},
    {"MethodLongest", 200, std::string(32, 'A') + " / HTTP/1.1\r\nHost: a.test\r\n\r\n"},
    {"MethodTooLong", 501, std::string(33, 'A') + " / HTTP/1.1\r\nHost: a.test\r\n\r\n"},
    {"MethodFarTooLong", 501, std::string(5000, 'A') + " / HTTP/1.1\r\nHost: a.test\r\n\r\n"},
    {"Trace", 405, "TRACE / HTTP/1.1\r\nHost: a.test\r\n\r\n"},
    {"Track", 405, "TRACK / HTTP/1.1\r\nHost: a.test\r\n\r\n"},
    {"Http2Preface", 400, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
    {"Http2PrefaceOpen", 400, "PRI "},
    {"TlsHello", 400, "\x16\x03\x01\x02\x00"s},
    {"TlsHelloFirstByte", 400, "\x16"},
    {"Upgrade", 200, post("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n")},
};
INSTANTIATE_TEST_SUITE_P(StartLines, HostileHead, testing::ValuesIn(kStartLines), name_of);

const std::vector<Case> kControls = {
    {"ConnectionAuthorization", 400, post("Connection: Authorization\r\n")},
    {"ConnectionHost", 400, post("Connection: close, host\r\n")},
    {"ConnectionLength", 400, post("Connection: Content-Length\r\n")},
    {"ConnectionEncoding", 400, post("Connection: close,Transfer-Encoding ,x\r\n")},
    {"ConnectionSecondField", 400, post("Connection: close\r\nConnection: Authorization\r\n")},
    {"ConnectionNoToken", 400, post("Connection: close;x\r\n")},
    {"ConnectionTenant", 200, post("Connection: close, X-Tenant\r\n")},
    {"ExpectJunk", 417, post("Expect: 100-continue, junk\r\n")},
    {"ExpectOther", 417, post("Expect: 200-ok\r\n")},
    {"ExpectEmpty", 417, post("Expect:\r\n")},
    {"ExpectTwice", 417, post("Expect: 100-continue\r\nExpect: 100-continue\r\n")},
};
INSTANTIATE_TEST_SUITE_P(Controls, HostileHead, testing::ValuesIn(kControls), name_of);

std::string repeated(std::string_view line, int times) {
  std::string lines;
  for (int i = 0; i < times; ++i) lines += line;
  return lines;
}

const std::vector<Case> kSizes = {
    {"Fields100", 200, post(repeated("X-A: b\r\n", 99))},
    {"Fields101", 431, post(repeated("X-A: b\r\n", 100))},
    {"Fields5000", 431, post(repeated("A:\r\n", 5000))},
    {"OneFieldOf64K", 431, post("X-A: " + std::string(65536, 'b') + "\r\n")},
    {"EndlessField", 431, "GET / HTTP/1.1\r\nX-A: " + std::string(16384, 'b')},
    {"EndlessName", 431, "GET / HTTP/1.1\r\n" + std::string(16384, 'b')},
};
INSTANTIATE_TEST_SUITE_P(Sizes, HostileHead, testing::ValuesIn(kSizes), name_of);

TEST(HeadLimitsRule, AHeadOfExactlyTheLimitPassesAndOneByteMoreDoesNot) {
  HeadLimits limits;
  limits.head = post("X-A: b\r\n").size();
  EXPECT_EQ(verdict(post("X-A: b\r\n"), limits), 200);
  EXPECT_EQ(verdict(post("X-A: bc\r\n"), limits), 431);
  EXPECT_EQ(slow_verdict(post("X-A: bc\r\n"), limits), 431);
}

TEST(HeadLimitsRule, FieldsNeverExceedTheCapacityOfTheBlock) {
  HeadLimits limits;
  limits.fields = 1000;
  EXPECT_EQ(verdict(post(repeated("A:\r\n", 127)), limits), 200);
  EXPECT_EQ(verdict(post(repeated("A:\r\n", 128)), limits), 431);
}

TEST(HeadLimitsRule, ATargetThatFillsAHeadLimitBelowItsOwnIs414) {
  HeadLimits limits;
  limits.head = 100;
  EXPECT_EQ(verdict(get("/" + std::string(200, 'a')), limits), 414);
}

}  // namespace
}  // namespace postern::http
