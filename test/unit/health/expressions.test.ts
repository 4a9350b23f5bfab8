import { describe, expect, it } from 'vitest';
import { parseExpression } from '../../../lib/health/expression.ts';
import { assessHealth, healthPolicy } from '../../../lib/health/index.ts';
import { object } from './from-yaml.ts';

const THING = 'apiVersion: example.org/v1\nkind: Thing\n';

const { rules } = healthPolicy({
  expressions: [
    {
      apiVersion: 'example.org/v1beta1',
      kind: 'Thing',
      inProgress: "has(status.phase) && status.phase == 'Building'",
      failed: "status.phase == 'Broken' || status.conditions.exists(c, c.type == 'Lost' && c.status == 'True')",
      current: 'status.ready >= spec.size && metadata.generation == status.generation',
    },
    { apiVersion: 'apps/v1', kind: 'Deployment', current: "metadata.annotations['done'] == 'yes'" },
    { apiVersion: 'example.org/v1', kind: 'Optional', current: "status.?conditions.orValue([]).exists(c, c.type == 'Ready')" },
  ],
});

describe('expressions of a kind', () => {
  it.each([
    ['in-progress InProgress', 'status: {phase: Building}'],
    ['failed Failed', 'status: {phase: Broken}'],
    ['failed Failed', 'status: {phase: Fine, conditions: [{type: Lost, status: "True"}]}'],
    ['current Current', 'metadata: {generation: 3}\nspec: {size: 2}\nstatus: {phase: Fine, ready: 2, generation: 3, conditions: []}'],
    [
      'in-progress NotCurrent',
      'metadata: {generation: 3}\nspec: {size: 2}\nstatus: {phase: Fine, ready: 1, generation: 3, conditions: []}',
    ],
    ['in-progress NoStatus', 'spec: {size: 2}'],
    ['unknown ExpressionFailed', 'spec: {size: 2}\nstatus: {phase: Fine}'],
    ['unknown ExpressionFailed', 'spec: {size: two}\nstatus: {phase: Fine, ready: 1, conditions: []}'],
    ['in-progress LatestGenerationNotObserved', 'metadata: {generation: 3}\nstatus: {phase: Broken, observedGeneration: 2}'],
    ['terminating Terminating', 'metadata: {deletionTimestamp: "2026-01-01T00:00:00Z"}\nstatus: {phase: Broken}'],
  ])('say %s, whatever version the object has', (expected, yaml) => {
    const { status, reason } = assessHealth(object(THING + yaml), rules);
    expect(`${status} ${reason}`).toBe(expected);
  });

  it('say what cannot be evaluated, and where', () => {
    expect(assessHealth(object(`${THING}status: {phase: Fine}`), rules).message).toBe(
      `the expression ${JSON.stringify("status.phase == 'Broken' || status.conditions.exists(c, c.type == 'Lost' && c.status == 'True')")} cannot be evaluated on it: No such key: conditions, at character 36`,
    );
  });

  it('go before the rules that are built in', () => {
    const deployment = object('apiVersion: apps/v1\nkind: Deployment\nmetadata: {annotations: {done: "yes"}}');
    expect(assessHealth(deployment, rules).status).toBe('current');
  });

  it('can read a field that may not be there', () => {
    expect(assessHealth(object('apiVersion: example.org/v1\nkind: Optional'), rules).status).toBe('in-progress');
  });
});

describe('an expression', () => {
  it.each([
    ['status.a ==', 'Unexpected token: EOF, at character 12'],
    ['', 'Unexpected token: EOF, at character 1'],
    ['status.x.exists(c c.type)', 'Expected RPAREN, got IDENTIFIER, at character 19'],
    ['status.phase.matches("(a+)+$")', 'matches() is not available in health expressions, at character 1'],
    ['cel.bind(a, status.x + status.x, a == a)', 'bind() is not available in health expressions, at character 1'],
    ['"a" + 1 == "a1"', 'no such overload: string + int'],
    ['size(status.x)', 'it is a int, not true or false'],
    [`"${'x'.repeat(2000)}" == "x"`, 'it has more than 2000 characters'],
    [`${'('.repeat(60)}true${')'.repeat(60)}`, 'Exceeded maxDepth'],
  ])('%.40s is refused in words', (text, problem) => {
    expect(parseExpression(text)).toEqual({ problem: expect.stringContaining(problem) });
  });

  it.each([
    ['no program', 'status.constructor.constructor("return 1")() == 1'],
    ['no prototype', 'status.constructor == null'],
  ])('reaches %s', (_what, text) => {
    const parsed = parseExpression(text);
    const outcome = 'problem' in parsed ? parsed : parsed.evaluate(object(`${THING}status: {a: 1}`));
    expect(outcome).toEqual({ problem: expect.any(String) });
  });

  it.each([
    'data[data.password] == "x"',
    'duration(data.password) > duration("1s")',
    'metadata[metadata.annotations["kubectl.kubernetes.io/last-applied-configuration"]] == "x"',
  ])('cannot be made to quote the value of a Secret: %s', (text) => {
    const parsed = parseExpression(text);
    const secret = object(
      'apiVersion: v1\nkind: Secret\nmetadata: {annotations: {kubectl.kubernetes.io/last-applied-configuration: hunter2}}\ndata: {password: hunter2}',
    );
    const outcome = 'problem' in parsed ? parsed : parsed.evaluate(secret);
    expect(outcome).toEqual({ problem: expect.not.stringContaining('hunter2') });
  });

  it('keeps integers that double precision would round', () => {
    const parsed = parseExpression('status.id == 9007199254740993');
    const thing = { ...object(THING), status: { id: 9007199254740993n } };
    expect('problem' in parsed ? parsed : parsed.evaluate(thing)).toEqual({ holds: true });
  });

  it.each([
    ['loops in loops', 'status.items.all(a, status.items.all(b, status.items.all(c, a == b && b == c)))'],
    ['loops over sums', '(status.items + status.items).all(a, (status.items + status.items).all(b, a == b))'],
    ['loops over lists that it made', 'status.items.map(a, status.items).all(l, l.all(x, l.all(y, x == y)))'],
    ['comparisons in loops', 'status.items.all(a, status == status && a == a)'],
    ['searches in loops', 'status.items.all(a, status.items.all(b, status.text.contains(b)))'],
  ])('is not evaluated where %s would take too long', (_what, text) => {
    const items = Array.from({ length: 2000 }, (_, index) => `item-${index}`);
    const parsed = parseExpression(text);
    const thing = { ...object(THING), status: { items, text: 'x'.repeat(10_000) } };
    expect('problem' in parsed ? parsed : parsed.evaluate(thing)).toEqual({ problem: expect.stringMatching(/^it may take \d+ steps/) });
  });

  it.each([
    "status.conditions.filter(c, c.type == 'T49').all(c, c.status == 'True')",
    "status.conditions.exists(c, c.message.contains('mmm') && c.observedGeneration == metadata.generation)",
    "status.conditions.all(c, c.type in spec.known || c.type.startsWith('T'))",
    'status.conditions.all(c, status.conditions.exists_one(d, d.type == c.type))',
    'spec.known.map(k, k.lowerAscii()).size() == 300',
    "'T1' in spec.labels && spec.labels.all(k, spec.labels[k] != 'x')",
  ])('is evaluated on a large object of the common kind: %s', (text) => {
    const conditions = Array.from({ length: 50 }, (_, index) => ({
      type: `T${index}`,
      status: 'True',
      observedGeneration: 4,
      message: 'm'.repeat(500),
    }));
    const known = Array.from({ length: 300 }, (_, index) => `known-${index}`);
    const labels = { T1: 'a', T2: 'b' };
    const base = object(`${THING}metadata: {generation: 4}`);
    const large = { ...base, spec: { known, labels, template: 'x'.repeat(200_000) }, status: { conditions } };
    const parsed = parseExpression(text);
    expect('problem' in parsed ? parsed : parsed.evaluate(large)).toEqual({ holds: true });
  });
});
