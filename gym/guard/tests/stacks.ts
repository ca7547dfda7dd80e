/** How a language's tests look, told by patterns: they are matched on source whose comments and texts are blank. */
export interface Stack {
  /** Paths of files that may hold tests. */
  readonly files: RegExp;
  /** Sources have the same paths: only a file with a test in it is one of tests. */
  readonly isMixed?: true;
  /** Comments and texts; what is in them is no code. */
  readonly blank: RegExp;
  /** Where a test begins; its first group that matched is the name. */
  readonly cases: RegExp;
  /** In the lines of its declaration: it stands for several cases. */
  readonly many: RegExp;
  /** How its body ends: with its brace, with the indentation, or with the `end` below its first line. */
  readonly body: 'braces' | 'indent' | 'end';
  /** What skips, focuses or expects to fail. */
  readonly skips: RegExp;
  /** The same in texts and comments, on source as it is. */
  readonly skipsInText?: RegExp;
  readonly assertions: RegExp;
  /** Assertions that hold whatever the code does, on source as it is. */
  readonly empty: RegExp;
}

const slashes =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|r#+"[\s\S]*?"#+|R"\((?:[\s\S]*?)\)"|"""[\s\S]*?"""|@"(?:""|[^"])*"|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])'|`[^`]*`/g;
/** Two that are written alike, of names, numbers and fields. */
const alike = String.raw`([\w.]+|"[^"]*")\s*,\s*\1\s*[,)]`;

const python: Stack = {
  files: /(?:^|\/)(?:test_[^/]*|[^/]*_test|conftest|tests?)\.py$|(?:^|\/)tests?\/.*\.py$/,
  blank: /#[^\n]*|"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g,
  cases: /^[ \t]*(?:async[ \t]+)?def[ \t]+(test\w*)[ \t]*\(/gm,
  many: /parametrize|@given/,
  body: 'indent',
  skips:
    /(?:@|\b)(?:pytest\.)?mark\.(?:skip|skipif|xfail)\b|\bpytest\.(?:skip|xfail|importorskip)\(|@(?:unittest\.)?(?:skip|skipIf|skipUnless|expectedFailure)\b|\.skipTest\(|\braise\s+(?:unittest\.)?SkipTest\b|^[ \t]*(?:__test__\s*=\s*False|collect_ignore\w*\s*=)/gm,
  assertions:
    /\bassert\b|\.assert\w*\s*\(|\bpytest\.(?:raises|warns|fail)\(|\b(?:assert|expect|check|verify|should|must|ensure)_\w+\s*\(/g,
  empty: new RegExp(
    String.raw`^[ \t]*assert[ \t]+(?:\(?True\)?|[1-9]\d*|"[^"]+")[ \t]*(?:,.*)?$|^[ \t]*assert[ \t]+([\w.]+)[ \t]*==[ \t]*\1[ \t]*$|\.assertTrue\(\s*True\s*[,)]|\.assert(?:Equals?|Is)\(\s*${alike.replaceAll('\\1', '\\2')}`,
    'gm',
  ),
};

const go: Stack = {
  files: /_test\.go$/,
  blank: slashes,
  cases: /^func[ \t]+((?:Test|Fuzz|Example)\w*)[ \t]*\(/gm,
  many: /^$/,
  body: 'braces',
  skips: /\b\w+\.(?:Skip|Skipf|SkipNow)\(/g,
  skipsInText: /^\/\/(?:go:build|[ \t]*\+build)[ \t]+(?:ignore|never|skip|disabled)\b.*$/gm,
  assertions:
    /\b\w+\.(?:Error|Errorf|Fatal|Fatalf|Fail|FailNow)\(|\b(?:assert|require|must)\.\w+\(|\b(?:assert|require|check|expect|verify|must)[A-Z]\w*\(/g,
  empty: new RegExp(
    String.raw`\b(?:assert|require)\.(?:True\(\s*\w+\s*,\s*true\b|(?:Equal|Same|EqualValues)\(\s*\w+\s*,\s*${alike})`,
    'g',
  ),
};

const rust: Stack = {
  files: /\.rs$/,
  isMixed: true,
  blank: slashes,
  cases: /#\[(?:\w+::)*(?:test|rstest|test_case|quickcheck)\b[^\]]*\][^{};]*?\bfn\s+(\w+)/g,
  many: /rstest|test_case|quickcheck/,
  body: 'braces',
  skips: /#\[ignore\b[^\]]*\]|#\[cfg_attr\([^\]]*\bignore\b[^\]]*\]|#\[cfg\((?:any\(\)|FALSE|false)\)\]/g,
  assertions: /\b(?:prop_|debug_)?assert\w*!|\b(?:assert|expect|check|verify|ensure)_\w+\s*\(/g,
  empty: new RegExp(String.raw`\bassert!\(\s*true\s*[,)]|\bassert_eq!\(\s*${alike}`, 'g'),
};

const jvm: Stack = {
  files: /\.(?:java|kt|kts|groovy|scala)$/,
  isMixed: true,
  blank: slashes,
  cases:
    /@(?:\w+\.)*(?:Test|ParameterizedTest|RepeatedTest|TestFactory|TestTemplate)\b[^;{}]*?\b[\w<>[\]?]+\s+(\w+|`[^`]*`)\s*\(/g,
  many: /ParameterizedTest|RepeatedTest|TestFactory|TestTemplate/,
  body: 'braces',
  skips:
    /@(?:\w+\.)*(?:Disabled\w*|Ignore|EnabledIf\w*|EnabledOn\w*)\b|\bassum(?:e|ing)(?:True|False|That|No\w*)\s*[({]/g,
  assertions:
    /\b(?:assert|verify|expect|check|should|must|ensure|fail)\w*\s*[({]|\s(?:shouldBe|shouldNotBe|should\w+)\s/g,
  empty: new RegExp(
    String.raw`\bassert(?:True\(\s*true|False\(\s*false)\s*[,)]|\bassert(?:Equals|Same)\(\s*${alike}`,
    'g',
  ),
};

const dotnet: Stack = {
  files: /\.(?:cs|fs|vb)$/,
  isMixed: true,
  blank: slashes,
  cases:
    /\[(?:\w+\.)*(?:Fact|Theory|Test|TestCase|TestMethod|DataTestMethod|TestCaseSource)\b[^\]]*\][^;{}]*?\b[\w<>[\]]+\s+(\w+)\s*\(/g,
  many: /Theory|TestCase|DataTestMethod/,
  body: 'braces',
  skips:
    /\[[^\]\n]*\b(?:Ignore|Explicit)\b[^\]\n]*\]|\[[^\]\n]*\bSkip\s*=|\bAssert\.(?:Ignore|Inconclusive|Skip\w*)\(|\bSkip\.(?:If|IfNot)\(/g,
  assertions:
    /\bAssert\.(?:\w+\.)*\w+(?:<[^>]*>)?\s*\(|\.Should\w*\s*\(|\b(?:Assert|Verify|Expect|Check|Ensure|Must)[A-Z]\w*\s*\(|\.Verify\w*\(/g,
  empty: new RegExp(
    String.raw`\bAssert\.(?:(?:Is)?True\(\s*true\s*[,)]|(?:Is)?False\(\s*false\s*[,)]|(?:AreEqual|Equal|Same|AreSame)\(\s*${alike})`,
    'g',
  ),
};

const cpp: Stack = {
  files: /\.(?:c|cc|cpp|cxx|c\+\+|h|hh|hpp|hxx)$/,
  isMixed: true,
  blank: slashes,
  cases:
    /\b(?:TEST|TEST_F|TEST_P|TYPED_TEST|TYPED_TEST_P)\s*\(\s*(\w+\s*,\s*\w+)\s*\)|\b(?:TEST_CASE|SCENARIO|TEST_CASE_METHOD|TEMPLATE_TEST_CASE|BOOST_AUTO_TEST_CASE)\s*\(\s*([^)]*)\)/g,
  many: /TEST_P|TYPED_TEST|TEMPLATE_TEST_CASE/,
  body: 'braces',
  skips:
    /\bDISABLED_\w+|\bGTEST_SKIP\s*\(|\bSKIP\s*\(|\bdoctest::(?:skip|may_fail|should_fail)\b|\bunit_test::disabled\b/g,
  skipsInText:
    /^[ \t]*(?:TEST_CASE|SCENARIO|TEST_CASE_METHOD|TEMPLATE_TEST_CASE)\s*\([^\n]*\[(?:!mayfail|!shouldfail|!hide|\.[^\]]*)\][^\n]*/gm,
  assertions:
    /\b(?:ASSERT|EXPECT|REQUIRE|CHECK|BOOST_(?:TEST|CHECK|REQUIRE))(?:_\w+)?\s*\(|\bassert\s*\(|\b(?:assert|expect|check|verify)_?[A-Z]\w*\s*\(/g,
  empty: new RegExp(
    String.raw`\b(?:(?:ASSERT|EXPECT)_TRUE|REQUIRE|CHECK)\(\s*true\s*\)|\b(?:ASSERT|EXPECT)_(?:EQ|STREQ)\(\s*${alike}`,
    'g',
  ),
};

const ruby: Stack = {
  files: /_(?:spec|test)\.rb$|(?:^|\/)(?:spec|test)\/.*\.rb$/,
  blank: /#[^\n]*|^=begin[\s\S]*?^=end|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/gm,
  cases: /^[ \t]*(?:[xf]?(?:it|specify|example|scenario)|test)[ \t(]*("[^"]*"|'[^']*')|^[ \t]*def[ \t]+(test_\w+)/gm,
  many: /^$/,
  body: 'end',
  skips:
    /^[ \t]*(?:[xf](?:it|describe|context|specify|example|scenario)|focus|pending|skip)\b|(?:\bskip|\bpending|\bfocus):[ \t]*(?!false|nil)\S|,[ \t]*:(?:skip|focus|pending)\b|^[ \t]*(?:it|specify|example|scenario)[ \t(]*(?:"[^"]*"|'[^']*')\)?[ \t]*$/gm,
  assertions:
    /\bexpect\b[ \t]*[({]|\bis_expected\b|\b(?:assert|refute)\w*\b|\.(?:must|wont)_\w+|\.should\b|\b(?:expect|check|verify|ensure)_\w+\b/g,
  empty:
    /\bexpect\(true\)\.to[ \t]+(?:be\b|eq|be_truthy)|^[ \t]*assert[ \t(]+true\b|\bassert_equal[ \t(]+([\w.]+)[ \t]*,[ \t]*\1[ \t]*\)?$/gm,
};

/** Shell programs that speak TAP, and Bats. */
const shell: Stack = {
  files: /\.(?:bats|t)$|(?:^|\/)(?:tests?|t)\/.*\.sh$/,
  blank: /(?:^|(?<=\s))#[^\n]*/g,
  cases: /^@test[ \t]+("[^"]*"|'[^']*')/gm,
  many: /^$/,
  body: 'braces',
  skips: /^[ \t]*skip\b/gm,
  skipsInText: /\bok\b[^\n]*#[ \t]*(?:SKIP|TODO)\b[^\n]*/gi,
  assertions: /\b(?:assert|refute)\w*\b|^[ \t]*\[\[?\s/gm,
  empty: /^[ \t]*assert[ \t]+true[ \t]*$/gm,
};

/** JavaScript that does not parse, as JSX with types. */
const javaScript: Stack = {
  files: /\.[cm]?[jt]sx?$/,
  blank: slashes,
  cases: /(?<![.\w])(?:it|test|specify|fit|xit|xtest)(?:\.\w+)*\s*\(\s*("[^"]*"|'[^']*'|`[^`]*`)/g,
  many: /\.each|\.for/,
  body: 'braces',
  skips:
    /(?<![.\w])(?:it|test|describe|suite|context|specify)(?:\.\w+)*\.(?:skip|only|todo|fails|failing|fixme|skipIf|runIf)\b|(?<![.\w])(?:xit|xtest|fit|xdescribe|fdescribe|xcontext|fcontext)\s*\(/g,
  assertions:
    /\bexpect(?:\.soft|\.poll)?\s*\(|\bassert(?:\.\w+)*\s*\(|\.should\b|\b(?:expect|assert|check|verify)[A-Z]\w*\s*\(/g,
  empty:
    /\bexpect\(\s*(true|\d+|'[^']*'|"[^"]*")\s*\)\.to(?:Be|Equal|StrictEqual)\(\s*\1\s*\)|\bassert(?:\.ok)?\(\s*true\s*\)/g,
};

/** The stack of a file that may hold tests; `undefined`: none that is known. */
export function stackOf(path: string): Stack | undefined {
  return [python, go, rust, jvm, dotnet, cpp, ruby, shell, javaScript].find(({ files }) => files.test(path));
}
