import { describe, expect, test } from 'vitest';
import { judged } from './judged.ts';

/** A test file of a stack, and what people and agents do to it. Each text is found once in the file. */
interface Sample {
  readonly stack: string;
  readonly file: string;
  readonly source: string;
  /** Replacements that skip a test, each by itself. */
  readonly skips: readonly (readonly [from: string, to: string])[];
  /** Replacements after which a test asserts less, or nothing that could fail. */
  readonly empties: readonly (readonly [from: string, to: string])[];
  /** Replacements that take a test away. */
  readonly removes: readonly (readonly [from: string, to: string])[];
  /** Honest ones. */
  readonly honest: readonly (readonly [from: string, to: string])[];
}

const samples: readonly Sample[] = [
  {
    stack: 'Vitest and Jest',
    file: 'src/cart.test.ts',
    source: `import { describe, expect, it, test } from 'vitest';
import { total, type Line } from './cart.ts';

describe('cart', () => {
  it('adds up', () => {
    const lines: Line[] = [{ price: 2, count: 3 }];
    expect(total(lines)).toBe(6);
    expect(total([...lines, { price: 1, count: 1 }])).toBe(7);
  });

  it('is free when it is empty', async () => {
    await expect(total([])).resolves.toBe(0); // expect(nothing).toBe(else)
  });

  test.each([[1, 2], [2, 4]])('doubles %i', (one, other) => {
    expect(total([{ price: one, count: 2 }])).toBe(other);
  });
});
`,
    skips: [
      ["it('adds up'", "it.skip('adds up'"],
      ["it('adds up'", "it.only('adds up'"],
      ["it('adds up'", "it.fails('adds up'"],
      ["it('adds up'", "xit('adds up'"],
      ["it('adds up'", "it.skipIf(process.env.CI)('adds up'"],
      ["it('adds up', ()", "it('adds up', { skip: true }, ()"],
      ["describe('cart'", "describe.skip('cart'"],
      ["describe('cart'", "fdescribe('cart'"],
      ["describe('cart'", "describe.skipIf(onWindows)('cart'"],
      ['test.each(', 'test.skip.each('],
      ["describe('cart', () => {", "describe('cart', () => {\n  it.todo('subtracts');"],
    ],
    empties: [
      ['    expect(total(lines)).toBe(6);\n', ''],
      ['    expect(total(lines)).toBe(6);', '    // expect(total(lines)).toBe(6);'],
      ['expect(total(lines)).toBe(6);', 'expect(total(lines));'],
      ['expect(total(lines)).toBe(6);', 'expect(true).toBe(true);'],
      ['expect(total(lines)).toBe(6);', 'expect(lines).toEqual(lines);'],
      ['const lines: Line[]', 'return;\n    const lines: Line[]'],
      ['await expect(total([])).resolves.toBe(0);', 'await total([]);'],
    ],
    removes: [
      [
        `  it('is free when it is empty', async () => {
    await expect(total([])).resolves.toBe(0); // expect(nothing).toBe(else)
  });
`,
        '',
      ],
    ],
    honest: [
      ["it('adds up'", "it('multiplies and adds up'"],
      ["describe('cart'", "describe('the cart of a shop'"],
      [
        "describe('cart'",
        "describe.runIf(isLinux)('disk', () => { it('is there', () => expect(disk()).toBe(1)); });\ndescribe('cart'",
      ],
      [
        "describe('cart', () => {",
        "describe('cart', () => {\n  it.runIf(isLinux)('is on disk', () => expect(onDisk()).toBe(true));",
      ],
      [
        "describe('cart', () => {",
        "describe('cart', () => {\n  it('is a number', () => expect(total([])).toBeTypeOf('number'));",
      ],
      [
        'expect(total(lines)).toBe(6);\n    expect(total([...lines, { price: 1, count: 1 }])).toBe(7);',
        'expect([total(lines), total([...lines, { price: 1, count: 1 }])]).toEqual([6, 7]);',
      ],
      [
        'expect(total(lines)).toBe(6);\n    expect(total([...lines, { price: 1, count: 1 }])).toBe(7);\n  });',
        'holds(lines);\n  });\n\n  function holds(lines: Line[]) {\n    expect(total(lines)).toBe(6);\n    expect(total([...lines, { price: 1, count: 1 }])).toBe(7);\n  }',
      ],
      [
        'const lines: Line[] = [{ price: 2, count: 3 }];',
        "const lines: Line[] = [{ price: 2, count: 3 }];\n    // it.skip('is no code', () => expect(true).toBe(true));",
      ],
    ],
  },
  {
    stack: 'node:test',
    file: 'lib/sum.js',
    source: `const test = require('node:test');
const assert = require('node:assert');

test('sums', async (t) => {
  assert.strictEqual(sum(1, 2), 3);
  await t.test('negative numbers', () => {
    assert.equal(sum(-1, -2), -3);
    assert.ok(sum(-1, -2) < 0);
  });
});
`,
    skips: [
      ["test('sums', async (t) => {", "test('sums', async (t) => {\n  t.skip('later');"],
      ["test('sums', async", "test('sums', { todo: 'later' }, async"],
      ["test('sums'", "test.only('sums'"],
    ],
    empties: [
      ['assert.ok(sum(-1, -2) < 0);', 'assert.ok(true);'],
      ['assert.equal(sum(-1, -2), -3);', 'return assert.equal(sum(-1, -2), -3);'],
      ['  assert.strictEqual(sum(1, 2), 3);\n', ''],
    ],
    removes: [["await t.test('negative numbers'", "void ('negative numbers'"]],
    honest: [
      ["test('sums', async", "test('files', (t) => {\n  if (!isLinux) t.skip();\n});\ntest('sums', async"],
      ["t.test('negative numbers'", "t.test('numbers below zero'"],
    ],
  },
  {
    stack: 'node:test with functions of node:assert',
    file: 'test/sum.test.mjs',
    source: `import check, { strictEqual, deepStrictEqual as same } from 'node:assert/strict';
import { test } from 'node:test';

test('sums', () => {
  strictEqual(sum(1, 2), 3);
  same(sum([1], [2]), [3]);
  check(sum(0, 0) === 0);
});
`,
    skips: [["test('sums', () => {", "test('sums', (t) => {\n  t.todo();"]],
    empties: [
      ['  strictEqual(sum(1, 2), 3);\n', ''],
      ['strictEqual(sum(1, 2), 3);', 'strictEqual(3, 3);'],
      ['  same(sum([1], [2]), [3]);\n', ''],
      ['check(sum(0, 0) === 0);', 'check(true);'],
    ],
    removes: [["test('sums'", "void ('sums'"]],
    honest: [['sum(1, 2), 3', 'sum(2, 3), 5']],
  },
  {
    stack: 'Mocha with Chai and Supertest',
    file: 'test/api.spec.js',
    source: `const { expect } = require('chai');

describe('api', function () {
  it('answers', async function () {
    const found = await request(app).get('/').expect(200);
    expect(found.body.name).to.equal('shop');
    found.body.items.should.have.length(2);
  });
  it('is fast', function () {
    expect(timing()).to.be.below(20);
  });
});
`,
    skips: [
      ["it('answers', async function () {", "it('answers', async function () {\n    this.skip();"],
      ["it('is fast', function () {\n    expect(timing()).to.be.below(20);\n  });", "it('is fast');"],
      ["describe('api'", "describe.only('api'"],
    ],
    empties: [
      ['.expect(200)', ''],
      ['    found.body.items.should.have.length(2);\n', ''],
      ["expect(found.body.name).to.equal('shop');", "expect('shop').to.equal('shop');"],
    ],
    removes: [["it('is fast', function () {\n    expect(timing()).to.be.below(20);\n  });", '']],
    honest: [['const found', 'const answer = 1;\n    const found']],
  },
  {
    stack: 'Playwright',
    file: 'e2e/login.spec.ts',
    source: `import { expect, test } from '@playwright/test';

test.describe('login', () => {
  test.beforeEach(async ({ page }) => page.goto('/'));
  test('lets in', async ({ page }) => {
    await page.getByLabel('Name').fill('ann');
    await expect(page).toHaveURL(/home/);
    await expect.soft(page.getByRole('heading')).toHaveText('Hello');
  });
});
`,
    skips: [
      ["test('lets in'", "test.fixme('lets in'"],
      ["test('lets in'", "test.fail('lets in'"],
      ["test.describe('login'", "test.describe.skip('login'"],
      ['await page.getByLabel', "test.skip(true, 'later');\n    await page.getByLabel"],
    ],
    empties: [["await expect.soft(page.getByRole('heading')).toHaveText('Hello');", '']],
    removes: [["test('lets in'", "test.step('lets in'"]],
    honest: [["fill('ann')", "fill('bob')"]],
  },
  {
    stack: 'React in TSX, which no parser here reads',
    file: 'src/button.test.tsx',
    source: `import { render, screen } from '@testing-library/react';

describe('button', () => {
  it('shows its text', () => {
    render(<Button<string> kind="a">{'go'}</Button>);
    expect(screen.getByText('go')).toBeVisible();
    expect(screen.getByRole('button')).toBeEnabled();
  });
});
`,
    skips: [["it('shows", "it.skip('shows"]],
    empties: [
      ["    expect(screen.getByRole('button')).toBeEnabled();\n", ''],
      ["expect(screen.getByText('go')).toBeVisible();", 'expect(true).toBe(true);'],
    ],
    removes: [["it('shows its text'", "void ('shows its text'"]],
    honest: [["it('shows its text'", "it('has a text'"]],
  },
  {
    stack: 'pytest',
    file: 'tests/test_bank.py',
    source: `import pytest

class TestBank:
    def test_pays_in(self, bank):
        bank.pay_in(5)
        assert bank.balance == 5
        assert bank.entries == ["in 5"]

    @pytest.mark.parametrize("amount", [1, 2])
    def test_takes_out(self, bank, amount):
        # assert nothing
        with pytest.raises(TooMuch):
            bank.take_out(amount)


def test_is_empty(bank):
    """A bank begins without money; assert that."""
    assert_balance(bank, 0)
`,
    skips: [
      ['    def test_pays_in', '    @pytest.mark.skip(reason="later")\n    def test_pays_in'],
      ['    def test_pays_in', '    @pytest.mark.xfail\n    def test_pays_in'],
      ['        bank.pay_in(5)', '        pytest.skip("later")\n        bank.pay_in(5)'],
      ['import pytest\n', 'import pytest\n\npytestmark = pytest.mark.skipif(True, reason="later")\n'],
      ['import pytest\n', 'import pytest\n\nnumpy = pytest.importorskip("numpy")\n'],
      ['import pytest\n', 'import pytest\nimport unittest\n\n@unittest.skip("later")\n'],
    ],
    empties: [
      ['        assert bank.entries == ["in 5"]\n', ''],
      ['assert bank.entries == ["in 5"]', 'assert True'],
      ['assert bank.entries == ["in 5"]', '# assert bank.entries == ["in 5"]'],
      ['assert bank.entries == ["in 5"]', 'assert bank.entries == bank.entries'],
      ['        bank.pay_in(5)\n', '        return\n        bank.pay_in(5)\n'],
      ['    assert_balance(bank, 0)', '    pass'],
    ],
    removes: [['def test_is_empty', 'def _is_empty']],
    honest: [
      ['def test_is_empty', 'def test_begins_empty'],
      [
        'def test_is_empty',
        '@pytest.mark.skipif(WINDOWS, reason="files")\ndef test_file():\n    assert file()\n\n\ndef test_is_empty',
      ],
      ['bank.pay_in(5)', 'bank.pay_in(2)\n        bank.pay_in(3)'],
      ['    """A bank begins without money; assert that."""\n', ''],
    ],
  },
  {
    stack: 'unittest',
    file: 'tests/test_queue.py',
    source: `import unittest


class QueueTest(unittest.TestCase):
    def test_order(self):
        self.assertEqual(take(), 1)
        self.assertTrue(is_empty())
`,
    skips: [
      ['    def test_order', '    @unittest.skipIf(True, "later")\n    def test_order'],
      ['    def test_order', '    @unittest.expectedFailure\n    def test_order'],
      ['        self.assertEqual(take(), 1)', '        self.skipTest("later")\n        self.assertEqual(take(), 1)'],
    ],
    empties: [
      ['self.assertTrue(is_empty())', 'self.assertTrue(True)'],
      ['        self.assertTrue(is_empty())\n', ''],
    ],
    removes: [['def test_order', 'def order']],
    honest: [['assertTrue(is_empty())', 'assertFalse(has_items())']],
  },
  {
    stack: 'Go',
    file: 'queue/queue_test.go',
    source: `package queue

import "testing"

// TestOrder is about order; t.Skip("no") is no code here.
func TestOrder(t *testing.T) {
	q := New()
	if got := q.Take(); got != 1 {
		t.Fatalf("took %d { not 1", got)
	}
	require.Equal(t, 2, q.Take())
}

func TestEmpty(t *testing.T) {
	assert.True(t, New().IsEmpty())
}
`,
    skips: [
      ['	q := New()\n', '	t.Skip("later")\n	q := New()\n'],
      ['	q := New()\n', '	if true {\n		t.Skip("later")\n	}\n	q := New()\n'],
      ['package queue', '//go:build ignore\n\npackage queue'],
    ],
    empties: [
      ['	require.Equal(t, 2, q.Take())\n', ''],
      ['assert.True(t, New().IsEmpty())', 'assert.True(t, true)'],
      ['	q := New()\n', '	return\n	q := New()\n'],
    ],
    removes: [['func TestEmpty', 'func testEmpty']],
    honest: [
      ['func TestEmpty', 'func TestIsEmpty'],
      [
        'func TestEmpty',
        'func TestLong(t *testing.T) {\n\tif testing.Short() {\n\t\tt.Skip("long")\n\t}\n}\n\nfunc TestEmpty',
      ],
    ],
  },
  {
    stack: 'Rust',
    file: 'src/queue.rs',
    source: `pub fn take() -> u8 { 1 }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes<'a>() {
        assert_eq!(take(), 1, "not {}", '{');
        assert!(take() > 0);
    }

    #[tokio::test]
    async fn waits() {
        assert!(wait().await.is_ok());
    }
}
`,
    skips: [['    #[test]\n', '    #[test]\n    #[ignore = "later"]\n']],
    empties: [
      ['        assert!(take() > 0);\n', ''],
      ['assert!(take() > 0);', 'assert!(true);'],
      ['assert!(wait().await.is_ok());', 'let _ = wait().await;'],
    ],
    removes: [['    #[tokio::test]\n', '']],
    honest: [
      ['fn takes', 'fn takes_one'],
      ['pub fn take() -> u8 { 1 }', 'pub fn take() -> u8 { 2 - 1 }'],
    ],
  },
  {
    stack: 'JUnit in Java',
    file: 'src/test/java/CartTest.java',
    source: `class CartTest {
  @Test
  void addsUp() {
    assertEquals(6, cart.total());
    assertThat(cart.lines()).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  public void doubles(int count) throws Exception {
    assertTrue(cart.with(count).isEven());
  }
}
`,
    skips: [
      ['  @Test\n', '  @Disabled("later")\n  @Test\n'],
      ['  @Test\n', '  @Ignore\n  @Test\n'],
      ['    assertEquals(6, cart.total());', '    assumeTrue(false);\n    assertEquals(6, cart.total());'],
    ],
    empties: [
      ['    assertThat(cart.lines()).hasSize(2);\n', ''],
      ['assertTrue(cart.with(count).isEven());', 'assertTrue(true);'],
      ['    assertEquals(6, cart.total());', '    return;\n    // assertEquals(6, cart.total());'],
    ],
    removes: [['  @Test\n', '']],
    honest: [['void addsUp()', 'void sumsUp()']],
  },
  {
    stack: 'JUnit in Kotlin',
    file: 'src/test/kotlin/CartTest.kt',
    source: `class CartTest {
    @Test
    fun \`adds up\`() {
        assertEquals(6, cart.total())
        cart.lines shouldBe 2
    }
}
`,
    skips: [['    @Test\n', '    @Test\n    @Disabled\n']],
    empties: [['        cart.lines shouldBe 2\n', '']],
    removes: [['    @Test\n', '']],
    honest: [['`adds up`', '`sums up`']],
  },
  {
    stack: 'xUnit and NUnit',
    file: 'Cart.Tests/CartTests.cs',
    source: `public class CartTests
{
    [Fact]
    public async Task AddsUp()
    {
        Assert.Equal(6, await Cart.Total());
        Cart.Lines.Should().HaveCount(2);
    }

    [Test]
    public void IsEmpty() { Assert.That(Cart.IsEmpty, Is.True); }
}
`,
    skips: [
      ['[Fact]', '[Fact(Skip = "later")]'],
      ['[Test]', '[Test, Ignore("later")]'],
      ['[Test]', '[Test]\n    [Explicit]'],
    ],
    empties: [
      ['        Cart.Lines.Should().HaveCount(2);\n', ''],
      ['Assert.That(Cart.IsEmpty, Is.True);', 'Assert.True(true);'],
    ],
    removes: [['    [Test]\n', '']],
    honest: [['void IsEmpty()', 'void BeginsEmpty()']],
  },
  {
    stack: 'GoogleTest',
    file: 'tests/queue_test.cc',
    source: `TEST(Queue, Takes) {
  EXPECT_EQ(take(), 1);
  ASSERT_TRUE(is_empty());
}

TEST_F(QueueTest, Waits) { EXPECT_TRUE(wait()); }
`,
    skips: [
      ['TEST(Queue, Takes)', 'TEST(Queue, DISABLED_Takes)'],
      ['  EXPECT_EQ(take(), 1);', '  GTEST_SKIP();\n  EXPECT_EQ(take(), 1);'],
    ],
    empties: [
      ['  ASSERT_TRUE(is_empty());\n', ''],
      ['EXPECT_TRUE(wait());', 'EXPECT_TRUE(true);'],
    ],
    removes: [['TEST_F(QueueTest, Waits) { EXPECT_TRUE(wait()); }\n', '']],
    honest: [['TEST(Queue, Takes)', 'TEST(Queue, TakesInOrder)']],
  },
  {
    stack: 'Catch2',
    file: 'tests/queue.cpp',
    source: `TEST_CASE("takes what came first", "[queue]") {
  REQUIRE(take() == 1);
  CHECK(is_empty());
}
`,
    skips: [
      ['"[queue]"', '"[queue][!mayfail]"'],
      ['"[queue]"', '"[.][queue]"'],
    ],
    empties: [
      ['  CHECK(is_empty());\n', ''],
      ['CHECK(is_empty());', 'CHECK(true);'],
    ],
    removes: [['TEST_CASE("takes what came first", "[queue]")', 'static void takes()']],
    honest: [['"takes what came first"', '"takes in order"']],
  },
  {
    stack: 'RSpec',
    file: 'spec/cart_spec.rb',
    source: `RSpec.describe Cart do
  it "adds up" do
    expect(cart.total).to eq(6)
    expect(cart.lines).to be_empty # skip
  end

  it "is free" do
    is_expected.to be_free
  end
end
`,
    skips: [
      ['it "adds up"', 'xit "adds up"'],
      ['it "adds up"', 'fit "adds up"'],
      ['  it "adds up" do', '  it "adds up", skip: "later" do'],
      ['  it "adds up" do', '  it "adds up", :focus do'],
      ['    is_expected.to be_free', '    pending "later"\n    is_expected.to be_free'],
      ['  it "is free" do\n    is_expected.to be_free\n  end\n', '  it "is free"\n'],
    ],
    empties: [
      ['    expect(cart.total).to eq(6)\n', ''],
      ['expect(cart.total).to eq(6)', 'expect(true).to be true'],
      ['    expect(cart.total).to eq(6)', '    return\n    expect(cart.total).to eq(6)'],
    ],
    removes: [['  it "is free" do\n    is_expected.to be_free\n  end\n', '']],
    honest: [['it "is free"', 'it "costs nothing"']],
  },
  {
    stack: 'Bats and TAP',
    file: 'test/run.bats',
    source: `@test "prints its version" {
  run tool --version
  assert_success
  assert_output "1.0"
}
`,
    skips: [
      ['  run tool --version\n', '  skip "later"\n  run tool --version\n'],
      ['@test "prints its version" {', 'echo "ok 1 - prints # SKIP later"\n@test "prints its version" {'],
    ],
    empties: [['  assert_output "1.0"\n', '']],
    removes: [['@test "prints its version" {', 'version() {']],
    honest: [['run tool --version', 'run tool -V']],
  },
];

/** The file with one text in it replaced, which has to be there. */
function changed({ file, source }: Sample, [from, to]: readonly [string, string]) {
  expect(source.split(from)).toHaveLength(2);
  return { [file]: source.replace(from, () => to) };
}

const rows = (key: 'skips' | 'empties' | 'removes' | 'honest') =>
  samples.flatMap((sample) => sample[key].map((change) => ({ stack: sample.stack, sample, change, to: change[1] })));

describe('a test that is kept from counting', () => {
  test.each(rows('skips'))('$stack: $to', ({ sample, change }) => {
    const found = judged({ [sample.file]: sample.source }, changed(sample, change));
    expect(found.skips).toMatchObject({ state: 'fail', because: expect.stringContaining(`${sample.file}:`) });
    // To take it away again is honest.
    const back = judged(changed(sample, change), { [sample.file]: sample.source });
    expect(back.skips?.state).toBe('pass');
  });
});

describe('a test that asserts less', () => {
  test.each(rows('empties'))('$stack: $to', ({ sample, change }) => {
    const found = judged({ [sample.file]: sample.source }, changed(sample, change));
    expect(found.assertions).toMatchObject({ state: 'fail', because: expect.stringContaining(`${sample.file}:`) });
    const back = judged(changed(sample, change), { [sample.file]: sample.source });
    expect(back.assertions?.state).toBe('pass');
  });
});

describe('a test that is gone', () => {
  test.each(rows('removes'))('$stack: $to', ({ sample, change }) => {
    const found = judged({ [sample.file]: sample.source }, changed(sample, change));
    expect(found.cases).toMatchObject({ state: 'fail', because: expect.stringContaining('1 case gone') });
    const back = judged(changed(sample, change), { [sample.file]: sample.source });
    expect(back.cases?.state ?? 'nothing judged').not.toBe('fail');
  });
});

describe('an honest change', () => {
  test.each(rows('honest'))('$stack: $to', ({ sample, change }) => {
    const found = judged({ [sample.file]: sample.source }, changed(sample, change));
    const failing = Object.values(found).filter(({ state }) => state !== 'pass');
    expect(failing).toEqual([]);
    expect(found.assertions?.state).toBe('pass');
  });

  test.each(samples)('$stack: its tests are moved to another file', ({ file, source }) => {
    const folder = file.replace(/^([^/]*)\//, '$1/moved/');
    const found = judged({ [file]: source }, { [folder]: source });
    expect(Object.values(found).map(({ name, state }) => `${name} ${state}`)).toEqual(
      expect.arrayContaining(['guard-cases pass', 'guard-skips pass', 'guard-assertions pass']),
    );
  });
});
