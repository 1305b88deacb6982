// node's assert.
(function (kernel, host) {
  'use strict';
  const { equal } = host.part('util');
  class AssertionError extends Error {
    constructor({ message, actual, expected, operator }) {
      super(message ?? `${kernel.inspect(actual)} ${operator} ${kernel.inspect(expected)}`);
      this.name = 'AssertionError';
      Object.assign(this, { generatedMessage: message === undefined, code: 'ERR_ASSERTION', actual, expected, operator });
    }
  }
  function check(holds, message, actual, expected, operator, text) {
    if (holds) return;
    if (message instanceof Error) throw message;
    throw new AssertionError({ message: message ?? text, actual, expected, operator });
  }
  const both = (words, a, b) => `${words}\n\n${kernel.inspect(a)}\n\n${kernel.inspect(b)}\n`;
  const ok = (value, message) => check(value, message, value, true, '==', 'The expression evaluated to a falsy value');
  const assert = (value, message) => ok(value, message);

  function matches(error, expected, message) {
    if (expected === undefined) return;
    if (expected instanceof RegExp) {
      check(expected.test(String(error)), message, error, expected, 'throws', `The input did not match the regular expression ${expected}. Input:\n\n${kernel.inspect(String(error))}\n`);
    } else if (typeof expected === 'function') {
      if (expected.prototype !== undefined && error instanceof expected) return;
      if (Error.isPrototypeOf(expected) || expected === Error) throw error;
      check(expected.call({}, error) === true, message, error, expected, 'throws', 'The validation function is expected to return "true"');
    } else {
      for (const key of Object.keys(expected)) {
        const wanted = expected[key];
        const holds = wanted instanceof RegExp && typeof error[key] === 'string' ? wanted.test(error[key]) : equal(error[key], wanted, true);
        check(holds, message, error, expected, 'throws', both('Expected values to be strictly deep-equal:', error[key], wanted));
      }
    }
  }
  Object.assign(assert, {
    ok, AssertionError,
    equal: (a, b, message) => check(a == b || (Number.isNaN(a) && Number.isNaN(b)), message, a, b, '=='),
    notEqual: (a, b, message) => check(a != b, message, a, b, '!='),
    strictEqual: (a, b, message) => check(Object.is(a, b), message, a, b, 'strictEqual', `Expected values to be strictly equal:\n\n${kernel.inspect(a)} !== ${kernel.inspect(b)}\n`),
    notStrictEqual: (a, b, message) => check(!Object.is(a, b), message, a, b, 'notStrictEqual', `Expected "actual" to be strictly unequal to: ${kernel.inspect(b)}`),
    deepEqual: (a, b, message) => check(equal(a, b, false), message, a, b, 'deepEqual', both('Expected values to be loosely deep-equal:', a, b)),
    deepStrictEqual: (a, b, message) => check(equal(a, b, true), message, a, b, 'deepStrictEqual', both('Expected values to be strictly deep-equal:', a, b)),
    notDeepEqual: (a, b, message) => check(!equal(a, b, false), message, a, b, 'notDeepEqual'),
    notDeepStrictEqual: (a, b, message) => check(!equal(a, b, true), message, a, b, 'notDeepStrictEqual', both('Expected "actual" not to be strictly deep-equal to:', b, a)),
    match: (text, regex, message) => check(regex.test(text), message, text, regex, 'match', `The input did not match the regular expression ${regex}. Input:\n\n${kernel.inspect(text)}\n`),
    doesNotMatch: (text, regex, message) => check(!regex.test(text), message, text, regex, 'doesNotMatch'),
    fail: (message = 'Failed') => check(false, message, undefined, undefined, 'fail'),
    ifError: (value) => { if (value !== null && value !== undefined) throw value; },
    throws(f, expected, message) {
      let thrown;
      try {
        f();
      } catch (error) {
        thrown = { error };
      }
      if (typeof expected === 'string') [expected, message] = [undefined, expected];
      check(thrown, message, undefined, expected, 'throws', 'Missing expected exception.');
      matches(thrown.error, expected, message);
    },
    doesNotThrow(f, message) {
      try {
        f();
      } catch (error) {
        check(false, typeof message === 'string' ? message : undefined, error, undefined, 'doesNotThrow', `Got unwanted exception.\nActual message: "${error?.message}"`);
      }
    },
    async rejects(promise, expected, message) {
      let thrown;
      try {
        await (typeof promise === 'function' ? promise() : promise);
      } catch (error) {
        thrown = { error };
      }
      check(thrown, message, undefined, expected, 'rejects', 'Missing expected rejection.');
      matches(thrown.error, expected, message);
    },
    async doesNotReject(promise) { await (typeof promise === 'function' ? promise() : promise); },
  });
  const strict = Object.assign((value, message) => ok(value, message), assert, { equal: assert.strictEqual, notEqual: assert.notStrictEqual, deepEqual: assert.deepStrictEqual, notDeepEqual: assert.notDeepStrictEqual });
  assert.strict = strict;
  strict.strict = strict;
  assert.default = assert;
  return { assert };
});
