import { describe, expect, it } from 'vitest';
import type { ApiResource } from '../../../../lib/kubernetes/client.ts';
import type { JsonObject } from '../../../../lib/manifests/json.ts';
import { type Environment, epochOf, policiesOf, webhooksOf } from '../../../../lib/reconcile/surface/environment.ts';

const resource = (group: string, plural: string): ApiResource => ({ group, version: 'v1', kind: 'X', plural, namespaced: true, verbs: [] });
const deployments = resource('apps', 'deployments');
const configMaps = resource('', 'configmaps');
const widgets = resource('example.com', 'widgets');
const QUIET: Environment = { serverVersion: 'v1.36.3', definitions: new Map(), admission: [], unread: [] };

function configuration(webhook: JsonObject, metadata: JsonObject = {}) {
  const webhooks = [{ name: 'w.example.com', clientConfig: { url: 'https://w', caBundle: 'AAAA' }, ...webhook }];
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { ...metadata, name: 'w' },
    webhooks,
  };
}
const rules = (apiGroups: readonly string[], resources: readonly string[]) => [
  { apiGroups, apiVersions: ['v1'], resources, operations: ['*'] },
];
const withWebhook = (webhook: JsonObject, metadata?: JsonObject): Environment => ({
  ...QUIET,
  admission: webhooksOf(configuration(webhook, metadata)),
});
const onDeployments = { rules: rules(['apps'], ['deployments']) };

/** Which kinds a change of the environment touches. */
function touched(before: Environment, after: Environment): readonly string[] {
  return [deployments, configMaps, widgets].filter((each) => epochOf(before, each) !== epochOf(after, each)).map(({ plural }) => plural);
}

describe('a change of the environment touches', () => {
  it.each<[string, Environment, Environment, readonly string[]]>([
    ['no kind when there is none', QUIET, { ...QUIET }, []],
    [
      'every kind when the server has another version',
      QUIET,
      { ...QUIET, serverVersion: 'v1.37.0' },
      ['deployments', 'configmaps', 'widgets'],
    ],
    ['a kind whose definition moved', QUIET, { ...QUIET, definitions: new Map([['widgets.example.com', 'u 2']]) }, ['widgets']],
    ['the kinds that a new webhook sees', QUIET, withWebhook(onDeployments), ['deployments']],
    ['the kinds that a webhook saw that went', withWebhook(onDeployments), QUIET, ['deployments']],
    [
      'the kinds of a webhook with other selectors',
      withWebhook(onDeployments),
      withWebhook({ ...onDeployments, objectSelector: { matchLabels: { a: 'b' } } }),
      ['deployments'],
    ],
    ['what a webhook sees in a whole group', QUIET, withWebhook({ rules: rules(['apps'], ['*']) }), ['deployments']],
    ['what a webhook sees in every group', QUIET, withWebhook({ rules: rules(['*'], ['*/*']) }), ['deployments', 'configmaps', 'widgets']],
    ['the core group by its empty name', QUIET, withWebhook({ rules: rules([''], ['configmaps', 'pods']) }), ['configmaps']],
    ['no kind by a sub-resource', QUIET, withWebhook({ rules: rules(['apps'], ['deployments/scale']) }), []],
    [
      'no kind when a certificate is renewed',
      withWebhook(onDeployments),
      withWebhook({ ...onDeployments, clientConfig: { url: 'https://w', caBundle: 'BBBB' } }),
      [],
    ],
    [
      'no kind when a configuration is only labelled',
      withWebhook(onDeployments),
      withWebhook(onDeployments, { labels: { a: 'b' }, generation: 7 }),
      [],
    ],
    [
      'the kinds of a webhook elsewhere',
      withWebhook(onDeployments),
      withWebhook({ ...onDeployments, clientConfig: { url: 'https://other' } }),
      ['deployments'],
    ],
    [
      'every kind when a list can be read no more',
      QUIET,
      { ...QUIET, unread: ['CustomResourceDefinition Forbidden'] },
      ['deployments', 'configmaps', 'widgets'],
    ],
  ])('%s', (_what, before, after, kinds) => {
    expect(touched(before, after)).toEqual(kinds);
  });

  const policy = (spec: JsonObject) => ({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'p', resourceVersion: '9' },
    spec: { matchConstraints: { resourceRules: rules(['apps'], ['deployments']) }, ...spec },
    status: { observedGeneration: 1 },
  });
  const binding = (policyName: string, spec: JsonObject = {}) => ({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name: 'b' },
    spec: { policyName, ...spec },
  });
  const withPolicy = (...parts: Parameters<typeof policiesOf>): Environment => ({ ...QUIET, admission: policiesOf(...parts) });
  const before = withPolicy([policy({})], [binding('p')]);

  it.each<[string, Environment, readonly string[]]>([
    [
      'the kinds of a policy with other rules',
      withPolicy([policy({ validations: [{ expression: 'false' }] })], [binding('p')]),
      ['deployments'],
    ],
    [
      'the kinds of a policy whose binding changed',
      withPolicy([policy({})], [binding('p', { validationActions: ['Audit'] })]),
      ['deployments'],
    ],
    ['the kinds of a policy whose binding went', withPolicy([policy({})], []), ['deployments']],
    ['no kind by a binding of another policy', withPolicy([policy({})], [binding('p'), binding('other')]), []],
    ['no kind by the status of a policy', withPolicy([{ ...policy({}), status: { observedGeneration: 2 } }], [binding('p')]), []],
  ])('%s', (_what, after, kinds) => {
    expect(touched(before, after)).toEqual(kinds);
  });

  it('whatever order the server lists webhooks in', () => {
    const [one] = webhooksOf(configuration(onDeployments));
    const [two] = webhooksOf(configuration({ ...onDeployments, name: 'v.example.com' }));
    if (one === undefined || two === undefined) throw new Error('each has a webhook');
    expect(touched({ ...QUIET, admission: [one, two] }, { ...QUIET, admission: [two, one] })).toEqual([]);
  });

  it('nothing by what is no webhook at all', () => {
    expect(webhooksOf({ ...configuration({}), webhooks: 'none' })).toEqual([]);
    expect(touched(QUIET, withWebhook({ rules: [{ apiGroups: 'apps' }, null] }))).toEqual([]);
  });
});
